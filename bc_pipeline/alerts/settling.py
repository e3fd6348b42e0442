"""What is new, what goes on and what is over: matters as they are, beside what has been told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from bc_pipeline.alerts import message as messages
from bc_pipeline.alerts.book import Book, Entry, Waiting, fingerprint
from bc_pipeline.alerts.kinds import ESCALATED_AFTER, ESCALATED_AFTER_RUNS, KINDS, Kind
from bc_pipeline.alerts.matter import Matter
from bc_pipeline.alerts.message import Event, Message
from bc_pipeline.run.freshness import minute
from bc_pipeline.tenants.alert_settings import Addresses, AlertAddress


def settle(
    book: Book,
    tenant: str,
    matters: Iterable[Matter],
    addresses: Addresses,
    *,
    runs: int,
    now: datetime,
    all_of_it: bool = True,
) -> None:
    """Note how matters stand, and what is to be said of it: each once, once more after three runs,
    and once when it is over. One message for all news of a kind.

    Args:
        book: of the tenant, which is changed.
        tenant: whose; ``""``: the installation's.
        matters: all that stand now.
        addresses: who is told.
        runs: how many runs there have been, ticks without one included.
        now: UTC.
        all_of_it: what is not among ``matters`` is over; else nothing is known of the rest.
    """
    news: defaultdict[tuple[Event, str], list[tuple[Matter, datetime]]] = defaultdict(list)
    current = {matter.key: matter for matter in matters}
    for key, matter in current.items():
        entry = book.standing.setdefault(key, _entry(matter, runs, now))
        entry.what = matter.what
        if event := _event(entry, matter, runs, now):
            news[event, matter.kind].append((matter, entry.since))
    if all_of_it:
        for key in [key for key in book.standing if key not in current]:
            entry = book.standing.pop(key)
            if entry.told_at is not None and KINDS[entry.kind].recovers:
                over = Matter(entry.kind, key, entry.what, entity=entry.entity)
                news["recovered", entry.kind].append((over, entry.since))
    for (event, name), told in news.items():
        kind = KINDS[name]
        message = messages.about(event, kind, tenant, told, now)
        _queue(book, message, _who(addresses, event, kind), now)


def forget(book: Book) -> None:
    """Nothing is expected of the tenant any more; nobody is told that it is over."""
    book.standing.clear()
    book.waiting.clear()


def summarise(
    book: Book,
    tenant: str,
    addresses: Addresses,
    further: Callable[[], Sequence[str]],
    *,
    zone: tzinfo,
    now: datetime,
) -> None:
    """Once a day, what still stands, for each address at its hour.

    Args:
        book: of the tenant, which is changed.
        tenant: whose.
        addresses: who is told.
        further: lines about what stands besides; asked for only when a digest is due.
        zone: whose hours.
        now: UTC.
    """
    local = now.astimezone(zone)
    today = local.date().isoformat()
    due = [
        address
        for address in addresses
        if address.wants("digest")
        and local.hour >= address.digest_hour
        and book.digests.get(fingerprint(address)) != today
    ]
    if not due:
        return
    for address in due:
        book.digests[fingerprint(address)] = today
    lines = [
        f"{KINDS[entry.kind].title}, since {minute(entry.since)}: {entry.what}"
        for entry in book.standing.values()
        if entry.told_at is not None
    ]
    lines += further()
    if lines:
        _queue(book, messages.digest(tenant, lines, now), due, now)


def _entry(matter: Matter, runs: int, now: datetime) -> Entry:
    return Entry(matter.kind, matter.what, matter.entity, now, runs)


def _event(entry: Entry, matter: Matter, runs: int, now: datetime) -> Event | None:
    """Why a matter is told now, if it is; the entry is changed accordingly."""
    if entry.told_at is None:
        if now - entry.since < matter.patience:
            return None
        entry.told_at, entry.members = now, matter.members
        return "raised"
    further = set(matter.members) - set(entry.members)
    entry.members = matter.members
    if further:
        return "raised"
    long = (
        runs - entry.first_run >= ESCALATED_AFTER_RUNS - 1 or now - entry.told_at >= ESCALATED_AFTER
    )
    again = KINDS[matter.kind].escalates and not matter.announced
    if again and not entry.escalated and long:
        entry.escalated = True
        return "escalated"
    return None


def _who(addresses: Addresses, event: Event, kind: Kind) -> list[AlertAddress]:
    """That it is over is told to those who were told of it."""
    told = [address for address in addresses if address.wants(*kind.heard)]
    return [each for each in told if each.wants("recovered")] if event == "recovered" else told


def _queue(book: Book, message: Message, to: Iterable[AlertAddress], now: datetime) -> None:
    for address in to:
        book.waiting.append(Waiting(fingerprint(address), replace(message), now, now))
