"""Who has been told of what: one small file for each tenant, ``<home>/alerts/<tenant>.json``, which
every process shares. It is changed under a lock and replaced as a whole, so of two processes that
see the same, one tells it.

Where it cannot be written, such as on a full disk, it is kept in the system's directory of
temporary files, and where that cannot be either, in the memory of the process: what is told may
then be told again by another one, but it is told.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import orjson
from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from bc_pipeline.alerts.message import Message
from bc_pipeline.errors import TenantBusy
from bc_pipeline.tenants import files
from bc_pipeline.tenants.alert_settings import AlertAddress
from bc_pipeline.tenants.settings import TENANT_KEY_PATTERN

DIRECTORY = "alerts"
INSTALLATION = "_installation"
"""Name of the book of what concerns all tenants; no tenant can be called so."""
LOCK_SECONDS = 2.0
_OWNER = os.getuid() if hasattr(os, "getuid") else 0
"""Who we are; Windows knows no such number, and keeps what it cannot store in memory."""
_kept: dict[Path, bytes] = {}
"""Books that could be written nowhere; of this process."""

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


_BOOK = TypeAdapter(Book)


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
    for told in (_kept.__getitem__, _spared, Path.read_bytes):
        with suppress(*files.UNUSABLE):
            return _BOOK.validate_json(told(path))
    return Book()


@contextmanager
def opened(path: Path) -> Iterator[Book]:
    """The book, to be changed; kept at the end of the ``with`` if it was.

    Raises:
        TenantBusy: another process does not let go of it.
    """
    with locked(path, ".lock", LOCK_SECONDS):
        book = read(path)
        before = _to_json(book)
        yield book
        after = _to_json(book)
        if after != before or path in _kept or _spare(path).exists():
            _keep(path, after)


@contextmanager
def locked(path: Path, ending: str, seconds: float) -> Iterator[None]:
    """Keeps others away from a book; other processes only where a lock can be written.

    Args:
        path: of the book.
        ending: of the lock's file.
        seconds: how long to wait for it.

    Raises:
        TenantBusy: somebody holds it.
    """
    with ExitStack() as held:
        for place in (path, _spare(path)):
            try:
                _make_directory(path, place)
                held.enter_context(FileLock(place.with_suffix(ending), timeout=seconds))
                break
            except Timeout:
                raise TenantBusy(f"another process holds {path}") from None
            except OSError:
                continue
        yield


def _keep(path: Path, content: bytes) -> None:
    """Where it belongs, or where it can be."""
    for place in (path, _spare(path)):
        try:
            _make_directory(path, place)
            files.replace(place, content)
        except OSError:
            continue
        _kept.pop(path, None)
        if place == path:
            with suppress(OSError):
                _spare(path).unlink()
        return
    _kept[path] = content


def _spared(path: Path) -> bytes:
    spare = _spare(path)
    return spare.read_bytes() if _is_ours(spare.parent) else b""


def _spare(path: Path) -> Path:
    """Where a book is while it cannot be where it belongs; nobody but us may write there."""
    name = f"{blake2b(os.fsencode(path.absolute()), digest_size=9).hexdigest()}.json"
    return Path(tempfile.gettempdir(), f"bc-pipeline-alerts-{_OWNER}", name)


def _make_directory(path: Path, place: Path) -> None:
    if place == path:
        path.parent.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(mode=0o700, exist_ok=True)
    if not _is_ours(place.parent):
        raise PermissionError(f"{place.parent} is not ours")


def _is_ours(directory: Path) -> bool:
    """Whether nobody else can have written there."""
    found = directory.lstat()
    private = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == _OWNER and private


def _to_json(book: Book) -> bytes:
    return orjson.dumps(asdict(book), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
