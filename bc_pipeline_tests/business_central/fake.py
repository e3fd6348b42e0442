"""A Business Central that does whatever a test says, however wrong: for what the sandbox,
which plays a correct one, cannot play."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.http.repeating import Backoff
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

COMPANY = {"id": "11111111-1111-1111-1111-111111111111", "name": "CRONUS", "displayName": "Cronus"}
SECRET, SEED = "s3cret-value", "seed-refresh-token"
QUICK = Backoff(base_seconds=0.001, cap_seconds=0.002)


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def entity_set(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Reply:
    """What to send; ``length`` promises another size than the body has."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


Answering = Callable[[Seen], Reply | None]


def page(rows: list[Any], following: str | None = None) -> Reply:
    envelope: dict[str, Any] = {"@odata.context": "$metadata#x", "value": rows}
    if following:
        envelope["@odata.nextLink"] = following
    return Reply(body=json.dumps(envelope).encode())


def error(status: int, code: str, message: str = "no", **headers: str) -> Reply:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Reply(status, body, {name.replace("_", "-"): text for name, text in headers.items()})


class FakeBusinessCentral:
    """A server on loopback. ``on`` adds answers, the latest is asked first; None passes on."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._answering: list[Answering] = [self._default]
        self._guard = threading.Lock()
        self.tokens_issued = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body of an answer go out at once

            def do_any(self) -> None:
                fake._answer(self)

            do_GET = do_POST = do_PATCH = do_DELETE = do_any  # noqa: N815

            def log_message(self, format: str, *arguments: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def on(self, answering: Answering) -> None:
        self._answering.insert(0, answering)

    def on_set(self, entity_set: str, *replies: Reply | Callable[[Seen], Reply]) -> None:
        """One reply after the other for an entity set; the last one for ever."""
        left = list(replies)

        def answer(seen: Seen) -> Reply | None:
            if seen.method != "GET" or seen.entity_set != entity_set:
                return None
            with self._guard:
                reply = left.pop(0) if len(left) > 1 else left[0]
            return reply(seen) if callable(reply) else reply

        self.on(answer)

    def requests_of(self, entity_set: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.entity_set == entity_set]

    def url_of(self, path: str) -> str:
        return f"{self.url}/v2.0/Production/api/v2.0/companies({COMPANY['id']})/{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _default(self, seen: Seen) -> Reply | None:
        if seen.path.endswith("/oauth2/v2.0/token"):
            with self._guard:
                self.tokens_issued += 1
                number = self.tokens_issued
            token = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"access-{number}"}
            if seen.form.get("grant_type") == "refresh_token":
                token["refresh_token"] = f"refresh-{number}"
            return Reply(body=json.dumps(token).encode())
        if seen.entity_set == "companies":
            return page([COMPANY])
        return None

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        seen = Seen(
            handler.command,
            unquote(parts.path),
            {name: unquote(text) for name, text in query.items()},
            {name.lower(): text for name, text in handler.headers.items()},
            handler.rfile.read(int(handler.headers.get("Content-Length") or 0)),
        )
        with self._guard:
            self.seen.append(seen)
        found = (answering(seen) for answering in list(self._answering))
        reply = next(
            (each for each in found if each), error(404, "BadRequest_NotFound", "not played")
        )
        handler.send_response(reply.status)
        handler.send_header("Content-Type", "application/json")
        for name, text in reply.headers.items():
            handler.send_header(name, text)
        length = len(reply.body) if reply.length is None else reply.length
        if reply.status != 204:
            handler.send_header("Content-Length", str(length))
        if length != len(reply.body):
            handler.close_connection = True
        handler.end_headers()
        handler.wfile.write(reply.body)


class Source:
    """Entity sets with rows, served in pages of the size asked for; filters by stamp and ids."""

    def __init__(self, fake: FakeBusinessCentral) -> None:
        self.fake = fake
        self.sets: dict[str, list[dict[str, Any]]] = {}
        fake.on(self._answer)

    def rows_for(self, seen: Seen, name: str) -> list[dict[str, Any]]:
        """What this request is answered from."""
        del seen
        return self.sets[name]

    def _answer(self, seen: Seen) -> Reply | None:
        name, _, key = seen.entity_set.removesuffix(")").partition("(")
        if seen.method != "GET" or name not in self.sets:
            return None
        known = self.rows_for(seen, name)
        if key:
            row = next((row for row in known if row["id"] == key), None)
            found = Reply(body=json.dumps(row).encode())
            return found if row else error(404, "BadRequest_NotFound")
        rows = [row for row in known if self._matches(row, seen.query)]
        rows = rows[: int(seen.query.get("$top", len(rows)))]
        size = int(seen.headers["prefer"].removeprefix("odata.maxpagesize="))
        start = int(seen.query.get("$skiptoken", "0"))
        following = None
        if start + size < len(rows):
            kept = "&".join(
                f"{name}={text}".replace(" ", "%20")
                for name, text in seen.query.items()
                if name != "$skiptoken"
            )
            following = f"{self.fake.url}{seen.path}?{kept}&$skiptoken={start + size}"
        return page(rows[start : start + size], following)

    @staticmethod
    def _matches(row: dict[str, Any], query: dict[str, str]) -> bool:
        condition = query.get("$filter", "")
        if wanted := re.findall(r"\bid eq (\S+)", condition):
            return row["id"] in wanted
        since = re.search(r"lastModifiedDateTime ge ([\d:.TZ-]+)", condition)
        if not since:
            return True
        unstamped = "eq 0001-01-01T00:00:00Z" in condition
        stamp = str(row["lastModifiedDateTime"])
        return _moment(stamp) >= _moment(since[1]) or (unstamped and stamp.startswith("0001"))


def _moment(text: str) -> str:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<7}"


def make_tenant(url: str, home: Path, *, sync: dict[str, Any] | None = None, **bc: Any) -> Tenant:
    settings = {
        "environment_name": "Production",
        "company": "CRONUS",
        "client_id": "the-app",
        "client_secret": SECRET,
        "refresh_token": SEED,
        "api_url": url,
        "login_url": url,
        "connect_timeout_seconds": 5,
        "read_timeout_seconds": 5,
        "max_attempts": 3,
        **bc,
    }
    optiply = dict.fromkeys(("client_id", "client_secret", "username", "password"), "x")
    return Tenant.model_validate(
        {
            "name": "acme",
            "home": home,
            "snapshot_dir": home / "snapshots" / "acme",
            "business_central": settings,
            "optiply": {**optiply, "account_id": 1, "coupling_id": 1},
            "sync": sync or {},
        }
    )


@dataclass
class World:
    """A fake, a tenant that points at it, and the tenant's files."""

    fake: FakeBusinessCentral
    home: Path
    tenant: Tenant
    bc: BusinessCentral
    snapshot: Snapshot

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.snapshot.cursor() as cursor:
            return cursor.execute(query).fetchall()


def make_bc(fake: FakeBusinessCentral, home: Path, **settings: Any) -> BusinessCentral:
    return BusinessCentral(make_tenant(fake.url, home, **settings), TokenStore(home), backoff=QUICK)
