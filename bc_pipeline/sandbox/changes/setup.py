"""Changes of a company's set-up that accounting records depend on: dimensions, their values, G/L
accounts (rules.md 8, 9, 6.12). They are applied by name; random business does not make them."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.documents import Refused, resolve
from bc_pipeline.sandbox.company.company import Company, Row

BLOCKED = "#blocked"  # of dimensions and values: the API does not show it


def new_dimension(company: Company, *, code: str, name: str = "") -> Row:
    """A new dimension without values."""
    if company.find("dimensions", code=code):
        raise Refused(f"dimension {code} exists")
    return company.insert("dimensions", {"code": code, "displayName": name or code.capitalize()})


def new_dimension_value(company: Company, *, dimension: str, code: str, name: str = "") -> Row:
    """A new value of a dimension."""
    owner = resolve(company, "dimensions", dimension)
    if company.find("dimensionValues", dimensionId=owner["id"], code=code):
        raise Refused(f"dimension {dimension} has a value {code}")
    values = {"code": code, "dimensionId": owner["id"], "displayName": name or code.capitalize()}
    return company.insert("dimensionValues", values)


def delete_dimension(company: Company, *, code: str) -> Row:
    """Deletes a dimension with its values. Raises Refused while something uses it."""
    dimension = resolve(company, "dimensions", code)
    used = company.find("dimensionSetLines", id=dimension["id"])
    if used or company.find("defaultDimensions", dimensionId=dimension["id"]):
        raise Refused(f"dimension {code} is used")
    return company.delete("dimensions", dimension["id"])


def block_dimension(company: Company, *, code: str) -> Row:
    """Blocks a dimension: nothing new may use it."""
    return _set_blocked(company, "dimensions", resolve(company, "dimensions", code), blocked=True)


def unblock_dimension(company: Company, *, code: str) -> Row:
    """Takes the block off a dimension."""
    return _set_blocked(company, "dimensions", resolve(company, "dimensions", code), blocked=False)


def block_dimension_value(company: Company, *, dimension: str, code: str) -> Row:
    """Blocks a value of a dimension."""
    row = _value(company, dimension, code)
    return _set_blocked(company, "dimensionValues", row, blocked=True)


def unblock_dimension_value(company: Company, *, dimension: str, code: str) -> Row:
    """Takes the block off a value of a dimension."""
    row = _value(company, dimension, code)
    return _set_blocked(company, "dimensionValues", row, blocked=False)


def block_account(company: Company, *, account: str) -> Row:
    """Blocks a G/L account for posting."""
    return company.modify("accounts", resolve(company, "accounts", account)["id"], blocked=True)


def unblock_account(company: Company, *, account: str) -> Row:
    """Takes the block off a G/L account."""
    return company.modify("accounts", resolve(company, "accounts", account)["id"], blocked=False)


def _value(company: Company, dimension: str, code: str) -> Row:
    owner = resolve(company, "dimensions", dimension)
    found = company.find("dimensionValues", dimensionId=owner["id"], code=code)
    if not found:
        raise Refused(f"dimension {dimension} has no value {code}")
    return found[0]


def _set_blocked(company: Company, entity_set: str, row: Row, *, blocked: bool) -> Row:
    facts: Row = {BLOCKED: blocked}
    return company.modify(entity_set, row["id"], **facts)
