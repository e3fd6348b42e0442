"""What the buyer is told about an order that cannot be exported: once per reason, and again when it
has been waiting for three runs (flows.md 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bc_pipeline.errors import RecordError
from bc_pipeline.report import Problem, ProblemKind
from bc_pipeline.to_business_central.buy_orders.payload import Request
from bc_pipeline.to_business_central.buy_orders.restate import Departure
from bc_pipeline.to_business_central.buy_orders.sent import Row
from bc_pipeline.to_business_central.buy_orders.settings import UNKNOWN_NAME
from bc_pipeline.to_business_central.export_types import ESCALATED_AFTER, Pending
from bc_pipeline.to_business_central.writer import ExportContext

LONG_BLOCKED = "blocked_for_three_runs"


def hold_blocked(context: ExportContext, pending: Pending, problem: RecordError | None) -> None:
    """The order stays blocked; tried again in every run."""
    reason = problem.message if problem else "it cannot be written"
    before = pending.entry
    same = before is not None and before.state == "blocked" and before.reason == reason
    runs = (before.blocked_runs if before and before.state == "blocked" else 0) + 1
    told = len(context.result.problems)
    context.ledger.hold(pending, reason, kind="blocked")
    by_settings = problem is not None and problem.error_class == UNKNOWN_NAME
    if by_settings or (same and runs != ESCALATED_AFTER):
        del context.result.problems[told:]  # told before, or once for all
    if runs >= ESCALATED_AFTER:
        context.count_warning(LONG_BLOCKED)
        if runs == ESCALATED_AFTER:
            _file(context, pending, LONG_BLOCKED, f"blocked for {runs} runs: {reason}")


def warn(context: ExportContext, pending: Pending, kind: str, text: str) -> None:
    """Something about an exported order a person should know; kept with the run's warnings."""
    context.count_warning(kind)
    _file(context, pending, kind, text)


def check_prices(
    context: ExportContext, pending: Pending, request: Request | None, row: Row
) -> None:
    """Warn where costs we sent mean something else in the order that was made.

    Ours are in the company's currency and without VAT. The vendor who is paid may bring another
    currency than the one who is ordered from, and a vendor may state prices with VAT (rules.md
    3.3); the API shows both only on the order.
    """
    if request is None or not any(line.cost for line in request.lines):
        return
    number, local = row.get("number"), context.reference.local_currency
    currency = str(row.get("currencyCode") or "").strip()
    if currency not in ("", local):
        text = f"purchase order {number} is in {currency}: its prices were meant in {local}"
        warn(context, pending, "foreign_currency", f"{text}, correct them")
    if row.get("pricesIncludeTax") is True:
        text = f"prices of purchase order {number} include VAT: ours were meant without it"
        warn(context, pending, "prices_include_tax", f"{text}, correct them")


def tell_departures(
    context: ExportContext, pending: Pending, number: str, found: Sequence[Departure]
) -> None:
    """What Business Central has otherwise than it was sent, and did not take back."""
    for each in found:
        text = f"purchase order {number} is not as it was sent: {each.in_words(context)}"
        warn(context, pending, "not_as_sent", text)
        tell(context, pending, "ambiguous", f"{text}; correct it there")


def tell(context: ExportContext, pending: Pending, kind: ProblemKind, text: str) -> None:
    """A problem that does not hold the order up."""
    context.result.problems.append(Problem(context.result.name, pending.name, kind, text))


def tell_settings(context: ExportContext, faults: Iterable[str]) -> None:
    """What is wrong with the settings: no record's fault."""
    context.result.problems += [
        Problem(context.result.name, None, "config", text) for text in faults
    ]


def _file(context: ExportContext, pending: Pending, kind: str, text: str) -> None:
    context.keep_warning(pending, kind, f"buy order {pending.key}: {text}")
