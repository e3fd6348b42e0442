"""What becomes of the keys of HotGlue's ``config.json``, of the tables of the import."""

from __future__ import annotations

from bc_pipeline.connecting.hotglue import CARRIED, LEFT
from bc_pipeline_tests.reference.markdown import code, prose, table
from bc_pipeline_tests.reference.markdown import page as whole


def page() -> str:
    """The page."""
    carried = [(code(key), code(".".join(way))) for key, way in CARRIED.items()]
    left = [(code(key), prose(why)) for key, why in LEFT.items()]
    return whole(
        "Keys of HotGlue",
        "What `bc-pipeline tenants import` makes of a flat `config.json`. Any other key is named "
        "as not known. How to move a tenant: [Moving from HotGlue](../migration.md).",
        "## Carried over\n\n" + table(("key of HotGlue", "becomes"), carried),
        "Besides: the company of `company_ids` or `export_company_id` becomes "
        "`business_central.company`; `full_url` gives address and environment; the dimension "
        "mappings of `snapshot_dir` come along.",
        "## Left behind\n\n" + table(("key of HotGlue", "why"), left),
    )
