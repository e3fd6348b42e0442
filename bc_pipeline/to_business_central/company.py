"""Which company a record goes to (target_behaviour.md 3)."""

from __future__ import annotations

from collections.abc import Iterable

from bc_pipeline.business_central.client import Company
from bc_pipeline.errors import RecordError
from bc_pipeline.tenants.companies import company_key
from bc_pipeline.to_business_central.unified import UnifiedRecord

NOT_FOUND = "CompanyNotFound"


def company_of(
    record: UnifiedRecord, home: Company, companies: Iterable[Company]
) -> tuple[Company, RecordError | None]:
    """The company by ``subsidiaryId``, else by ``subsidiaryName`` (name or display name), upper
    and lower case alike; ``home`` when the record names none.

    Returns:
        the company; or one that is named as the record says and the reason why there is none.
    """
    id, name = record.subsidiary_id, record.subsidiary_name
    if id is None and name is None:
        return home, None
    known = list(companies)
    by_id = [c for c in known if id is not None and company_key(c.id) == company_key(id)]
    by_name = [
        c
        for c in known
        if name is not None
        and company_key(name) in (company_key(c.name), company_key(c.display_name))
    ]
    found = by_id or by_name
    if len(found) == 1:
        return found[0], None
    given = " / ".join(text for text in (id, name) if text is not None)
    trouble = "means several companies" if found else "is none of the companies"
    listed = ", ".join(sorted(repr(c.name) for c in known))
    nowhere = Company("", given, given)
    return nowhere, RecordError(NOT_FOUND, f"{given!r} {trouble} of this environment ({listed})")
