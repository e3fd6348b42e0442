"""What a company accepts in a new purchase order, learned by trying and remembered in ``ops.meta``
(mapping.md 8.2 step 4, 8.3).

A feature that has worked is not doubted again; one that was refused is left out from then on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bc_pipeline.business_central.retry import passes
from bc_pipeline.errors import RequestFailed
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.export_settings import ExportSettings

Feature = Literal["marker_field", "number", "sequence", "deep_insert"]
FIELD: Feature = "marker_field"
NUMBER: Feature = "number"
SEQUENCE: Feature = "sequence"
DEEP_INSERT: Feature = "deep_insert"

_KEY = "outbound.purchase_orders.accepts.{}"
_WORKS, _REFUSED, _UNKNOWN = "yes", "no", ""
_FORMAT_CODES = "BadRequest"
_FORMAT_STATUSES = frozenset({405, 501})


@dataclass(frozen=True)
class Shape:
    """How a purchase order is sent.

    Args:
        marker: where it carries its marker; None: as a comment line.
        sequence: lines are given their numbers.
        deep: header and lines in one request.
        doubted: the place of the marker has never been tried.
    """

    marker: Feature | None = None
    sequence: bool = True
    deep: bool = True
    doubted: bool = False

    @property
    def features(self) -> tuple[Feature, ...]:
        """What has to be accepted for it to work."""
        used: list[Feature | None] = [
            self.marker,
            SEQUENCE if self.sequence else None,
            DEEP_INSERT if self.deep else None,
        ]
        return tuple(feature for feature in used if feature)


def shapes(snapshot: Snapshot, exports: ExportSettings) -> Iterator[Shape]:
    """The shapes to try, the best first. Ask for the next one only when ``worth_another`` says
    that the last may have been refused for its form."""
    known = _known(snapshot)
    wanted: list[Feature | None] = []
    if exports.marker_field:
        wanted.append(FIELD)
    if exports.export_reference_number:
        wanted.append(NUMBER)
    markers = [place for place in wanted if place and known[place] != _REFUSED]
    first = next(iter(markers), None)
    sequence = known[SEQUENCE] != _REFUSED
    deep = known[DEEP_INSERT] != _REFUSED
    doubted = first is not None and known[first] == _UNKNOWN
    yield Shape(first, sequence, deep, doubted)
    if doubted:
        first = None
        yield Shape(first, sequence, deep)
    if sequence and known[SEQUENCE] == _UNKNOWN:
        yield Shape(first, False, deep)
    if deep and known[DEEP_INSERT] == _UNKNOWN:
        yield Shape(first, sequence, False)
        if sequence and known[SEQUENCE] == _UNKNOWN:
            yield Shape(first, False, False)


def worth_another(error: RequestFailed, shape: Shape) -> bool:
    """Whether a refused request may have been refused for its form, not for what it says: codes
    of the protocol, or anything at all while the place of the marker is tried for the first time
    (rules.md 0.6)."""
    if error.uncertain or error.status is None:
        return False
    if passes(error.status, error.code, error.explanation):
        return False
    return (
        shape.doubted
        or error.status in _FORMAT_STATUSES
        or (error.code or "").startswith(_FORMAT_CODES)
    )


def learn(snapshot: Snapshot, tried: list[Shape]) -> None:
    """Remember what the last of these shapes, which worked, has shown: what it uses is accepted,
    what only the one before it used is not."""
    worked = tried[-1]
    for feature in worked.features:
        learned.put(snapshot, _KEY.format(feature), _WORKS)
    if len(tried) > 1:
        for feature in set(tried[-2].features) - set(worked.features):
            learned.put(snapshot, _KEY.format(feature), _REFUSED)


def refused(snapshot: Snapshot, feature: Feature) -> bool:
    """Whether the company has refused a feature."""
    with snapshot.cursor() as cursor:
        return learned.get(cursor, _KEY.format(feature)) == _REFUSED


def forget_switched_off(snapshot: Snapshot, exports: ExportSettings) -> None:
    """Switching a place of the marker off and on again has it tried anew."""
    switched_off = {
        FIELD: exports.marker_field is None,
        NUMBER: not exports.export_reference_number,
    }
    known = _known(snapshot)
    for feature, off in switched_off.items():
        if off and known[feature] != _UNKNOWN:
            learned.put(snapshot, _KEY.format(feature), _UNKNOWN)


def _known(snapshot: Snapshot) -> dict[Feature, str]:
    features: tuple[Feature, ...] = (FIELD, NUMBER, SEQUENCE, DEEP_INSERT)
    with snapshot.cursor() as cursor:
        return {f: learned.get(cursor, _KEY.format(f)) or _UNKNOWN for f in features}
