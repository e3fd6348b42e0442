"""Who has been told of what: one small file for each tenant, ``<home>/alerts/<tenant>.json``, which
every process shares. It is changed under a lock and replaced as a whole, so of two processes that
see the same, one tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout

from bc_pipeline.alerts.message import Message
from bc_pipeline.errors import TenantBusy
from bc_pipeline.tenants import files
from bc_pipeline.tenants.alert_settings import AlertAddress
from bc_pipeline.tenants.settings import TENANT_KEY_PATTERN

DIRECTORY = "alerts"
INSTALLATION = "_installation"
"""Name of the book of what concerns all tenants; no tenant can be called so."""
LOCK_SECONDS = 2.0
KEPT = timedelta(days=1)
"""For how long a message is tried to be sent; after that it tells nothing any more."""


@dataclass
class Entry:
    """One matter that stands.

    Args:
        kind, what, entity: of the matter.
        since: when it was first seen.
        first_run: how many runs there had been then.
        told_at: when it was told; None: not yet.
        escalated: it was told once more.
        members: what it was about when it was told.
    """

    kind: str
    what: str
    entity: str | None
    since: datetime
    first_run: int
    told_at: datetime | None = None
    escalated: bool = False
    members: tuple[str, ...] = ()


@dataclass
class Waiting:
    """A message that is still to reach somebody.

    Args:
        to: fingerprint of the address.
        message: what is said.
        since: when it was written.
        not_before: when it is tried again.
        tries: how often it was tried.
        error: what became of the last try.
    """

    to: str
    message: Message
    since: datetime
    not_before: datetime
    tries: int = 0
    error: str | None = None


@dataclass
class Book:
    """What is known.

    Args:
        standing: by the matter's key.
        waiting: messages still to be sent.
        digests: fingerprint of an address -> the day of its last digest.
    """

    standing: dict[str, Entry] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)


def fingerprint(address: AlertAddress) -> str:
    """What stands for an address where it must not be told."""
    secret = address.secret.get_secret_value() if address.secret else ""
    told = f"{address.url.get_secret_value()} {secret}".encode()
    return blake2b(told, digest_size=9).hexdigest()


def path_of(home: Path, tenant: str) -> Path:
    """Where a tenant's book stands; ``""``: that of the installation. Settings may be wrong because
    of the very name, which then is none for a file."""
    name = tenant or INSTALLATION
    if tenant and not re.fullmatch(TENANT_KEY_PATTERN, tenant):
        name = f"_{blake2b(tenant.encode(errors='replace'), digest_size=9).hexdigest()}"
    return home / DIRECTORY / f"{name}.json"


def read(path: Path) -> Book:
    """The book as it is; an empty one when there is none, or none that can be read."""
    try:
        return _from_json(orjson.loads(path.read_bytes()))
    except files.UNUSABLE:
        return Book()


@contextmanager
def opened(path: Path) -> Iterator[Book]:
    """The book, to be changed; kept at the end of the ``with`` if it was.

    Raises:
        TenantBusy: another process does not let go of it.
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_SECONDS):
            book = read(path)
            before = _to_json(book)
            yield book
            after = _to_json(book)
            if after != before:
                files.replace(path, after)
    except Timeout:
        raise TenantBusy(f"another process holds {path}") from None


def _to_json(book: Book) -> bytes:
    return orjson.dumps(asdict(book), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def _from_json(told: dict[str, Any]) -> Book:
    return Book(
        {key: Entry(**_with_moments(entry)) for key, entry in told["standing"].items()},
        [
            Waiting(**_with_moments({**each, "message": Message(**each["message"])}))
            for each in told["waiting"]
        ],
        dict(told["digests"]),
    )


def _with_moments(row: dict[str, Any]) -> dict[str, Any]:
    moments = ("since", "told_at", "not_before")
    made: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in moments and value else value
        for name, value in row.items()
    }
    return {**made, "members": tuple(made["members"])} if "members" in made else made
