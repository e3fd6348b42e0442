"""What ``bc-pipeline check`` asks Optiply: whose account is it, do the rows carry our coupling, can
everything be read?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.errors import RequestFailed
from bc_pipeline.optiply.client import NOT_FOUND, Optiply
from bc_pipeline.orchestration.checks.check import Finding

FORBIDDEN = 403
NO_SUCH_ROW = 0
"""An id no row has: what is sent to it changes nothing."""


def signed_in(company: str, optiply: Optiply) -> Finding:
    """Whether the credentials work, and whose account it is: its name beside the company's lets
    people see when the two do not belong together.

    Args:
        company: its name in Business Central.
        optiply: the account.
    """
    optiply.preflight()
    name = _account_name(optiply)
    if name is None:
        return Finding(
            False,
            f"signed in; account {optiply.account_id} for the company {company}, but Optiply does "
            "not tell its name",
            severity="warn",
        )
    return Finding(
        True, f"signed in; account {optiply.account_id} is {name!r}, for the company {company}"
    )


def _account_name(optiply: Optiply) -> str | None:
    """The account's name; None when Optiply does not show accounts to this user.

    Raises:
        RequestFailed: the account is not this user's, or Optiply cannot be reached.
    """
    try:
        account = optiply.get("accounts", optiply.account_id)
    except RequestFailed as error:
        if error.status != FORBIDDEN:
            raise
        raise RequestFailed(
            f"account {optiply.account_id} is not this user's; check optiply.account_id",
            status=error.status,
        ) from error
    if account is not None:
        name = account.attributes.get("name")
        return str(name) if name else None
    try:
        others = [record for record in optiply.rows("accounts") if record.id != optiply.account_id]
    except RequestFailed:
        return None  # this Optiply has no list of accounts
    if not others:
        return None
    listed = ", ".join(f"{each.id} {each.attributes.get('name') or ''}".strip() for each in others)
    raise RequestFailed(
        f"there is no account {optiply.account_id} for this user, but {listed}; check "
        "optiply.account_id",
        status=NOT_FOUND,
    )


def coupling(optiply: Optiply) -> Finding:
    """Whether Optiply takes our coupling id. Rows that carry it prove it; where none does, a change
    of a row that does not exist is refused either for the row or for the coupling."""
    others: set[str] = set()
    for resource in RESOURCES.values():
        if not resource.has_remote_id_map:
            continue
        for record in next(optiply.pages(resource.path), []):
            known = record.attributes.get("remoteIdMap")
            if isinstance(known, dict):
                if known.get(str(optiply.coupling_id)) is not None:
                    return Finding(True, f"rows carry the coupling {optiply.coupling_id}")
                others |= set(known)
    try:
        optiply.patch("products", NO_SUCH_ROW, {})
    except RequestFailed as error:
        if error.status == FORBIDDEN:
            return Finding(
                False,
                f"Optiply refuses the coupling {optiply.coupling_id}: {error}; check "
                f"optiply.coupling_id{_those(others)}",
            )
        if error.status != NOT_FOUND:
            raise
    if others:
        return Finding(
            False,
            f"no row carries the coupling {optiply.coupling_id} yet{_those(others)}; right for a "
            "coupling that is new",
            severity="warn",
        )
    return Finding(True, f"the coupling {optiply.coupling_id} is taken; no row carries it yet")


def _those(couplings: set[str]) -> str:
    return f" (rows carry {', '.join(sorted(couplings))})" if couplings else ""


def readable(optiply: Optiply) -> Iterator[tuple[str, Callable[[], Finding]]]:
    """Name and question for each resource that is read and written."""
    for name, resource in RESOURCES.items():
        yield (
            f"optiply/{name}",
            lambda path=resource.path: _readable(optiply, path),  # type: ignore[misc]
        )


def _readable(optiply: Optiply, path: str) -> Finding:
    rows = next(optiply.pages(path), [])
    return Finding(True, "can be read" if rows else "can be read, but has no rows")
