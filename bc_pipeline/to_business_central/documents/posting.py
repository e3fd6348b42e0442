"""Sending a document's posting, which cannot be taken back (D12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bc_pipeline.business_central.transport import TooSlow
from bc_pipeline.errors import RequestFailed
from bc_pipeline.to_business_central.documents.concurrency import Unclear, looked_for
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.unified import Bill, JournalEntry
from bc_pipeline.to_business_central.writer import ExportContext

ACTION = "Microsoft.NAV.post"
TRIES = 2
POSTED = "posted"
"""In the detail of the ledger: the document was seen posted."""

Seen = TypeVar("Seen")


def will_post(context: ExportContext, document: Bill | JournalEntry) -> bool:
    """Only where the tenant has switched posting on and the record says it is no draft (C19)."""
    return context.exports.post_documents and document.is_draft is False


def complete(context: ExportContext, pending: Pending) -> bool:
    """Whether a document that was written as it is needs nothing more: it may have stayed a draft
    only because posting was switched off."""
    posted = bool(pending.entry and pending.entry.detail.get(POSTED))
    return posted or not will_post(context, pending.record)


def post(
    context: ExportContext, document: str, see: Callable[[], Seen | None], *, unposted: str
) -> tuple[Seen, RequestFailed | None]:
    """Posts a document that BC can post only once (rules.md 5.10, 6.13), and looks what became of
    it. Not for dry runs, in which there is nothing to see.

    Args:
        document: its path below the company, e.g. ``purchaseInvoices(<id>)``.
        see: what is there once it is posted; None as long as it is not.
        unposted: what BC shows when it is not, for the operator.

    Returns:
        what was seen, and how the request failed although it is posted.

    Raises:
        RequestFailed: it was refused.
        Unclear: nobody can tell.
        AuthError, Cancelled, ReadFailed: the ledger knows that posting was under way.
    """
    refused: RequestFailed | None = None
    for _ in range(TRIES):
        refused = _sent(context, document)
        unsure = refused is None or refused.uncertain
        after = looked_for(context, see, patient=unsure)
        if after is not None:
            return after, refused
        if refused is None:
            raise Unclear(f"Business Central said that it was posted, but {unposted}")
        if not refused.uncertain:
            raise refused
        if isinstance(refused, TooSlow):
            break  # BC may still be at work on it
    raise Unclear(f"Business Central gave no answer to posting it: {refused}")


def send(context: ExportContext, document: str) -> None:
    """The request alone.

    Raises:
        AuthError, Cancelled, RequestFailed: it was refused, or nobody knows.
    """
    context.bc.action(context.url(f"{document}/{ACTION}"))


def _sent(context: ExportContext, document: str) -> RequestFailed | None:
    try:
        send(context, document)
    except RequestFailed as error:
        return error
    return None
