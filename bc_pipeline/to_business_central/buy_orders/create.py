"""Making one purchase order: header and lines in one request, or, where the company refuses that,
header first and then the lines in one transaction (mapping.md 8.2, step 4).

The ledger knows of every request before it is sent. A refusal leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bc_pipeline.business_central.batch import Part, chunks
from bc_pipeline.business_central.retry import passes
from bc_pipeline.errors import RequestFailed
from bc_pipeline.mapping.markers import marker
from bc_pipeline.to_business_central.buy_orders import marker_places
from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked, BuyOrder
from bc_pipeline.to_business_central.buy_orders.marker_places import Shape
from bc_pipeline.to_business_central.buy_orders.payload import SEQUENCE_STEP, Body, Request
from bc_pipeline.to_business_central.buy_orders.sent import LINES, comment_line, sent
from bc_pipeline.to_business_central.documents.changes import error_of
from bc_pipeline.to_business_central.export_types import Intent, Pending
from bc_pipeline.to_business_central.writer import ExportContext

POST = "post"
HEADER = "header"
POSTED = "posted"
REFUSED = "refused"
LOST_ANSWER = "lost answer"
FAILURE = "failure"
"""Key of the entry's detail: why the answer to the last request is not known. Without it an entry
in state ``intent`` was left by a process that ended."""
LOST_HEADER = "lost header"
"""Another key: that answer may have been the one to a header alone, which has no marker yet."""
SENT = "sent"


def create(
    context: ExportContext, pending: Pending, order: BuyOrder, request: Request
) -> tuple[str, str]:
    """Make the purchase order; returns its id and number.

    Raises:
        Blocked: Business Central refuses the order as it is; nothing was made.
        RequestFailed: ``uncertain``: it may have been made, and the ledger says so; else
            Business Central was busy and nothing was made.
        AuthError, Cancelled: as ``uncertain``.
    """
    tried: list[Shape] = []
    refusal: RequestFailed | None = None
    for shape in marker_places.shapes(context.snapshot, context.exports):
        tried.append(shape)
        try:
            made = _attempt(context, pending, order, request, shape)
        except RequestFailed as error:
            if error.uncertain:
                lost(context, pending, error, shape)
                raise
            refusal = error
            if not marker_places.worth_another(error, shape):
                break
            continue
        if not context.dry_run:
            marker_places.learn(context.snapshot, tried)
        return made
    assert refusal is not None
    if passes(refusal.status, refusal.code, refusal.explanation):
        raise refusal
    raise Blocked(
        "refused", f"Business Central refuses it: {refusal.explanation or refusal}"
    ) from None


def discard(context: ExportContext, bc_id: str) -> None:
    """Take away a header of ours that has no lines.

    Raises:
        AuthError, Cancelled, RequestFailed: it may still be there.
    """
    context.bc.delete(context.url(f"purchaseOrders({bc_id})"))


def lost(context: ExportContext, pending: Pending, error: RequestFailed, shape: Shape) -> None:
    """Note that the answer to a request was lost, with what went wrong."""
    detail = {FAILURE: str(error), LOST_HEADER: not shape.deep}
    context.ledger.advance(pending, step=LOST_ANSWER, detail=detail, state="intent")


def bodies(order: BuyOrder, request: Request, shape: Shape) -> tuple[Body, list[Body]]:
    """Header and lines as they are sent; the marker's comment line is the last one, so that the
    numbers of the others do not depend on it."""
    header = dict(request.header)
    lines = [line.body for line in request.lines]
    if not shape.sequence:
        lines = [{name: v for name, v in line.items() if name != "sequence"} for line in lines]
    match shape.marker:
        case "number":
            header["number"] = marker(order.id)
        case "marker_field":
            pass
        case _:
            place = (len(lines) + 1) * SEQUENCE_STEP if shape.sequence else None
            lines.append(comment_line(order.id, place))
    return header, lines


def _attempt(
    context: ExportContext, pending: Pending, order: BuyOrder, request: Request, shape: Shape
) -> tuple[str, str]:
    header, lines = bodies(order, request, shape)
    if shape.marker == marker_places.FIELD and context.exports.marker_field:
        header[context.exports.marker_field] = marker(order.id)
    detail = {SENT: sent(request).model_dump(mode="json"), FAILURE: None, LOST_HEADER: None}
    url = context.url("purchaseOrders")
    if shape.deep:
        context.ledger.intend([Intent(pending, POST, detail)])
        row = context.bc.post(url, {**header, LINES: lines})
        return _made(context, pending, row, POSTED)
    context.ledger.intend([Intent(pending, HEADER, detail)])
    bc_id, number = _made(context, pending, context.bc.post(url, header), HEADER)
    _add_lines(context, pending, bc_id, lines)
    context.ledger.advance(pending, step=POSTED)
    return bc_id, number


def _made(
    context: ExportContext, pending: Pending, row: Mapping[str, Any], step: str
) -> tuple[str, str]:
    bc_id, number = str(row.get("id") or "").lower(), str(row.get("number") or "")
    if not bc_id:
        text = "Business Central answered the new purchase order without an id"
        raise RequestFailed(text, uncertain=True)
    context.ledger.advance(pending, step=step, bc_id=bc_id, bc_number=number)
    return bc_id, number


def _add_lines(context: ExportContext, pending: Pending, bc_id: str, lines: Sequence[Body]) -> None:
    """All lines in one transaction; up to 100 go into one, as many as a batch takes. On failure
    the header is taken away again."""
    path = context.path(f"purchaseOrders({bc_id})/{LINES}")
    parts = [Part(f"line-{n}", "POST", path, line) for n, line in enumerate(lines, start=1)]
    for chunk in chunks(parts):
        error = error_of(context, chunk, context.bc.batch(chunk, mode="atomic"))
        if error is None:
            continue
        if isinstance(error, RequestFailed) and not error.uncertain:
            discard(context, bc_id)
        raise error
