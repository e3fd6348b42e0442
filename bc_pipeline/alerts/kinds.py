"""Of what people are told: one entry for each kind of alert, with when and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from bc_pipeline.catalogue import states
from bc_pipeline.tenants.alert_settings import AlertKind

SLOW = timedelta(minutes=25)
"""A run that takes longer eats the half hour of the next one (flows.md 8)."""
ESCALATED_AFTER_RUNS = 3
ESCALATED_AFTER = timedelta(minutes=90)
"""Where nothing runs there are no runs to count: as long as three of them last."""
DAYS_BEFORE_END = (30, 7, 0)
"""Days before a secret or token ends on which it is told."""
TOKEN_LIFE = timedelta(days=90)
"""For how long Microsoft keeps a refresh token that nobody uses."""


@dataclass(frozen=True)
class Kind:
    """One kind of alert.

    Args:
        name: as ``on`` has it.
        title: what has happened, in a few words.
        when: it is told, for the documentation.
        todo: what to do, with ``{tenant}`` and ``{entity}``.
        heard_as: kinds that mean this one as well: who asks for them is told.
        escalates: told once more when it stands for three runs.
        recovers: it is told when it is over.
    """

    name: AlertKind
    title: str
    when: str
    todo: str
    heard_as: tuple[AlertKind, ...] = ()
    escalates: bool = True
    recovers: bool = True

    @property
    def heard(self) -> tuple[str, ...]:
        """The kinds of which an address must ask for one."""
        return (self.name, *self.heard_as)


_OF_OPTIPLY = "optiply/{entity}"
"""Of records for Optiply, which entity the message says."""

_KINDS = (
    Kind(
        "failed",
        "a run failed",
        "a run failed, or an entity of it while the rest went on",
        "Look at the reason above, then try it: bc-pipeline check {tenant}",
    ),
    Kind(
        "disk",
        "its files cannot be stored, or soon",
        "the snapshot's directory cannot be written (the disk is full or read-only, a quota is "
        "used up, rights are missing), or less than 200 MB are left",
        "Make room, or see to the right to write there, then: bc-pipeline sync {tenant}",
        heard_as=("failed",),
    ),
    Kind(
        "late",
        "data is late",
        "an entity was last read or sent more than 90 minutes ago (one that is read once a "
        "day: a day more), or the tenant never ran for 90 minutes",
        "See what is old and why: bc-pipeline status {tenant}. Is the schedule every_30_minutes "
        "on, and is Dagster's daemon running? By hand: bc-pipeline sync {tenant}",
    ),
    Kind(
        "stock_late",
        "stock is late",
        "the stock in Optiply is older than `sync.stock_late_after_minutes`",
        "See why: bc-pipeline status {tenant}. By hand: bc-pipeline stock {tenant}",
        heard_as=("late",),
    ),
    Kind(
        "guard",
        "deletions are held back",
        "deletions are held back",
        states.todo(_OF_OPTIPLY, states.GUARD, "{tenant}") or "",
    ),
    Kind(
        "blocked",
        "records are not in Business Central",
        "a buy order is blocked, may or may not be in Business Central, or was refused; "
        "records of files were refused. The message has how many, which and why. A further "
        "order is told again",
        "Repair the cause in Business Central or in the record. See all: bc-pipeline status "
        "{tenant}",
    ),
    Kind(
        "config",
        "settings are wrong",
        "a setting is wrong, a tenant's settings cannot be used, or tenants.yaml as a whole "
        "cannot be read (told to whom its `defaults` last named)",
        "Correct the setting in tenants.yaml, then: bc-pipeline check {tenant}",
        heard_as=("failed",),
    ),
    Kind(
        "token",
        "a sign-in has ended or is about to",
        "a system did not let the run in; the client secret ends in 30 or 7 days or has ended "
        "(`business_central.client_secret_expires`); the refresh token was not used for 60 "
        "days and more, and ends after 90",
        "Sign in to Business Central again: bc-pipeline connect {tenant}. Of Optiply, or of a "
        "client secret, put the new one where tenants.yaml takes it from. Then: bc-pipeline check "
        "{tenant}",
        heard_as=("config", "failed"),
    ),
    Kind(
        "went_back",
        "Business Central went back in time",
        "Business Central is as it was earlier: its environment was restored",
        "Was the environment restored to an earlier point? Compare: bc-pipeline verify {tenant}; "
        "deletions wait for you: bc-pipeline status {tenant}",
        heard_as=("guard",),
        escalates=False,
        recovers=False,
    ),
    Kind(
        "slow",
        "a run took too long",
        "a run took more than 25 minutes, the first one apart",
        "Look at the run for what took the time; if it goes on, give the tenant fewer entities or "
        "more requests at once. How it stands: bc-pipeline status {tenant}",
        escalates=False,
        recovers=False,
    ),
    Kind(
        "quarantined",
        "records are refused for a new reason",
        "records are refused for a new reason",
        states.advice(_OF_OPTIPLY, "quarantined", "{tenant}", ()),
        escalates=False,
        recovers=False,
    ),
    Kind(
        "counts",
        "Optiply has fewer records than it should",
        "more than 1 % of the products, suppliers or sell orders that Optiply should have are "
        "missing there",
        "See which are missing: bc-pipeline verify {tenant} {entity}; send them again: "
        "bc-pipeline verify {tenant} {entity} --repair",
        escalates=False,
    ),
    Kind(
        "recovered",
        "all is well again",
        "something told before is over",
        "Nothing",
        escalates=False,
        recovers=False,
    ),
    Kind(
        "digest",
        "what still stands",
        "once a day, what still stands, records that wait, and what runs warned of; nothing "
        "when there is nothing",
        "Everything at a glance: bc-pipeline status {tenant}",
        escalates=False,
        recovers=False,
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
