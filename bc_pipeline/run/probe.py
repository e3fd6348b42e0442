"""Asks Business Central in one ``$batch`` whether anything may have changed (platform 3).

No answer of a probe is data: it is only compared with the answer of the last time. What is asked
for reaches back before the last read, because rows become visible behind the newest stamp; and rows
are counted, because late ones may lie before any window, and deleted ones leave no stamp.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from bc_pipeline import clock
from bc_pipeline.business_central.batch import Part, PartAnswer, send_batch
from bc_pipeline.business_central.client import BusinessCentral, company_path
from bc_pipeline.business_central.urls import query_url
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.catalogue.probes import Question
from bc_pipeline.reading.mode import STAMP, literal
from bc_pipeline.reading.source_url import columns_of

LATELY = 500
"""Rows stamped within the window that are compared; where there are more, much has changed."""
NUMBER = "entryNumber"
MARGIN = timedelta(minutes=1)
"""Further back begins a first window, when Business Central's clock is not known yet."""


@dataclass(frozen=True)
class Mark:
    """What the answer to a question looked like.

    Args:
        rows: digest of the rows; None: they cannot be compared, so they count as changed.
        count: of all rows there are, where that is asked.
        since: from which stamp on rows were asked for.
    """

    rows: str | None
    count: int | None = None
    since: datetime | None = None

    def differs(self, before: Mark | None) -> bool:
        """Whether something may have changed since ``before``."""
        return before is None or self.rows is None or self != before


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Args:
        mark: what it looks like in the window of the last time.
        next: what it looks like in the window that is asked for once this has been read.
    """

    mark: Mark
    next: Mark


def ask(
    bc: BusinessCentral,
    questions: Iterable[Question],
    before: Mapping[str, Mark],
    overlap: timedelta,
) -> dict[str, Answer]:
    """The answers, by path of the question.

    A question Business Central does not answer (no permission, no such entity set) gives marks that
    cannot be compared: what hangs on it is then read as if it had changed.

    Args:
        bc: the tenant's Business Central; its company is known or found out first.
        questions: what is asked.
        before: the marks of the last time; their windows are asked for again.
        overlap: how long before now the next window begins.

    Raises:
        AuthError, ConfigError, Cancelled, RequestFailed: the batch as a whole got no answer.
    """
    asked, now = list(questions), clock.now()
    first = (now - overlap - MARGIN).replace(microsecond=0)
    since = {each.path: _window(each, before, first) for each in asked}
    parts = [part for each in asked for part in _parts(bc, each, since[each.path])]
    answers = send_batch(bc, parts)
    # Business Central's clock, not ours: its stamps are compared (decisions 27).
    following = (bc.http.clock.at(now) - overlap).replace(microsecond=0)
    return {
        each.path: compared(
            each, answers[each.path], answers.get(_counted(each)), since[each.path], following
        )
        for each in asked
    }


def _window(question: Question, before: Mapping[str, Mark], usual: datetime) -> datetime | None:
    if question.kind != "stamps":
        return None
    mark = before.get(question.path)
    return mark.since if mark and mark.since else usual


def _counted(question: Question) -> str:
    return f"{question.path}#"


def _parts(bc: BusinessCentral, question: Question, since: datetime | None) -> list[Part]:
    def part(id: str, options: Mapping[str, str]) -> Part:
        return Part(id, "GET", query_url(company_path(bc.company, question.path), options))

    if question.kind == "newest":
        newest = {"$select": NUMBER, "$orderby": f"{NUMBER} desc", "$top": "1", "$count": "true"}
        return [part(question.path, newest)]
    assert question.entity is not None
    if since is None:
        return [part(question.path, columns_of(question.entity))]
    lately = {
        "$select": f"id,{STAMP}",
        "$filter": f"{STAMP} ge {literal(since)}",
        "$top": str(LATELY),
    }
    # The newest stamp counts wherever it lies: a clock that was set back stamps behind any window.
    newest = {"$select": f"id,{STAMP}", "$orderby": f"{STAMP} desc", "$top": "1", "$count": "true"}
    return [part(question.path, lately), part(_counted(question), newest)]


def compared(
    question: Question,
    answer: PartAnswer,
    counted: PartAnswer | None,
    since: datetime | None,
    following: datetime,
) -> Answer:
    """What the answers to the parts of a question look like.

    Args:
        question: that was asked.
        answer: to its first part.
        counted: to the part that counts, where that is another one.
        since: from which stamp on rows were asked for.
        following: from which stamp on they are asked for the next time.
    """
    rows = _rows(answer)
    if question.kind == "whole":
        mark = Mark(_digest(rows, question.entity) if rows is not None else None)
        return Answer(mark, mark)
    count = _count(answer if counted is None else counted)
    newest = _rows(counted) if counted else []
    if rows is None or count is None or newest is None:
        return Answer(Mark(None, count, since), Mark(None, count, since and following))
    if since is None:
        mark = Mark(_digest(rows), count)
        return Answer(mark, mark)
    all_there = len(rows) < LATELY
    later = [row for row in rows if _stamp(row) >= following]
    # A window that begins before the one that was asked for has not been seen as a whole.
    seen = all_there and following >= since
    return Answer(
        Mark(_digest([*rows, *newest]) if all_there else None, count, since),
        Mark(_digest([*later, *newest]) if seen else None, count, following),
    )


def _rows(answer: PartAnswer) -> list[dict[str, Any]] | None:
    """The rows of an answer; None where it is not all there is."""
    body = answer.body
    if not answer.ok or not isinstance(body, dict) or "@odata.nextLink" in body:
        return None
    rows = body.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    return rows


def _count(answer: PartAnswer) -> int | None:
    count = answer.body.get("@odata.count") if isinstance(answer.body, dict) else None
    return int(str(count)) if answer.ok and str(count).isdecimal() else None


def _stamp(row: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(row.get(STAMP)))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _digest(rows: Iterable[dict[str, Any]], entity: Entity | None = None) -> str | None:
    """The same for the same rows, in whatever order they come; None where lines are missing."""
    digests = []
    for row in rows:
        lines: list[Any] = []
        if entity is not None and entity.expand is not None:
            if f"{entity.expand}@odata.nextLink" in row:
                return None
            lines = row.get(entity.expand) or []
        told = [_plain(row, entity), *sorted(_plain(line, None) for line in lines)]
        digests.append(blake2b(b"\n".join(told), digest_size=16).digest())
    return blake2b(b"".join(sorted(digests)), digest_size=16).hexdigest()


def _plain(row: Mapping[str, Any], entity: Entity | None) -> bytes:
    """A row without its annotations: a version tag may change where no column does."""
    expand = entity.expand if entity else None
    told = {key: row[key] for key in sorted(row) if "@" not in key and key != expand}
    return orjson.dumps(told, default=str)
