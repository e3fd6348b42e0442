"""What is wrong with a tenant right now, as a list of matters: made from its state, never from what
has been told before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bc_pipeline.alerts.kinds import DAYS_BEFORE_END, SLOW, TOKEN_LIFE
from bc_pipeline.alerts.matter import Matter, sameness
from bc_pipeline.catalogue import states
from bc_pipeline.catalogue.task import BC, SYSTEMS
from bc_pipeline.run.figures import COUNT_TOLERANCE
from bc_pipeline.run.freshness import LATE_AFTER, Freshness, minute
from bc_pipeline.run.graph import NOT_STARTED
from bc_pipeline.run.history import INTERRUPTED
from bc_pipeline.run.tenant_state import TenantState
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.buy_orders.buy_order import TASK as BUY_ORDERS
from bc_pipeline.values import grouped, listed, several

WENT_BACK = "source_went_back"
NAMED = 10
"""Records that a text names; the others are counted."""

_DAY = timedelta(days=1)


def of_tenant(tenant: Tenant, state: TenantState, now: datetime) -> list[Matter]:
    """Everything that is wrong with a tenant; nothing is expected of one that is switched off.

    Args:
        tenant: whose.
        state: how it stands.
        now: UTC.
    """
    if not tenant.enabled:
        return []
    return [
        *_storage(tenant, state),
        *_failures(tenant, state),
        *_lateness(tenant, state),
        *_held_deletions(state),
        *_exports(tenant, state),
        *_settings(state),
        *_ends(tenant, now),
        *_went_back(state),
        *_slow(state),
        *_quarantined(tenant, state),
        *_counts(state),
    ]


def of_wrong_settings(text: str) -> Matter:
    """The settings of a tenant, or the file as a whole, cannot be used."""
    return Matter("config", "settings", "The settings cannot be used; nothing runs with them", text)


def of_unreadable_state(text: str) -> Matter:
    """What is known of a tenant cannot be read."""
    return Matter("failed", f"state {sameness(text)}", "The tenant's state cannot be read", text)


def _storage(tenant: Tenant, state: TenantState) -> Iterator[Matter]:
    if state.storage is not None:
        yield of_storage(tenant.name, state.storage)


def of_storage(tenant: str, text: str) -> Matter:
    """Nothing can be stored, or soon."""
    what, _, todo = text.partition(". ")
    todo = f"{todo}. To try it: bc-pipeline sync {tenant}"
    return Matter(
        "disk", sameness(what), what, "runs store there what they read and sent", todo=todo
    )


_CUT_OFF = (
    "Nothing: the next tick goes on, or now: bc-pipeline sync {tenant}. If it comes back, look who "
    "ends the process; mostly the machine has too little memory"
)
_REFUSED = {
    "auth": ("token", "The last run was not let in: somebody has to sign in again, or to renew a "
             "secret"),
    "config": ("config", "The last run ended before it began: a setting is wrong"),
}  # fmt: skip


def _failures(tenant: Tenant, state: TenantState) -> Iterator[Matter]:
    last = state.last_run
    if last is None:
        return
    if last["status"] == "failed":
        kind, what = _REFUSED.get(last["refused_by"] or "", ("failed", "The last run failed"))
        reason = last["reason"] or "no reason is known"
        if reason == INTERRUPTED and state.storage:
            return  # it could not be booked
        todo = _CUT_OFF.format(tenant=tenant.name) if reason == INTERRUPTED else None
        yield Matter(kind, sameness(reason), what, reason, todo=todo, run_id=last["run_id"])
        return
    failed = [each for each in state.freshness.values() if each.failed]
    causes = [each for each in failed if NOT_STARTED not in (each.reason or "")]
    stopped = [each.entity for each in failed if each not in causes] if causes else []
    behind = f"{', '.join(stopped)} could not start without it; " if stopped else ""
    for reason, group in grouped(causes or failed, lambda each: sameness(each.reason)).items():
        names = ", ".join(each.entity for each in group)
        what = f"{names} failed in the last run; {behind}the rest went on"
        why = group[0].reason
        yield Matter("failed", reason, what, why, group[0].entity, run_id=last["run_id"])


def _lateness(tenant: Tenant, state: TenantState) -> Iterator[Matter]:
    if state.last_run is None:
        what = "It never ran"
        yield Matter("late", "never", what, "no run has ended yet", patience=LATE_AFTER)
        return
    late = [each for each in state.freshness.values() if each.late]
    for reason, group in grouped(late, lambda each: sameness(each.reason)).items():
        why = group[0].reason or "no run has read or sent it since; none that failed is booked"
        yield Matter("late", reason, _late_words(group), why)
    if state.stock is not None and state.stock.late:
        minutes = tenant.sync.stock_late_after_minutes
        why = f"allowed are {minutes} min (sync.stock_late_after_minutes)"
        since = state.stock.as_of
        what = f"The stock in Optiply is of {minute(since)}" if since else "Stock was never sent"
        yield Matter("stock_late", "stock", what, why)


def _late_words(group: list[Freshness]) -> str:
    if len(group) == 1:
        return _sentence(group[0].in_words().partition(": ")[0])
    oldest = min(group, key=lambda each: each.good or datetime.min.replace(tzinfo=UTC))
    return (
        f"{len(group)} entities are older than they may be; the oldest: "
        f"{oldest.in_words().partition(': ')[0]}"
    )


def _held_deletions(state: TenantState) -> Iterator[Matter]:
    for entity, group in grouped(state.deletions, lambda each: each.entity).items():
        names = listed([each.text for each in group], NAMED)
        what = f"{several(len(group), 'deletion')} in {entity} held until approved: {names}"
        why = "so many at once look like a mistake; nothing was deleted in Optiply"
        yield Matter("guard", entity, what, why, entity, which=names)


def _exports(tenant: Tenant, state: TenantState) -> Iterator[Matter]:
    open_rows = [row for row in state.exports if row["state"] in _EXPORT_WHAT]
    for (entity, status, reason), group in grouped(
        open_rows, lambda row: (row["entity"], row["state"], sameness(row["reason"]))
    ).items():
        records = [str(row["external_id"] or row["key"]) for row in group]
        is_order = entity == BUY_ORDERS
        one = len(group) == 1
        called = several(len(group), "buy order" if is_order else "record")
        if not is_order:
            called = f"{called} of {entity.partition('/')[2]}"
        names = listed(records, NAMED)
        what = f"{called} {_EXPORT_WHAT[status][not one]}: {names}"
        yield Matter(
            "blocked",
            f"{entity} {status} {reason}",
            what,
            group[0]["reason"],
            entity,
            states.advice(entity, status, tenant.name, records),
            members=tuple(records) if is_order else (),
            which=names,
        )


_EXPORT_WHAT = {
    "blocked": ("is blocked", "are blocked"),
    "ambiguous": ("may or may not be in Business Central",) * 2,
    "failed": ("was refused", "were refused"),
}
"""Of one record, and of several."""


def _settings(state: TenantState) -> Iterator[Matter]:
    failed = {each.reason for each in state.freshness.values() if each.failed}
    for reason, group in grouped(
        ((entity, text) for entity, text in state.settings if text not in failed),
        lambda each: sameness(each[1]),
    ).items():
        names = ", ".join(entity for entity, _ in group)
        yield Matter("config", reason, f"{names}: a setting is wrong", group[0][1], group[0][0])


def _ends(tenant: Tenant, now: datetime) -> Iterator[Matter]:
    settings = tenant.business_central
    if settings.client_secret_expires is not None:
        yield from _end(
            "client secret",
            "The client secret of the app registration",
            settings.client_secret_expires,
            now,
            "Make a new client secret in the Entra app registration, put it where "
            "business_central.client_secret takes it from, write its last day in "
            f"client_secret_expires, then: bc-pipeline check {tenant.name}",
        )
    if settings.refresh_token is not None:
        used = TokenStore(tenant.home).saved_at(tenant.name, SYSTEMS[BC])
        if used is None:
            return
        yield from _end(
            "refresh token",
            "The sign-in of Business Central (its refresh token, which has not been used since "
            f"{used:%Y-%m-%d})",
            (used + TOKEN_LIFE).date(),
            now,
            f"Use it: bc-pipeline check {tenant.name}. When that is refused, sign in again: "
            f"bc-pipeline connect {tenant.name}",
        )


def _end(reason: str, what: str, day: date, now: datetime, todo: str) -> Iterator[Matter]:
    left = (day - now.date()) // _DAY
    passed = tuple(f"{days} days" for days in DAYS_BEFORE_END if left <= days)
    if passed:
        when = f"ends on {day} ({left} days)" if left > 0 else f"has ended on {day}"
        why = "Microsoft does not let the runs in after that"
        yield Matter(
            "token",
            reason,
            f"{what} {when}",
            why,
            todo=todo,
            members=passed,
            announced=left > 0,
        )


def _went_back(state: TenantState) -> Iterator[Matter]:
    for row in state.figures.get("warnings", ()):
        if row["kind"] == WENT_BACK:
            what = f"{row['entity']} is as it was earlier; it was read in full"
            yield Matter("went_back", row["entity"], what, row["message"], row["entity"])


def _slow(state: TenantState) -> Iterator[Matter]:
    last = state.last_run
    if last is None or last["run_no"] <= 1:  # the first sync takes its time
        return
    took = last["ended_at"] - last["started_at"]
    if took > SLOW:
        minutes = int(took.total_seconds() // 60)
        limit = int(SLOW.total_seconds() // 60)
        what = f"The last run took {minutes} minutes; more than {limit} eat the next one's time"
        yield Matter("slow", "slow", what, run_id=last["run_id"])


def _quarantined(tenant: Tenant, state: TenantState) -> Iterator[Matter]:
    held = [row for row in state.held if row["state"] == "quarantined"]
    for (entity, reason), group in grouped(
        held, lambda row: (row["entity"], sameness(row["reason"], loosely=True))
    ).items():
        names = listed([_record_name(row) for row in group], NAMED)
        what = f"{several(len(group), 'record')} of {entity} in quarantine: {names}"
        why = group[0]["reason"]
        records = [str(row["number"] or row["remote_id"]) for row in group]
        todo = states.advice(entity, "quarantined", tenant.name, records)
        yield Matter("quarantined", f"{entity} {reason}", what, why, entity, todo, which=names)


def _record_name(row: dict[str, Any]) -> str:
    return " ".join(filter(None, (row["number"], row["name"]))) or str(row["remote_id"])


def _counts(state: TenantState) -> Iterator[Matter]:
    for entity, (wanted, standing) in state.figures.get("missing", {}).items():
        missing = wanted - standing
        if missing > wanted * COUNT_TOLERANCE:
            what = f"{entity}: {standing} of {wanted} records stand in Optiply"
            yield Matter("counts", entity, what, f"{missing} are missing", entity)


def _sentence(text: str) -> str:
    named = "/" in text.partition(" ")[0]  # an entity is written as it is typed
    return text if named else text[:1].upper() + text[1:]
