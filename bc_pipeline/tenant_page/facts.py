"""Everything the page of a tenant tells: from its state, its books and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bc_pipeline.alerts import matters
from bc_pipeline.errors import PipelineError, TenantBusy
from bc_pipeline.links import in_business_central, own_company
from bc_pipeline.run import quality
from bc_pipeline.run.overview import next_run
from bc_pipeline.run.quality import Flaw
from bc_pipeline.run.tenant_state import TenantState, read_state
from bc_pipeline.story.opening import WAIT_SECONDS, looking
from bc_pipeline.tenant_page import settings_in_words
from bc_pipeline.tenant_page.advice import Advice, advice
from bc_pipeline.tenant_page.exports import Exported, exported
from bc_pipeline.tenant_page.held import Address, Group, held
from bc_pipeline.tenant_page.history import Trend, trends
from bc_pipeline.tenant_page.parity import Parity, parity
from bc_pipeline.tenant_page.reads import SlowRead, slowest
from bc_pipeline.tenants.registry import Registry
from bc_pipeline.tenants.settings import Tenant

AT_WORK = (
    "A run is at work, and nobody else can look into the tenant's snapshot. What stands here is as "
    "it was before that run; charts, parity and data quality are missing. Ask again in a minute."
)


@dataclass(frozen=True)
class Books:
    """What only the snapshot itself tells.

    Args:
        company: as Business Central calls it; None while it was never read.
        trends: figures of the last weeks.
        parity: of each resource of Optiply.
        flaws: the data-quality report.
        exports: of each entity written to Business Central.
        reads: the slowest.
    """

    company: str | None = None
    trends: Sequence[Trend] = ()
    parity: Sequence[Parity] = ()
    flaws: Sequence[Flaw] = ()
    exports: Sequence[Exported] = ()
    reads: Sequence[SlowRead] = ()


@dataclass(frozen=True)
class Facts:
    """What the page tells.

    Args:
        tenant: whose.
        at: when it was asked, UTC.
        broken: its settings, or its state, cannot be read.
        note: why something is missing.
        state: as ``status`` shows it.
        advice: what somebody should know and do, the grave first.
        held: what waits, and why.
        next_run: when it is looked at next, or why it is not.
        books: what the snapshot tells; None when nobody could look.
        settings: what and how.
    """

    tenant: str
    at: datetime
    broken: bool = False
    note: str | None = None
    state: TenantState = field(default_factory=TenantState)
    advice: Sequence[Advice] = ()
    held: Sequence[Group] = ()
    next_run: str | None = None
    books: Books | None = None
    settings: Sequence[tuple[str, str]] = ()

    @property
    def tone(self) -> str:
        """``good``, ``middling``, ``bad`` or, of a tenant nobody expects anything of, ``off``."""
        if self.broken or any(each.grave for each in self.advice):
            return "bad"
        if not self.state.enabled:
            return "off"
        return "middling" if self.advice else "good"

    @property
    def verdict(self) -> str:
        """How the tenant is doing, in a few words."""
        if self.broken:
            return "It cannot run"
        if not self.state.enabled:
            return "Paused" if self.state.paused else "Switched off"
        if self.state.last_run is None:
            return "It never ran"
        count = len(self.advice)
        if not count:
            return "All is well"
        return "One thing needs somebody" if count == 1 else f"{count} things need somebody"

    def as_json(self) -> dict[str, Any]:
        told = self.books
        return {
            "tenant": self.tenant,
            "at": self.at,
            "verdict": self.verdict,
            "tone": self.tone,
            "note": self.note,
            "next_run": self.next_run,
            "advice": [each.as_json() for each in self.advice],
            "status": self.state.as_json(),
            "held": [each.as_json() for each in self.held],
            "company": told.company if told else None,
            "trends": _all(told.trends) if told else None,
            "parity": _all(told.parity) if told else None,
            "data_quality": _all(told.flaws) if told else None,
            "exports": _all(told.exports) if told else None,
            "slowest_reads": _all(told.reads) if told else None,
            "settings": dict(self.settings),
        }


def gather(found: Registry, name: str, now: datetime, wait_seconds: float = WAIT_SECONDS) -> Facts:
    """What there is to tell of a tenant, however badly it stands.

    Args:
        found: the registry.
        name: of a tenant in it, sound or not.
        now: UTC.
        wait_seconds: how long to wait for a run to let the snapshot go.

    Raises:
        ConfigError: there is no such tenant.
    """
    if name in found.errors:
        told = advice(name, [matters.of_wrong_settings(str(found.errors[name]))])
        return Facts(name, now, broken=True, advice=told)
    tenant = found.get(name)
    settings = settings_in_words.in_words(tenant)
    try:
        books, note = _books(tenant, now, wait_seconds), None
    except FileNotFoundError:
        books, note = None, None
    except TenantBusy:
        books, note = None, AT_WORK
    except PipelineError as error:
        told = advice(name, [matters.of_unreadable_state(str(error))])
        return Facts(name, now, broken=True, advice=told, settings=settings)
    state = _state(tenant, now)
    return Facts(
        name,
        now,
        note=note,
        state=state,
        advice=advice(name, matters.of_tenant(tenant, state, now)),
        held=held(name, state, _addresses(tenant, books)),
        next_run=next_run(state, tenant, now),
        books=books,
        settings=settings,
    )


def _books(tenant: Tenant, now: datetime, wait_seconds: float) -> Books:
    with looking(tenant, wait_seconds) as cursor:
        return Books(
            own_company(cursor, tenant),
            trends(cursor, now),
            parity(cursor),
            quality.flaws(cursor),
            exported(cursor),
            slowest(cursor, now),
        )


def _state(tenant: Tenant, now: datetime) -> TenantState:
    try:
        return read_state(tenant, now, patient=False)
    except TenantBusy:  # its first run: it has told nothing before
        return TenantState(enabled=tenant.enabled)


def _addresses(tenant: Tenant, books: Books | None) -> Address:
    def address(entity: str, number: str | None) -> str | None:
        # What is called by two numbers at once has no page of its own.
        if books is None or not number or " " in number:
            return None
        return in_business_central(tenant, books.company, entity.partition("/")[2], number)

    return address


def _all(told: Sequence[Any]) -> list[Any]:
    return [each.as_json() for each in told]
