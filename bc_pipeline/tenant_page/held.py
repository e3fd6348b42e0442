"""What is held back, in groups that need the same of somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bc_pipeline.catalogue import states
from bc_pipeline.report import AsJson
from bc_pipeline.run.records import NEXT_RUN, next_try
from bc_pipeline.run.tenant_state import TenantState
from bc_pipeline.tenant_page.advice import APPROVE, EXPORT, RESEND, RETRY, Job
from bc_pipeline.to_optiply.held import REASON
from bc_pipeline.values import grouped

Address = Callable[[str, str | None], str | None]
"""Entity and number -> where a record is seen in Business Central; None where it is not."""
SHOWN = 10
"""Records of a group that are listed."""


_JOBS: Mapping[str, Job] = MappingProxyType(
    {states.GUARD: APPROVE, "quarantined": RETRY, "failed": RESEND, "blocked": EXPORT}
)
"""State -> the job that helps."""


@dataclass(frozen=True)
class Record(AsJson):
    """One record that is held back.

    Args:
        number, name: what people call it.
        reason: why.
        when: it is tried again.
        link: to its page in Business Central, where it has one.
    """

    number: str | None
    name: str | None
    reason: str | None
    when: str
    link: str | None = None


@dataclass(frozen=True)
class Group(AsJson):
    """Records of one entity in one state.

    Args:
        entity: as the asset is called.
        state: theirs.
        means: what that means, in a sentence.
        todo: what to do, with the command.
        job: where to click in Dagster instead; None where no job helps.
        count: how many they are.
        records: the first of them.
    """

    entity: str
    state: str
    means: str
    todo: str
    job: str | None
    count: int
    records: tuple[Record, ...]

    @property
    def called(self) -> str:
        """What stands after their number."""
        return "deletions held back" if self.state == states.GUARD else self.state

    @property
    def common(self) -> Record | None:
        """What is said of each of them alike, where there are several; None where they differ."""
        alike = {(each.reason, each.when) for each in self.records}
        if len(self.records) == 1 or len(alike) > 1:
            return None
        return self.records[0]


def held(tenant: str, state: TenantState, address: Address) -> list[Group]:
    """All that waits, in both directions.

    Args:
        tenant: whose.
        state: how it stands.
        address: of a record in Business Central.
    """
    found = [*_deletions(state), *_waiting(state, address), *_exports(state, address)]
    return [
        _group(tenant, entity, status, [record for _, _, record in group])
        for (entity, status), group in grouped(found, lambda each: each[:2]).items()
    ]


def _deletions(state: TenantState) -> Iterator[tuple[str, str, Record]]:
    for each in state.deletions:
        record = Record(each.number, each.name, REASON, "when it is approved")
        yield each.entity, states.GUARD, record


def _waiting(state: TenantState, address: Address) -> Iterator[tuple[str, str, Record]]:
    for row in state.held:
        when = next_try(row["next_attempt_run"], state.run_no)
        number = row["number"] or (None if row["name"] else row["remote_id"])
        link = address(row["entity"], row["number"])
        yield row["entity"], row["state"], Record(number, row["name"], row["reason"], when, link)


def _exports(state: TenantState, address: Address) -> Iterator[tuple[str, str, Record]]:
    for row in state.exports:
        source = f"line {row['line']} of {row['file']}" if row["file"] else "buy order in Optiply"
        number = row["bc_number"] or row["external_id"] or row["key"]
        when = "when it is sent again" if row["state"] == "failed" else NEXT_RUN
        link = address(row["entity"], row["bc_number"])
        yield row["entity"], row["state"], Record(number, source, row["reason"], when, link)


def _group(tenant: str, entity: str, state: str, records: list[Record]) -> Group:
    job = _JOBS.get(state)
    named = [each.number or each.name or "" for each in records]
    return Group(
        entity,
        state,
        states.means(entity, state),
        states.advice(entity, state, tenant, named),
        job.in_words(tenant, entity.partition("/")[2]) if job else None,
        len(records),
        tuple(records[:SHOWN]),
    )
