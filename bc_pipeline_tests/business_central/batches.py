"""The ``$batch`` of the fake: strict about what it is sent, and as odd as a test wants it to be."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bc_pipeline.business_central.batch import Part
from bc_pipeline_tests.business_central.fake import FakeBusinessCentral, Reply, Seen, error

Request = dict[str, Any]
Answering = Callable[[Request], Request]


def answer(status: int, body: Any = None, **headers: str) -> Request:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return {"status": status, "headers": names, **({} if body is None else {"body": body})}


def refusal(status: int, code: str, message: str = "no", **headers: str) -> Request:
    return answer(status, {"error": {"code": code, "message": message}}, **headers)


def created(request: Request) -> Request:
    return answer(201, {"id": f"id-of-{request['id']}", **request.get("body", {})})


class Batches:
    """Answers every part with ``answering``; keeps what it was sent.

    Attributes:
        continues: goes on after a failing part where the request asks for it.
        mangle: changes the list of answers before it is sent.
        received: the parts of each batch.
        headers: of each batch.
    """

    def __init__(self, fake: FakeBusinessCentral, answering: Answering = created) -> None:
        self.answering = answering
        self.continues = True
        self.mangle: Callable[[list[Request]], Any] = lambda answers: answers
        self.received: list[list[Request]] = []
        self.headers: list[dict[str, str]] = []
        fake.on(self._reply)

    @property
    def ids(self) -> list[list[str]]:
        return [[part["id"] for part in parts] for parts in self.received]

    def _reply(self, seen: Seen) -> Reply | None:
        if seen.entity_set != "$batch":
            return None
        parts = json.loads(seen.body, parse_float=Decimal)["requests"]
        self.received.append(parts)
        self.headers.append(seen.headers)
        if wrong := _wrong(seen, parts):
            return error(400, "BadRequest", wrong)
        asked = "continue-on-error=true" in seen.headers.get("prefer", "")
        answers: list[Request] = []
        for part in parts:
            answers.append({"id": part["id"], **self.answering(part)})
            if answers[-1]["status"] >= 400 and not (asked and self.continues):
                break
        text = json.dumps({"responses": self.mangle(answers)}, default=str)
        return Reply(200, text.encode())


def shuffled(answers: list[Request]) -> list[Request]:
    return random.Random(7).sample(answers, len(answers))


def _wrong(seen: Seen, parts: list[Request]) -> str | None:
    if seen.method != "POST" or seen.headers.get("content-type") != "application/json":
        return "a batch is POSTed as JSON"
    if not 0 < len(parts) <= 100:
        return f"{len(parts)} parts"
    if len({part["id"] for part in parts}) != len(parts):
        return "ids are not unique"
    for part in parts:
        headers = {name.lower() for name in part["headers"]}
        if part["method"] in ("PATCH", "DELETE") and "if-match" not in headers:
            return f"{part['id']}: If-Match is missing"
        if "body" in part and "content-type" not in headers:
            return f"{part['id']}: Content-Type is missing"
        if part["url"].startswith(("/", "http")) or any(c in part["url"] for c in ' #"'):
            return f"{part['id']}: not a relative URL"
    return None


def posts(count: int) -> list[Part]:
    return [Part(f"p{n}", "POST", "companies(c)/customers", {"n": n}) for n in range(count)]


def gets(count: int) -> list[Part]:
    return [Part(f"g{n}", "GET", f"companies(c)/customers({n})") for n in range(count)]


def scripted(**scripts: list[Request]) -> Any:
    """Answers one part after the other from its script; the last one for ever."""

    def answering(part: Request) -> Request:
        script = scripts.get(part["id"])
        if not script:
            return created(part)
        return script.pop(0) if len(script) > 1 else script[0]

    return answering


THROTTLED = refusal(429, "Application_TooManyRequests", "slow down")
REFUSED = refusal(400, "Application_DialogException", "not like this")
