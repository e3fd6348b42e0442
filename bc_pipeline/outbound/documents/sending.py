"""Reading one document back, and bringing changes of it about in as few requests as possible.

Documents are read inside a ``$batch``: a plain GET may be answered by a replica that lags behind
what was just written (behaviour.md 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bc_pipeline.business_central.batch import MAX_PARTS, Part, PartAnswer
from bc_pipeline.business_central.retry import THROTTLED, worth_repeating
from bc_pipeline.business_central.urls import query_url
from bc_pipeline.errors import ReadFailed, RequestFailed
from bc_pipeline.outbound.model import ExportContext, RecordError

Row = dict[str, Any]
REFUSED = "BusinessCentralError"
"""Error class of a refusal that Business Central gave no code for."""
CHANGED_MEANWHILE = 409
_READ = "read"


def reading(context: ExportContext, entity_set: str, id: str, expand: str) -> Part:
    """The part of a batch that reads a document with its children."""
    path = context.path(f"{entity_set}({id})")
    return Part(_READ, "GET", query_url(path, {"$expand": expand}))


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


def read(context: ExportContext, part: Part) -> Row | None:
    """The document a reading part asks for; None when BC says there is none.

    Raises:
        AuthError, Cancelled, ReadFailed: BC could not say.
    """
    with only_reading():
        answer = context.bc.batch([part])[part.id]
    if answer.absent:
        return None
    if not answer.ok:
        raise ReadFailed(f"reading a document failed: {answer.error_message}")
    return whole(answer.body)


def again(context: ExportContext, part: Part, what: str) -> Row:
    """The document a reading part asks for, which was there a moment ago.

    Args:
        what: the document, for the operator.

    Raises:
        RecordError: somebody has deleted it meanwhile.
        AuthError, Cancelled, ReadFailed: BC could not say.
    """
    row = read(context, part)
    if row is None:
        raise RecordError("RecordNotFound", f"{what} was deleted while it was written")
    return row


def whole(row: Row) -> Row:
    """``row``, unless some of its children were left for another page.

    Raises:
        ReadFailed: they were; a document that is not all there must not be compared.
    """
    for value in (row, *(child for children in row.values() for child in _rows(children))):
        if any(name.endswith("@odata.nextLink") for name in value):
            raise ReadFailed("Business Central sent a document without all of its lines")
    return row


def apply(context: ExportContext, parts: Sequence[Part], look: Part) -> Row | None:
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
    for chunk in _chunks([*parts, look]):
        try:
            answers = context.bc.batch(chunk, mode="atomic")
        except RequestFailed as error:
            if error.uncertain:
                return None
            raise
        failed = [answer for answer in answers.values() if not answer.ok]
        if failed and not _look_again(failed):
            raise refusal(next((answer for answer in failed if answer.body), failed[0]))
        if failed:
            return None
    return whole(answers[look.id].body)


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
    code, message = first.error_code, first.error_message or ""
    passes = first.status is not None and worth_repeating(first.status, code, message)
    if first.later or passes:
        raise RequestFailed(
            f"Business Central did not take it now: {message}",
            status=first.status or THROTTLED,
            code=code,
            explanation=message,
        )
    return any(answer.uncertain for answer in failed) or first.status == CHANGED_MEANWHILE


def _chunks(parts: Sequence[Part]) -> list[Sequence[Part]]:
    return [parts[start : start + MAX_PARTS] for start in range(0, len(parts), MAX_PARTS)]


def _rows(value: object) -> list[Mapping[str, Any]]:
    """The children in a property of a document; none when it is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
