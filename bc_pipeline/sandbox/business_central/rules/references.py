"""Other records a document refers to: by id, by number or code, or by both (rules.md 0.3-0.5)."""

from __future__ import annotations

from dataclasses import dataclass

from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import dialog, no_relation


@dataclass(frozen=True)
class Pair:
    """Two properties that name one record.

    Attributes:
        by_id, by_code: the properties of the document.
        entity_set, code: the record's table and what the second property shows of it.
        unknown, mismatch: texts of the errors.
    """

    by_id: str
    by_code: str
    entity_set: str
    code: str
    unknown: str
    mismatch: str


def party_pair(prefix: str, what: str, said: str) -> Pair:
    """How a document names a vendor or customer.

    Args:
        prefix: what the two properties begin with.
        what: ``Vendor`` or ``Customer``.
        said: what errors call it.
    """
    return Pair(
        f"{prefix}Id",
        f"{prefix}Number",
        f"{what.lower()}s",
        "number",
        unknown=f"The {said} cannot be found.",
        mismatch=f"The {said} values do not match to a specific {what}.",
    )


def record_of(ctx: WriteContext, pair: Pair, given: Row, name: str) -> Row:
    """The record that ``given[name]`` names.

    The check that both name the same sits on the number side, after the id was seen (0.3).

    Raises:
        BcError: there is no such record; it is not the one given by id.
    """
    value = given[name]
    if name == pair.by_id:
        row = ctx.get(pair.entity_set, value)
        if row is None:
            raise dialog(pair.unknown)
        return row
    found = ctx.find(pair.entity_set, **{pair.code: value})
    if not found:
        raise dialog(pair.unknown)
    names = list(given)
    seen = pair.by_id in given and names.index(pair.by_id) < names.index(name)
    if seen and given[pair.by_id] not in (ZERO_GUID, found[0]["id"]):
        raise dialog(pair.mismatch)
    return found[0]


def parent_of(
    ctx: WriteContext, parent: Row | None, entity_set: str, id: str, words: tuple[str, str, str]
) -> Row:
    """The document or journal that a new line is for, from the URL or the body.

    Args:
        parent: the one of the URL, if that names one.
        id: the one of the body; the zero id where there is none.
        words: what is said when they differ, when neither is there, and when there is no such one.

    Raises:
        BcError: as ``words`` say.
    """
    differ, missing, unknown = words
    if parent is not None:
        if id not in (ZERO_GUID, parent["id"]):
            raise dialog(differ)
        return parent
    if id == ZERO_GUID:
        raise dialog(missing)
    found = ctx.get(entity_set, id)
    if found is None:
        raise dialog(unknown)
    return found


def check_id(ctx: WriteContext, entity_set: str, id: str, what: str) -> None:
    """Refuses an id no record has; the zero id clears the field (0.4)."""
    if id != ZERO_GUID and ctx.get(entity_set, id) is None:
        raise dialog(f'The "{what}" ID does not match a {what}.')


def currency_values(ctx: WriteContext, name: str, value: str) -> Row:
    """``currencyId`` and ``currencyCode`` after one of them was sent: the local currency is
    stored blank and shown by its code (0.4, 0.5). Raises BcError for an unknown currency."""
    if value in (ZERO_GUID, "", ctx.company.currency_code):
        return {"currencyId": ZERO_GUID, "currencyCode": ctx.company.currency_code}
    found = ctx.get("currencies", value)
    if name == "currencyCode":
        found = next(iter(ctx.find("currencies", code=value)), None)
    if found is None:
        raise dialog("The currency does not match a Currency.")
    if found["code"] == ctx.company.currency_code:
        return {"currencyId": ZERO_GUID, "currencyCode": found["code"]}
    return {"currencyId": found["id"], "currencyCode": found["code"]}


def check_code(ctx: WriteContext, entity_set: str, code: str, table: str, field: str) -> None:
    """Refuses a code that is not in the related table; blank is allowed."""
    if code and not ctx.find(entity_set, code=code):
        raise no_relation(table, field, code)
