"""Whatever a server does to a batch: every part ends once, and no write is done twice."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import requests
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bc_pipeline.business_central.answers import BadAnswer, encoded
from bc_pipeline.business_central.batch import MAX_PARTS, Part, PartAnswer, chunks, send_batch
from bc_pipeline.errors import RequestFailed
from bc_pipeline_tests.slow import examples

TRIES = 3

outcomes = st.sampled_from(
    ["done", "done", "done", "refused", "throttled", "server error", "done, answer lost", "lost"]
)
DOES = {"done", "done, answer lost", "server error"}
"""Outcomes after which BC has done the write, as far as anybody can tell from outside."""


class Server:
    """Runs parts one after another as scripted, and counts what was really done."""

    def __init__(self, scripts: Mapping[str, list[str]], *, continues: bool, cut: int | None):
        self._scripts = {id: list(script) for id, script in scripts.items()}
        self._continues = continues
        self._cut = cut
        self.done: Counter[str] = Counter()
        self.sizes: list[int] = []
        self.misleading = False
        """It went on after a failure but lost all answers from there on: nobody can tell that
        from a server that stopped."""

    def request(
        self,
        method: str,
        url: str,
        consume: Callable[[requests.Response], Any],
        *,
        headers: Mapping[str, str],
        body: Any,
        reads_only: bool,
    ) -> Any:
        parts = json.loads(encoded(body))["requests"]
        self.sizes.append(len(parts))
        answers = self._run(parts)
        response = requests.Response()
        response.raw = io.BytesIO(json.dumps({"responses": answers}).encode())
        if self._cut == len(self.sizes):
            if reads_only:
                return self.request(
                    method, url, consume, headers=headers, body=body, reads_only=reads_only
                )
            raise RequestFailed("cut off", uncertain=True)
        try:
            return consume(response)
        except BadAnswer as error:
            raise RequestFailed(str(error), uncertain=True) from None

    def renew_token(self) -> None: ...

    def redacted(self, text: str) -> str:
        return text

    def _run(self, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers = []
        for part in parts:
            script = self._scripts[part["id"]]
            outcome = script.pop(0) if script else "done"
            self.done[part["id"]] += outcome in DOES
            status = {"done": 201, "refused": 400, "throttled": 429, "server error": 500}.get(
                outcome
            )
            if status:
                answers.append({"id": part["id"], "status": status})
            if status and status >= 400 and not self._continues:
                break
        failed = [each["status"] >= 400 for each in answers]
        asked = [part["id"] for part in parts[: len(answers)]]
        if self._continues and len(answers) < len(parts) and failed[-1:] == [True]:
            self.misleading |= sum(failed) == 1 and asked == [each["id"] for each in answers]
        return list(reversed(answers))


class Bc:
    """As much of BusinessCentral as a batch needs."""

    def __init__(self, server: Server) -> None:
        self.http = server
        self.tenant = SimpleNamespace(business_central=SimpleNamespace(max_attempts=TRIES))
        self.throttle = SimpleNamespace(pause=lambda seconds: None, wait=lambda seconds: None)
        self.backoff = SimpleNamespace(seconds=lambda tries: 0.0)
        self.counter = SimpleNamespace(count=lambda **amounts: None)

    def api_url(self, path: str) -> str:
        return f"http://bc/{path}"


def send(server: Server, parts: list[Part]) -> dict[str, PartAnswer] | None:
    """None when nothing is known of any part."""
    try:
        return send_batch(Bc(server), parts)  # type: ignore[arg-type]
    except RequestFailed:
        return None


@settings(max_examples=examples(120, 1000), deadline=None)
@given(st.data(), st.booleans(), st.none() | st.integers(1, 4))
def test_given_any_server_then_each_part_ends_once_and_no_write_is_done_twice(
    data: st.DataObject, continues: bool, cut: int | None
):
    count = data.draw(st.integers(1, 12))
    parts = [
        Part(str(n), data.draw(st.sampled_from(["GET", "POST", "PATCH"])), "c/customers", None)
        for n in range(count)
    ]
    scripts = {part.id: data.draw(st.lists(outcomes, max_size=4)) for part in parts}
    server = Server(scripts, continues=continues, cut=cut)

    answers = send(server, parts)

    assume(not server.misleading)
    writes = [part.id for part in parts if part.method != "GET"]
    assert all(server.done[id] <= 1 for id in writes)
    if answers is None:
        assert len(server.sizes) == cut
        return
    assert list(answers) == [part.id for part in parts]
    for id in writes:
        if answers[id].ok:
            assert server.done[id] == 1
        elif not answers[id].uncertain:
            assert server.done[id] == 0


@given(st.integers(0, 450))
def test_given_any_number_of_parts_then_chunks_hold_each_once_in_order(count: int):
    parts = [Part(str(n), "GET", "x") for n in range(count)]

    found = list(chunks(parts))

    assert [part for chunk in found for part in chunk] == parts
    assert all(0 < len(chunk) <= MAX_PARTS for chunk in found)
    assert len(found) == -(-count // MAX_PARTS)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 350))
def test_given_a_sound_server_then_as_few_requests_as_possible_are_sent(count: int):
    server = Server({str(n): [] for n in range(count)}, continues=True, cut=None)

    answers = send(server, [Part(str(n), "POST", "x", {}) for n in range(count)])

    assert answers is not None
    assert all(answer.ok for answer in answers.values())
    assert len(server.sizes) == -(-count // MAX_PARTS)
