"""Sending what waits in a book. Whoever hangs or refuses is tried again later, by any process; runs
never wait for it longer than a few seconds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bc_pipeline import clock
from bc_pipeline.alerts.book import KEPT, Book, Waiting, fingerprint, locked, opened
from bc_pipeline.alerts.message import Message
from bc_pipeline.alerts.sending import NotSent, send
from bc_pipeline.errors import TenantBusy
from bc_pipeline.tenants.alert_settings import Addresses, AlertAddress

PATIENCE_SECONDS = 5.0
"""For how long a run, or a sensor, waits for the messages of one tenant to be sent."""
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
UNKNOWN = "no answer yet, or its process ended before there was one"

log = logging.getLogger(__name__)

_rested: dict[str, float] = {}
"""Addresses that failed in this process, and until when they are left alone: a receiver that hangs
costs a sweep over hundreds of tenants its few seconds once. One that is being told is among
them."""


def deliver(path: Path, addresses: Addresses, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Send what waits; returns after ``seconds`` at the latest, whatever becomes of it.

    Args:
        path: of the book.
        addresses: who may be told.
        seconds: how long to wait.
    """
    within(seconds, lambda: send_waiting(path, addresses))


def within(seconds: float, work: Callable[[], None]) -> None:
    """Do something beside the caller, who waits for it only so long. It goes on afterwards, as long
    as the process does; its failures are logged."""

    def guarded() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - nothing of it reaches a run
            # The text of an error nobody has foreseen may hold an address.
            log.warning("alerts could not be sent (%s)", type(error).__name__)

    thread = threading.Thread(target=guarded, name="alerts", daemon=True)
    thread.start()
    thread.join(seconds)


def send_waiting(path: Path, addresses: Addresses) -> None:
    """Send what waits and is due, one after another. While another process does that, nothing."""
    known = {fingerprint(address): address for address in addresses}
    try:
        with locked(path, ".sending", 0):
            while found := _next(path, known):
                to, message = found
                _booked(path, to, message, _try(known[to], to, message))
    except TenantBusy:
        return


def _next(path: Path, known: dict[str, AlertAddress]) -> tuple[str, Message] | None:
    """The next one to be sent; what nobody is to be told any more goes. That it is tried is noted
    first: who kills a process by hanging must not be the first one of the next process again."""
    now = clock.now()
    with opened(path) as book:
        book.waiting[:] = [
            each for each in book.waiting if each.to in known and now - each.since < KEPT
        ]
        for each in book.waiting:
            if each.not_before <= now and _rested.get(each.to, 0.0) <= clock.monotonic():
                each.not_before = now + min(_FIRST_PAUSE * 2**each.tries, _LONGEST_PAUSE)
                each.tries += 1
                each.error = UNKNOWN
                return each.to, each.message
    return None


def _try(address: AlertAddress, to: str, message: Message) -> str | None:
    """Send it; why it did not get through."""
    _rested[to] = clock.monotonic() + _FIRST_PAUSE.total_seconds()
    try:
        send(address, message)
    except NotSent as error:
        return str(error)
    _rested.pop(to, None)
    return None


def _booked(path: Path, to: str, message: Message, error: str | None) -> None:
    with opened(path) as book:
        entry = _find(book, to, message)
        if entry is None:
            return
        if error is None:
            book.waiting.remove(entry)
        else:
            entry.error = error


def _find(book: Book, to: str, message: Message) -> Waiting | None:
    return next(
        (each for each in book.waiting if each.to == to and each.message.id == message.id), None
    )
