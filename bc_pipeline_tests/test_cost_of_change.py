"""What a change costs: one entry of the catalogue and one module, and everything else follows. Each
is made in a copy of the package and tried there."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES = 60


@dataclass
class Copy:
    """A copy of the package, and what was changed in it.

    Args:
        root: the folder that holds it.
        home: of an installation whose snapshots the package as it is has made.
        port: of the sandbox it is connected to, always the same one.
    """

    root: Path
    home: Path
    port: int
    lines: int = 0

    def insert(self, file: str, anchor: str, text: str) -> None:
        """Put text in front of the only place where ``anchor`` stands."""
        path = self.root / file
        before = path.read_text("utf-8")
        assert before.count(anchor) == 1, (file, anchor)
        text = dedent(text).lstrip("\n") if not text.startswith(" ") else text
        path.write_text(before.replace(anchor, text + anchor), "utf-8")
        self.lines += len(text.strip().splitlines())

    def into_table(self, file: str, name: str, text: str) -> None:
        """Put an entry at the end of a table that is assigned to ``name``."""
        path = self.root / file
        before = path.read_text("utf-8")
        table = re.search(rf"^{name}\b[^\n]*[(\[{{]\n(?s:.*?)^(?=[)\]}}])", before, re.MULTILINE)
        assert table, (file, name)
        path.write_text(before[: table.end()] + text + before[table.end() :], "utf-8")
        self.lines += len(text.strip().splitlines())

    def module(self, file: str, text: str) -> None:
        """A new file."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), "utf-8")
        self.lines += len(text.strip().splitlines())

    def run(self, script: str) -> str:
        """What a script prints that imports the copy; it finds ``home`` in the environment."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.root),
            "HOME_OF_RUN": str(self.home),
            "PORT": str(self.port),
        }
        ran = subprocess.run(
            [sys.executable, "-c", dedent(script)],
            env=environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr[-3000:]
        return ran.stdout.strip().splitlines()[-1]


SYNC = """
import os
from pathlib import Path
from bc_pipeline.report import Launch
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
home = Path(os.environ["HOME_OF_RUN"])
with Sandbox(wholesale_items=20, port=int(os.environ["PORT"])) as sandbox:
    sandbox.write_tenants(home, exports=True)
    tenant = registry.load(home).get("wholesale")
    {before}
    summary = run_tenant(tenant, Launch(entities={entities}))
    assert summary.status == "success", summary
    with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        print({told})
