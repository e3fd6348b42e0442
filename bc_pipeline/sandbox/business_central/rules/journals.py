"""Rules of ``journals``: batches of the general journal (rules.md 6.1, 6.2, 6.10, 6.13)."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.sandbox.business_central.rules.journal_posting import post_journal
from bc_pipeline.sandbox.business_central.writes import (
    RULES,
    Action,
    EntityRules,
    Parent,
    WriteContext,
)
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import BcError, dialog, same_key

# The first general template that is not recurring: new journals land in it whatever is sent.
TEMPLATE = "GENERAL"
# Templates whose batches are listed as an entity set of their own, under the same ids (7.1).
TWINS = {"PAYMENT": "vendorPaymentJournals", "CASHRCPT": "customerPaymentJournals"}


class Journals(EntityRules):
    """Journal batches; posting empties one and leaves it."""

    @property
    def actions(self) -> Mapping[str, Action]:
        """``post``, which resolves a batch of any template by its id (7.1)."""
        return {"Microsoft.NAV.post": post_journal}

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: a batch of the first general template; ``code`` is mandatory (6.1)."""
        if not given.get("code"):
            raise BcError(400, "BadRequest_RequiredParamNotProvided", "The code must be provided.")
        _check_free(ctx, given["code"])
        values = given | _balancing(ctx, given) | {"templateDisplayName": TEMPLATE}
        return ctx.insert("journals", values)

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH: another code renames the batch, its lines follow."""
        given = {n: v for n, v in given.items() if n != "templateDisplayName"}
        if "code" in given and given["code"] != row["code"]:
            if not given["code"]:
                raise BcError(400, "BadRequest_RequiredParamNotProvided", "The code is blank.")
            _check_free(ctx, given["code"], row["templateDisplayName"])
            for line in ctx.find("journalLines", journalId=row["id"]):
                ctx.modify("journalLines", line, journalDisplayName=given["code"])
        return ctx.modify("journals", row, **(given | _balancing(ctx, given)))

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE: the batch with its lines."""
        twin = TWINS.get(row["templateDisplayName"], "")
        if twin and ctx.get(twin, row["id"]) is not None:
            ctx.delete(twin, row["id"])
        ctx.delete("journals", row)


def _check_free(ctx: WriteContext, code: str, template: str = TEMPLATE) -> None:
    if ctx.find("journals", code=code, templateDisplayName=template):
        raise same_key("Gen. Journal Batch", code)


def _balancing(ctx: WriteContext, given: Row) -> Row:
    """The number beside a balancing account's id (6.2)."""
    if "balancingAccountId" not in given:
        return {}
    id = given["balancingAccountId"]
    account = ctx.get("accounts", id)
    if account is None and id != ZERO_GUID:
        raise dialog("The balancingAccountId does not match a G/L Account.")
    return {
        "balancingAccountId": id,
        "balancingAccountNumber": account["number"] if account else "",
    }


RULES["journals"] = Journals()
