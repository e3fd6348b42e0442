"""Attribute values in one canonical form, so that "changed" means changed (mapping.md 1.5-1.8).

What the canonical form of each kind is stands in ``catalogue/attribute_kinds.py``. The wanted rows
are brought into it by SQL, Optiply's answers by ``canonical``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import InvalidOperation
from typing import Any

from bc_pipeline.catalogue.attribute_kinds import ATTRIBUTE_KINDS, KindName
from bc_pipeline.catalogue.resources import Attribute, Resource
from bc_pipeline.optiply.client import Record

Values = dict[str, Any]
"""Attribute name -> canonical value."""

REMOTE_ID = "remoteId"
SYNCED_TO = "remoteDataSyncedToDate"


def canonical_sql(resource: Resource) -> str:
    """SQL for the canonical attributes of a wanted row, as JSON text."""
    members = ", ".join(
        f"{attribute.name} := {attribute.form.canonical_sql.format(attribute.name)}"
        for attribute in resource.attributes
    )
    return f"CAST(to_json(struct_pack({members})) AS VARCHAR)"


def canonical(kind: KindName, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A value as Optiply answers it, in canonical form; unreadable values count as null."""
    if value is None:
        return None
    try:
        return ATTRIBUTE_KINDS[kind].canonical(value)
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        return None


def same(attribute: Attribute, left: Any, right: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether two canonical values mean the same."""
    if left is None or right is None:
        return left is right
    return bool(attribute.form.plain(left) == attribute.form.plain(right))


def on_the_wire(attribute: Attribute, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A canonical value as sent: money as an exact number, totals as text (mapping.md 1.5)."""
    return None if value is None else attribute.form.wire(value)


def moment_text(moment: datetime) -> str:
    """A UTC moment as Optiply writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def missing(resource: Resource, wanted: Mapping[str, Any]) -> list[str]:
    """The required attributes that are not known yet."""
    return [a.name for a in resource.attributes if a.required and wanted.get(a.name) is None]


@dataclass(frozen=True)
class Difference:
    """What a PATCH has to carry, in canonical form."""

    values: Values

    @property
    def cleared(self) -> list[str]:
        """Attributes that are sent as an explicit null."""
        return [name for name, value in self.values.items() if value is None]


def difference(
    resource: Resource,
    remote_id: str,
    wanted: Mapping[str, Any],
    sent: Mapping[str, Any],
    *,
    refused: Mapping[str, Any] | None = None,
    unconfirmed: Collection[str] = (),
    force: bool = False,
) -> Difference:
    """What differs between the wanted attributes and those sent last (flows.md 3).

    Args:
        resource: decides what may be sent in a PATCH at all.
        remote_id: sent too when Optiply does not have it yet.
        wanted: canonical; null means "no value" and is sent only where mapping.md 1.7 says so.
        sent: canonical, as last confirmed.
        refused: attribute values Optiply has refused; not tried again until they change.
        unconfirmed: attributes of which it is not known what Optiply has: sent in any case.
        force: send everything that has a value (flows.md 10).
    """
    if resource.create_only:
        return Difference({})
    changes: Values = {}
    for attribute in resource.attributes:
        new, old = wanted.get(attribute.name), sent.get(attribute.name)
        doubtful = attribute.name in unconfirmed
        if attribute.post_only or (
            attribute.name in (refused or {})
            and same(attribute, new, (refused or {}).get(attribute.name))
        ):
            continue
        if new is None:
            if attribute.clearable and (old is not None or doubtful):
                changes[attribute.name] = None
        elif doubtful or not same(attribute, new, old) or (force and not attribute.only_on_change):
            changes[attribute.name] = new
    if sent.get(REMOTE_ID) != remote_id or REMOTE_ID in unconfirmed:
        changes[REMOTE_ID] = remote_id
    return Difference(changes)


def after_sending(resource: Resource, sent: Mapping[str, Any], values: Mapping[str, Any]) -> Values:
    """The new "last sent": what was sent on top of what was there."""
    known = {attribute.name for attribute in resource.attributes} | {REMOTE_ID}
    return {**sent, **{name: value for name, value in values.items() if name in known}}


def as_found(
    resource: Resource, record: Record, remote_id: str, wanted: Mapping[str, Any], coupling_id: int
) -> Values:
    """The "last sent" of a row that is adopted: what Optiply has, seen through our attributes.

    Values we have none for stay Optiply's own; attributes a user may have changed are taken as
    sent, so that adopting does not overwrite them (optiply.md 7, mapping.md 2, 3).
    """
    found: Values = {}
    for attribute in resource.attributes:
        mine = wanted.get(attribute.name)
        if mine is None and not attribute.null_counts:
            continue
        if attribute.only_on_change or attribute.post_only:
            found[attribute.name] = mine
        else:
            found[attribute.name] = canonical(attribute.kind, record.attributes.get(attribute.name))
    # Where Optiply does not show remote ids, two orders that look alike may carry each other's:
    # the row is told ours again.
    if record.is_linked(coupling_id, remote_id):
        found[REMOTE_ID] = remote_id
    return found