"""


def synced(entities: str, told: str, before: str = "pass") -> str:
    return SYNC.format(entities=entities, told=told, before=before)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """The package as it is; an installation was made by it before it is changed."""
    ignored = shutil.ignore_patterns("__pycache__", "companies_cache")
    shutil.copytree(ROOT / "bc_pipeline", tmp_path / "bc_pipeline", ignore=ignored)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = Copy(tmp_path, tmp_path / "home", port)
    made.run(synced('("bc/locations",)', "1"))
    return made


def test_an_entity_that_is_read_costs_what_contributing_says(copy: Copy):
    # given the two entries of the guide
    blocks = re.findall(
        r"```python\n# (\S+), in (\w+)\n(.*?)```",
        (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
        re.DOTALL,
    )
    assert len(blocks) == 2

    # when they are put where it says
    for file, table, text in blocks:
        copy.into_table(file, table, text)

    # then an existing snapshot gets the table and the rows, and Dagster the asset
    assert copy.lines < MOST_LINES
    count = "cursor.execute('SELECT count(*) FROM bc.customers').fetchone()[0]"
    assert int(copy.run(synced('("bc/customers",)', count))) > 0
    asset = """
        from bc_pipeline.definitions import defs
        from dagster import AssetKey
        node = defs.resolve_asset_graph().get(AssetKey(["bc", "customers"]))
        print(bool(node.description and node.check_keys and node.partitions_def))
    """
    assert copy.run(asset) == "True"


def test_an_attribute_of_products_costs_its_entry_and_its_expression(copy: Copy):
    copy.insert(
        "bc_pipeline/catalogue/resources.py",
        '        Attribute("createdAtRemote", "instant"),\n',
        '        Attribute("ignored", "flag"),\n',
    )
    copy.insert(
        "bc_pipeline/mapping/products.py",
        "            NULL AS minimumStock, NULL AS maximumStock,\n",
        "            NOT r.stocked AS ignored,\n",
    )

    told = "{row['ignored'] for row in sandbox.optiply.shops['wholesale'].rows('products')}"
    assert copy.run(synced('("products",)', told)) in ("{False}", "{False, True}")
    assert copy.lines == 2


def test_a_resource_costs_its_entry_and_its_mapping(copy: Copy):
    copy.insert(
        "bc_pipeline/catalogue/resources.py",
        "RESOURCES: dict[str, Resource] = {",
        """
        DEPOTS = Resource(
            name="depots",
            path="suppliers",
            description="Locations as suppliers, for transfers.",
            hard=("bc/locations",),
            attributes=(Attribute("name", "text", required=True),),
            natural_keys=(NaturalKey(("name",)),),
            lookup=("name",),
            has_remote_id_map=True,
            gone=(("ignored", True),),
        )

        """,
    )
    copy.insert(
        "bc_pipeline/catalogue/resources.py", "        RECEIPT_LINES,\n", "        DEPOTS,\n"
    )
    copy.module(
        "bc_pipeline/mapping/depots.py",
        '''
        """Locations of Business Central as suppliers of Optiply."""

        from bc_pipeline.mapping.definition import MappingInput, Plan
        from bc_pipeline.tenants.settings import SyncOptions


        def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
            """SQL of ``optiply.depots``."""
            return Plan(steps={}, wanted="""
                SELECT guid(id) AS remote_id, code AS reference, 'write' AS decision,
                    NULL AS reason, NULL AS source_modified_at, NULL AS extra,
                    'Depot ' || code AS name
                FROM bc.locations""")
        ''',
    )
    copy.insert(
        "bc_pipeline/mapping/wanted.py",
        "from bc_pipeline.mapping.definition import",
        "from bc_pipeline.mapping import depots\n",
    )
    copy.insert(
        "bc_pipeline/mapping/wanted.py",
        '    "receipt_lines": receipt_lines.plan,\n',
        '    "depots": depots.plan,\n',
    )

    told = (
        "sum(row['name'].startswith('Depot ') "
        "for row in sandbox.optiply.shops['wholesale'].rows('suppliers'))"
    )
    assert int(copy.run(synced('("depots",)', told))) > 1
    assert copy.lines < MOST_LINES


def test_a_check_costs_its_entry_and_its_function(copy: Copy):
    copy.module(
        "bc_pipeline/orchestration/checks/prices.py",
        '''
        """Prices of products."""

        from bc_pipeline.orchestration.checks.check import CheckInput, Finding


        def priced(given: CheckInput) -> Finding:
            """No product costs nothing."""
            return Finding(True, "every product has a price")
        ''',
    )
    copy.into_table(
        "bc_pipeline/orchestration/checks/table.py",
        "CHECKS",
        '    Check("priced", "No product costs nothing.", "warn",\n'
        '          lambda name: name == "optiply/products", prices.priced),\n',
    )
    copy.insert(
        "bc_pipeline/orchestration/checks/table.py",
        "from bc_pipeline.orchestration.checks.check import",
        "from bc_pipeline.orchestration.checks import prices\n",
    )

    asset = """
        from bc_pipeline.definitions import defs
        from dagster import AssetKey
        node = defs.resolve_asset_graph().get(AssetKey(["optiply", "products"]))
        print("priced" in {key.name for key in node.check_keys})
    """
    assert copy.run(asset) == "True"


def test_an_entity_that_is_written_costs_its_entry_and_its_writer(copy: Copy):
    copy.into_table(
        "bc_pipeline/catalogue/exports.py",
        "_DECLARED",
        '    Export("new_items", "Items from files.", "accounting", stream="Items"),\n',
    )
    copy.module(
        "bc_pipeline/to_business_central/new_items.py",
        '''
        """Unified items as items of Business Central."""

        from bc_pipeline.errors import RecordError
        from bc_pipeline.to_business_central.export_types import Intent, Outcome
        from bc_pipeline.to_business_central.writer import Stream
        from bc_pipeline.to_business_central.unified import UnifiedRecord
        from bc_pipeline.to_business_central.writer import Writer


        class NewItem(UnifiedRecord):
            """One item."""

            name: str | None = None


        def _validate(context, pending):
            if not pending.record.name:
                raise RecordError("InvalidInputError", "a new item needs name")


        def _write(context, pendings):
            for pending in pendings:
                context.ledger.intend([Intent(pending, "create")])
                made = context.bc.post(context.url("items"), {"displayName": pending.record.name})
                context.ledger.settle([(pending, Outcome("created", made["id"], made["number"]))])


        WRITER = Writer(
            lambda pendings: frozenset(), _validate, _write, stream=Stream("new_items", NewItem, ())
        )
        ''',
    )
    copy.insert(
        "bc_pipeline/to_business_central/writers.py",
        "from bc_pipeline.to_business_central.writer import",
        "from bc_pipeline.to_business_central import new_items\n",
    )
    copy.into_table(
        "bc_pipeline/to_business_central/writers.py",
        "WRITERS",
        '    "new_items": new_items.WRITER,\n',
    )

    drop = (
        "(home / 'snapshots/wholesale/outbound').mkdir(parents=True, exist_ok=True); "
        "(home / 'snapshots/wholesale/outbound/Items.jsonl').write_text("
        '\'{"externalId": "1", "name": "Lamp"}\')'
    )
    told = "cursor.execute(\"SELECT state || ' ' || action FROM outbound.ledger\").fetchone()[0]"
    assert copy.run(synced('("outbound/new_items",)', told, drop)) == "done created"
    assert copy.lines < MOST_LINES
