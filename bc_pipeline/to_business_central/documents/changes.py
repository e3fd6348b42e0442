"""Reading one document back, and bringing changes of it about in as few requests as possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bc_pipeline.business_central.answers import is_record, whole
from bc_pipeline.business_central.batch import Part, PartAnswer, chunks
from bc_pipeline.business_central.batch_exchange import FAILED_DEPENDENCY
from bc_pipeline.business_central.lookup.by_property import failure
from bc_pipeline.business_central.urls import query_url
from bc_pipeline.errors import PipelineError, ReadFailed, RecordError, RequestFailed
from bc_pipeline.http.meanings import THROTTLED
from bc_pipeline.to_business_central.writer import ExportContext

Row = dict[str, Any]
REFUSED = "BusinessCentralError"
"""Error class of a refusal that Business Central gave no code for."""
CHANGED_MEANWHILE = 409
_READ = "read"


@dataclass(frozen=True)
class Document:
    """One document of a company with its children.

    Args:
        expand: the navigations to read along.
    """

    entity_set: str
    id: str
    expand: str

    def look(self, context: ExportContext) -> Part:
        """The part of a batch that reads it, at the end of a transaction that changes it."""
        path = context.path(f"{self.entity_set}({self.id})")
        return Part(_READ, "GET", query_url(path, {"$expand": self.expand}))


@contextmanager
def only_reading() -> Iterator[None]:
    """What fails inside is never a refusal of the record: BC could not say.

    Raises:
        ReadFailed: instead of RequestFailed, whatever BC answered.
    """
    try:
        yield
    except RequestFailed as error:
        raise ReadFailed(str(error)) from error


def read(context: ExportContext, document: Document) -> Row | None:
    """A document as BC has it now; None when BC says there is none.

    It is a GET of its own: only that surely shows what was just written (platform 1).

    Raises:
        AuthError, Cancelled, ReadFailed: BC could not say.
    """
    with only_reading():
        row = context.bc.get(
            document.entity_set, document.id, expand=document.expand, company=context.company
        )
    return row and whole(row)


def again(context: ExportContext, document: Document, what: str) -> Row:
    """A document which was there a moment ago, as BC has it now.

    Args:
        what: the document, for the operator.

    Raises:
        RecordError: somebody has deleted it meanwhile.
        AuthError, Cancelled, ReadFailed: BC could not say.
    """
    row = read(context, document)
    if row is None:
        raise RecordError("RecordNotFound", f"{what} was deleted while it was written")
    return row


def apply(context: ExportContext, parts: Sequence[Part], document: Document) -> Row | None:
    """Sends changes of one document and reads it.

    The changes go in transactions of up to 100 parts (behaviour.md 4.2): each is done as a whole
    or not at all. The look at the document is part of the last one.

    Returns:
        The document after the changes; None when it has to be looked at again, because an answer
        was lost or the document changed meanwhile.

    Raises:
        RecordError: BC refused a change; its transaction was taken back, earlier ones stand.
        AuthError, Cancelled, RequestFailed: nothing was done for now, or nobody knows.
    """
    *first, last = chunks([*parts, document.look(context)])
    for chunk in first:
        if _in_one_transaction(context, chunk) is None:
            return None
    answers = _in_one_transaction(context, last)
    if answers is None:
        return None
    if answers[_READ].ok:
        # What is no document says nothing about it: it is looked at again.
        return whole(answers[_READ].body) if is_record(answers[_READ].body) else None
    # The look alone has failed, and took the rest back: a replica has answered it that does not
    # have the document yet (platform 1).
    if _in_one_transaction(context, last[:-1]) is None:
        return None
    return again(context, document, "the document")


def _in_one_transaction(
    context: ExportContext, parts: Sequence[Part]
) -> Mapping[str, PartAnswer] | None:
    """The answers when all was done, or when only the look found nothing; None when it has to be
    looked at.

    Raises:
        RecordError, AuthError, Cancelled, RequestFailed: as ``apply``.
    """
    try:
        answers = context.bc.batch(parts, mode="atomic")
    except RequestFailed as error:
        if error.uncertain:
            return None
        raise
    failed = [answer for answer in answers.values() if not answer.ok]
    if not failed or (_READ in answers and answers[_READ].absent):
        return answers
    if not _look_again(failed):
        raise refusal(next((answer for answer in failed if answer.body), failed[0]))
    return None


def refusal(answer: PartAnswer | RequestFailed) -> RecordError:
    """Why BC refused a request, as the record's error."""
    if isinstance(answer, RequestFailed):
        return RecordError(answer.code or REFUSED, answer.explanation or str(answer))
    return RecordError(answer.error_code or REFUSED, answer.error_message or "refused")


def _look_again(failed: Sequence[PartAnswer]) -> bool:
    """Whether the failure says nothing about the record itself.

    Raises:
        RequestFailed: BC did nothing, for a reason that passes.
    """
    first = failed[0]
    if first.later or first.worth_repeating:
        message = first.error_message or ""
        raise RequestFailed(
            f"Business Central did not take it now: {message}",
            status=first.status or THROTTLED,
            code=first.error_code,
            explanation=message,
        )
    return any(answer.uncertain for answer in failed) or first.status == CHANGED_MEANWHILE


def error_of(
    context: ExportContext, parts: Sequence[Part], answers: Mapping[str, PartAnswer]
) -> PipelineError | None:
    """The error to raise for a batch: one that leaves it unclear what was done, else the refusal
    itself; None when every part worked."""
    failed = [part for part in parts if not answers[part.id].ok]
    if not failed:
        return None
    failed.sort(key=lambda part: _weight(answers[part.id]))
    return failure(context.bc, failed[0].path, answers[failed[0].id])


def _weight(answer: PartAnswer) -> int:
    if answer.uncertain:
        return 0
    return 2 if answer.status in (None, FAILED_DEPENDENCY) else 1
