"""What somebody should do: the command, and the job in Dagster that does the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bc_pipeline.alerts.kinds import KINDS
from bc_pipeline.alerts.matter import Matter
from bc_pipeline.alerts.message import run_link, todo
from bc_pipeline.report import AsJson

COMMAND = re.compile(r"bc-pipeline(?: (?:'[^']*'|[\w/-]+))+")
"""A command in a text for people."""
GRAVE = frozenset(
    {"failed", "late", "stock_late", "guard", "blocked", "config", "token", "went_back"}
)
"""Kinds of matters that do not go away by themselves."""


@dataclass(frozen=True)
class Job:
    """A job to launch in Dagster, with the tenant as partition.

    Args:
        name: of the job.
        fields: what to fill in, by field; ``{entity}`` is the entity's name.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def in_words(self, tenant: str, entity: str) -> str:
        """Where to click, in words."""
        named = {name: value.format(entity=entity) for name, value in self.fields.items()}
        filled = ", ".join(f"{name}: {value}" for name, value in named.items() if value)
        text = f"Jobs, {self.name}, Launchpad; partition {tenant}"
        return f"{text}; {filled}" if filled else text


_ENTITY = MappingProxyType({"entity": "{entity}"})
APPROVE = Job("approve_deletions", MappingProxyType({**_ENTITY, "approve": "true"}))
RETRY = Job("retry", _ENTITY)
RESEND = Job("resend", _ENTITY)
EXPORT = Job("export")

JOBS: Mapping[str, Job] = MappingProxyType(
    {
        "failed": Job("sync"),
        "late": Job("sync"),
        "stock_late": Job("stock"),
        "guard": APPROVE,
        "went_back": Job("approve_deletions"),
        "blocked": EXPORT,
        "quarantined": RETRY,
    }
)
"""Kind of alert -> the job that helps; the others need somebody at the settings or in Optiply."""


@dataclass(frozen=True)
class Advice(AsJson):
    """One thing somebody should know, and what to do.

    Args:
        kind: of alert.
        grave: it does not go away by itself.
        title: what has happened, in a few words.
        what, why: in words.
        which: the records it happened to, which ``what`` ends with; empty where it names none.
        todo: with the very command.
        commands: those it names.
        job: where to click in Dagster instead; None where no job helps.
        link: to the run that found it, where one opens Dagster.
    """

    kind: str
    grave: bool
    title: str
    what: str
    why: str | None
    todo: str
    commands: tuple[str, ...]
    job: str | None
    link: str | None
    which: str = ""

    @property
    def head(self) -> str:
        """What has happened, without the records that it happened to."""
        return self.what.removesuffix(f": {self.which}") if self.which else self.what


def advice(tenant: str, matters: Iterable[Matter]) -> list[Advice]:
    """What to do about each matter, the grave ones first.

    Args:
        tenant: whose.
        matters: as alerts tell them.
    """
    found = [_one(tenant, matter) for matter in matters]
    return sorted(found, key=lambda each: not each.grave)


def _one(tenant: str, matter: Matter) -> Advice:
    kind = KINDS[matter.kind]
    text = todo(kind, tenant, matter)
    job = JOBS.get(matter.kind)
    if job is EXPORT and "bc-pipeline resend" in text:
        job = RESEND
    entity = (matter.entity or "").partition("/")[2]
    return Advice(
        matter.kind,
        matter.kind in GRAVE,
        kind.title,
        matter.what,
        matter.why,
        text,
        tuple(COMMAND.findall(text)),
        job.in_words(tenant, entity) if job else None,
        run_link(matter.run_id),
        matter.which,
    )
