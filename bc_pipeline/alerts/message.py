"""What a message says: who, what, why, what to do, where to click."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from bc_pipeline.alerts.kinds import KINDS, Kind
from bc_pipeline.alerts.matter import Matter
from bc_pipeline.run.freshness import minute
from bc_pipeline.values import storable

UI_VARIABLE = "BC_PIPELINE_UI_URL"
"""Where people open Dagster; messages link to runs there."""
INSTALLATION = "this installation"
"""In place of a tenant, for what concerns all of them."""
MOST_ITEMS = 10
MOST_LINES = 40
"""Lines of a digest."""
LONGEST_LINE = 600

Event = Literal["raised", "escalated", "recovered", "digest", "test"]


@dataclass(frozen=True)
class Message:
    """One message, the same for everybody who is told.

    Args:
        id: stays the same when it is sent again.
        event: why it is sent.
        kind: of alert; ``""`` of a test.
        tenant: whose; ``""``: all of them.
        at: when it was written, ISO 8601.
        title: one line.
        text: all of it, for people.
        items: what the text is about, one entry for each matter.
    """

    id: str
    event: str
    kind: str
    tenant: str
    at: str
    title: str
    text: str
    items: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The body of a webhook, in the form Standard Webhooks recommends."""
        told = asdict(self)
        return {
            "type": f"alert.{self.event}",
            "timestamp": told.pop("at"),
            "data": {name: value for name, value in told.items() if name != "id"},
        }


def run_link(run_id: str | None) -> str | None:
    """Where to click for a run; None without BC_PIPELINE_UI_URL."""
    base = os.environ.get(UI_VARIABLE, "").strip().rstrip("/")
    return f"{base}/runs/{run_id}" if base and run_id else None


def about(
    event: Event, kind: Kind, tenant: str, matters: Sequence[tuple[Matter, datetime]], at: datetime
) -> Message:
    """A message about matters of one kind.

    Args:
        event: what has become of them.
        kind: theirs.
        tenant: whose.
        matters: each with the moment since when it stands.
        at: now.
    """
    who = tenant or INSTALLATION
    title = f"{who}: {kind.title}"
    if event == "escalated":
        title = f"{title}, still"
    elif event == "recovered":
        title = f"{who}: over: {kind.title}"
    shown = matters[:MOST_ITEMS]
    parts = [_paragraph(event, kind, tenant, matter, since) for matter, since in shown]
    if len(matters) > len(shown):
        parts.append(f"and {len(matters) - len(shown)} more: bc-pipeline status {tenant}".rstrip())
    return Message(
        _new_id(),
        event,
        kind.name,
        tenant,
        at.isoformat(),
        title,
        "\n\n".join([title, *parts]),
        [_item(kind, tenant, matter, since) for matter, since in shown],
    )


def digest(tenant: str, lines: Sequence[str], at: datetime) -> Message:
    """The day's digest.

    Args:
        tenant: whose.
        lines: what still stands.
        at: now.
    """
    kind = KINDS["digest"]
    title = f"{tenant or INSTALLATION}: {kind.title}"
    shown = [f"- {_line(line)}" for line in lines[:MOST_LINES]]
    if len(lines) > len(shown):
        shown.append(f"and {len(lines) - len(shown)} more")
    text = "\n".join([title, "", *shown, "", todo(kind, tenant, None)])
    return Message(_new_id(), "digest", kind.name, tenant, at.isoformat(), title, text)


def trial(tenant: str, at: datetime) -> Message:
    """A message that only shows that messages arrive."""
    title = f"{tenant}: a test of alerts"
    text = (
        f"{title}\n\nThis address is told when something is wrong with {tenant}. Nothing is now: "
        f"somebody asked for this message with bc-pipeline alerts test {tenant}"
    )
    return Message(_new_id(), "test", "", tenant, at.isoformat(), title, text)


def _new_id() -> str:
    return f"msg_{uuid.uuid4().hex}"


def _paragraph(event: Event, kind: Kind, tenant: str, matter: Matter, since: datetime) -> str:
    lines = [f"What: {_line(matter.what)}"]
    if event == "recovered":
        return "\n".join([*lines, f"It stood since {minute(since)}"])
    if matter.why:
        lines.append(f"Why: {_line(matter.why)}")
    lines.append(f"What to do: {todo(kind, tenant, matter)}")
    if link := run_link(matter.run_id):
        lines.append(f"Where: {link}")
    if event == "escalated":
        # Where nothing runs, the time of three runs is what has passed.
        lines.append(f"It stands since {minute(since)} and does not go away by itself")
    return "\n".join(lines)


def _line(text: str) -> str:
    """Texts of other systems, such as names, as one line: they cannot look like lines of ours."""
    told = " ".join(storable(text).split())
    return told if len(told) <= LONGEST_LINE else f"{told[: LONGEST_LINE - 1]}…"


def todo(kind: Kind, tenant: str, matter: Matter | None) -> str:
    """What to do about a matter, or about all that a kind means.

    Args:
        kind: of the matter.
        tenant: whose.
        matter: None: none in particular.
    """
    if matter is not None and matter.todo:
        return matter.todo
    entity = (matter.entity if matter else None) or ""
    told = kind.todo.format(tenant=tenant, entity=entity.partition("/")[2] or entity)
    return " ".join(told.split())


def _item(kind: Kind, tenant: str, matter: Matter, since: datetime) -> dict[str, Any]:
    return {
        "what": matter.what,
        "why": matter.why,
        "todo": todo(kind, tenant, matter),
        "entity": matter.entity,
        "records": list(matter.members),
        "since": since.isoformat(),
        "run_id": matter.run_id,
        "link": run_link(matter.run_id),
    }
