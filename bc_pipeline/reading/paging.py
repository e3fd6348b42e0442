"""Pages of an entity, streamed to files that DuckDB can read without Python touching the rows.

A page is ``{"@odata.context": .., "value": [..], "@odata.nextLink": ..}``. Only what surrounds the
array is parsed here; the file keeps the array alone. Four kinds of page are parsed whole instead:
numbers too long for a double, texts that have to be mended, lines that BC cut into pages of their
own, unusual envelopes.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import requests

from bc_pipeline import clock
from bc_pipeline.business_central.client import BusinessCentral, next_link
from bc_pipeline.business_central.mending import MendedRecord, mended
from bc_pipeline.business_central.transport import BadAnswer, TooSlow
from bc_pipeline.errors import ReadFailed, RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.values import may_be_unstorable

SMALLEST_PAGE = 50
LONGEST_EXACT_DIGITS = 15
"""A double gives back every decimal of up to 15 significant digits unchanged, no longer ones."""

_NEXT_LINK = "@odata.nextLink"
_CHUNK = 1 << 16
_ENDS = 1 << 16
_ARRAY_START = re.compile(rb'"value"\s*:\s*(?=\[)')
_STAND_IN = b'["the rows"]'
_LONG_NUMBER = re.compile(rb":\s*-?[0-9.]{%d}" % (LONGEST_EXACT_DIGITS + 1))
_CARRIED = 64
"""Bytes looked at again with the next chunk, so that nothing is missed at its edge."""


@dataclass(frozen=True)
class Page:
    """One page on disk.

    Args:
        url: where it came from.
        path: a file that holds the JSON array of rows, perhaps with blanks before it.
        following: URL of the next page, None after the last.
        exact: numbers are JSON strings, because a double would not hold them.
    """

    url: str
    path: Path
    following: str | None
    exact: bool


class MalformedPage(Exception):
    """Raised by whoever loads a page: its rows are not what they should be; fetch it again."""


@dataclass(frozen=True)
class _Answer:
    """What one request brought: the envelope without rows, and the rows when they were parsed."""

    envelope: dict[str, Any]
    rows: list[dict[str, Any]] | None


class PageReader:
    """Reads the pages of one entity; the next page arrives while the last one is being loaded.

    Args:
        bc: the tenant's Business Central.
        directory: where page files go, for as long as they are needed.
        page_size: rows asked for per page; halved each time BC runs out of time.
        tally: counts the requests of this entity.
        fresh: no replica may answer.

    ``mended`` are the records whose texts had to be mended, as often as they were met.
    """

    def __init__(
        self,
        bc: BusinessCentral,
        directory: Path,
        page_size: int,
        tally: RequestCounter,
        *,
        fresh: bool = False,
    ) -> None:
        self._bc = bc
        self._directory = directory
        self._page_size = page_size
        self._tally = tally
        self._fresh = fresh
        self.mended: list[MendedRecord] = []
        self._numbers = itertools.count(1)

    def read(self, url: str, load: Callable[[Page], None]) -> int:
        """Loads every page behind ``url``, in order.

        Args:
            url: of the first page.
            load: takes a page; raises MalformedPage to have it fetched again.

        Returns:
            Number of pages.

        Raises:
            ReadFailed: a page stayed malformed, or nextLink went astray.
            AuthError, Cancelled, RequestFailed: a page could not be fetched.
        """
        followed: set[str] = set()
        with ThreadPoolExecutor(1, thread_name_prefix="next-page") as ahead:
            coming: Future[Page] | None = ahead.submit(self._fetch, url)
            while coming:
                page = coming.result()
                coming = self._start(ahead, page, followed)
                try:
                    load(page)
                except MalformedPage as error:
                    page = self._load_again(page.url, load, error)
                    # It may end elsewhere than before, so what was fetched ahead does not count.
                    coming = self._start(ahead, page, followed)
                followed.add(page.url)
                page.path.unlink()
        return len(followed)

    def _start(
        self, ahead: ThreadPoolExecutor, page: Page, followed: set[str]
    ) -> Future[Page] | None:
        if page.following is None:
            return None
        if page.following == page.url or page.following in followed:
            raise ReadFailed("Business Central sent the same nextLink twice; the read has no end")
        return ahead.submit(self._fetch, page.following)

    def _load_again(self, url: str, load: Callable[[Page], None], error: MalformedPage) -> Page:
        tries = self._bc.tenant.business_central.max_attempts
        for attempt in range(1, tries):
            self._tally.count(retried=1)
            self._bc.counter.count(retried=1)
            self._bc.throttle.wait(self._bc.backoff.seconds(attempt))
            page = self._fetch(url, whole=True)
            try:
                load(page)
            except MalformedPage as again:
                error = again
            else:
                return page
        raise ReadFailed(f"a page stayed unreadable after {tries} tries: {error}")

    def _fetch(self, url: str, *, whole: bool = False) -> Page:
        """One page on disk; ``whole`` has it parsed in Python, whatever it looks like."""
        path = self._directory / f"page-{next(self._numbers)}.json"
        answer = self._request(url, lambda response: self._answer(response, path, whole))
        if answer.rows is not None:
            rows = []
            for row in answer.rows:
                self._complete_lines(row, url)
                sound, told = mended(row)
                rows.append(sound)
                self.mended += [told] if told else []
            path.write_bytes(orjson.dumps(rows))
        return Page(url, path, next_link(answer.envelope, url), exact=answer.rows is not None)

    def _request(self, url: str, consume: Callable[[requests.Response], _Answer]) -> _Answer:
        headers = {"Prefer": f"odata.maxpagesize={self._page_size}"}

        def ask_for_less(failure: RequestFailed) -> None:
            if isinstance(failure, TooSlow) and self._page_size > SMALLEST_PAGE:
                self._page_size = max(SMALLEST_PAGE, self._page_size // 2)
                headers["Prefer"] = f"odata.maxpagesize={self._page_size}"

        return self._bc.http.request(
            "GET",
            url,
            consume,
            headers=headers,
            tally=self._tally,
            before_retry=ask_for_less,
            fresh=self._fresh,
        )

    def _answer(self, response: requests.Response, path: Path, whole: bool) -> _Answer:
        seconds = self._bc.tenant.business_central.read_timeout_seconds
        inexact, links = _spool(response, path, clock.monotonic() + seconds)
        envelope = None if whole or inexact else cut_array(path)
        if envelope is None:
            return parsed_whole(path.read_bytes())
        if links > (_NEXT_LINK in envelope):
            # There are links inside the rows: lines that go on elsewhere.
            return _Answer(envelope, _rows(_parsed(path.read_bytes())))
        return _Answer(envelope, None)

    def _complete_lines(self, row: dict[str, Any], url: str) -> None:
        """Fetches the lines of a document that BC cut off into pages of their own."""
        for key in [key for key in row if key.endswith(_NEXT_LINK)]:
            name = key.removesuffix(_NEXT_LINK)
            lines = row[name] = row.get(name) or []
            followed: set[str] = set()
            following = next_link({_NEXT_LINK: row[key]}, url)
            while following:
                if following in followed:
                    raise ReadFailed("Business Central sent the same nextLink of lines twice")
                followed.add(following)
                answer = self._request(following, lambda response: parsed_whole(response.content))
                lines.extend(answer.rows or [])
                following = next_link(answer.envelope, url)


def _spool(response: requests.Response, path: Path, deadline: float) -> tuple[bool, int]:
    """Writes the body to a file.

    Returns:
        Whether a number may have more digits than a double can be trusted with, or a text may have
        to be mended, and how many links to further pages there are. The scan knows no JSON: a text
        may fool it, but only into the slower way.
    """
    inexact, links, carried = False, 0, b""
    with path.open("wb") as file:
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            window = carried + chunk
            inexact = (
                inexact or _LONG_NUMBER.search(window) is not None or may_be_unstorable(window)
            )
            links += window.count(_NEXT_LINK.encode()) - carried.count(_NEXT_LINK.encode())
            carried = window[-_CARRIED:]
            if clock.monotonic() > deadline:
                raise BadAnswer("the page took too long to arrive")
    return inexact, links


def cut_array(path: Path) -> dict[str, Any] | None:
    """Leaves only the array of rows in the file, and returns the envelope without it.

    Returns:
        None, and the file as it was, when the envelope is not plainly recognisable.
    """
    with path.open("r+b") as file:
        head = file.read(_ENDS)
        found = _ARRAY_START.search(head)
        if not found:
            return None
        start = found.end()
        tail_at = max(start, path.stat().st_size - _ENDS)
        file.seek(tail_at)
        tail = file.read()
        end = len(tail)
        while (end := tail.rfind(b"]", 0, end)) >= 0:
            envelope = _json_object(head[:start] + _STAND_IN + tail[end + 1 :])
            # The stand-in comes back only if all of 'value' was cut out; DuckDB checks the rows.
            if envelope is not None and envelope.pop("value", None) == orjson.loads(_STAND_IN):
                file.truncate(tail_at + end + 1)
                file.seek(0)
                file.write(b" " * start)
                return envelope
    return None


def parsed_whole(body: bytes) -> _Answer:
    """A page parsed in Python, with every number as the text it was sent as.

    Raises:
        BadAnswer: not a page of rows.
    """
    envelope = _parsed(body)
    rows = _rows(envelope.pop("value", None) if isinstance(envelope, dict) else None)
    return _Answer(envelope, rows)


def _rows(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise BadAnswer("the page has no list of rows in 'value'")
    return value


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(
            text.decode(errors="replace"),
            parse_float=str,
            parse_int=str,
            parse_constant=_no_number,
            strict=False,
        )
    except ValueError:
        raise BadAnswer("the page is not JSON, or was cut short") from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _json_object(text: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
