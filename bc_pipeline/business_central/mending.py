"""Records of Business Central with texts that cannot be stored: mended and told (decisions 16)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bc_pipeline.values import storable_json

WARNING = "text_mended"
MOST_NAMED = 50
"""So many records are named one by one, the others as a number."""

_NUMBERS = ("number", "code", "No", "Code", "ItemNo", "parentItemNo", "currencyCode", "id")
_NAMES = ("displayName", "Description", "description", "name")


@dataclass(frozen=True)
class MendedRecord:
    """A record that was mended.

    Args:
        id: its id, None where its kind has none.
        name: what people call it.
        properties: what was mended in it.
    """

    id: str | None
    name: str
    properties: tuple[str, ...]

    @property
    def message(self) -> str:
        """What to tell the operator."""
        return (
            f"{self.name}: half a character or a control character in "
            f"{', '.join(self.properties)} was replaced or left out; correct it in Business Central"
        )


def mended(row: Mapping[str, Any]) -> tuple[dict[str, Any], MendedRecord | None]:
    """A row as it can be stored, and what to tell about it when that is not as it came."""
    sound: dict[str, Any] = storable_json(row)
    if sound == row:
        return sound, None
    id = sound.get("id")
    record = MendedRecord(
        id if isinstance(id, str) else None, name_of(sound), tuple(_changed(row, sound))
    )
    return sound, record


def name_of(row: Mapping[str, Any]) -> str:
    """Number and name of a record, as far as it has them."""
    found = (
        next((row[name] for name in names if row.get(name)), "") for names in (_NUMBERS, _NAMES)
    )
    return " ".join(str(part) for part in found if part) or "a record without number"


def warnings(
    records: Sequence[MendedRecord],
) -> Iterable[tuple[str | None, str]]:
    """Id and message of each warning about mended records."""
    yield from ((record.id, record.message) for record in records[:MOST_NAMED])
    more = len(records) - MOST_NAMED
    if more > 0:
        yield None, f"{more} more records had half a character or a control character in them"


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], of: str = "") -> Iterable[str]:
    for (name, old), new in zip(before.items(), after.values(), strict=False):
        if old == new:
            continue
        if isinstance(old, list) and isinstance(new, list):
            for place, (part, sound) in enumerate(zip(old, new, strict=True), start=1):
                if isinstance(part, Mapping) and part != sound:
                    yield from _changed(part, sound, f" of line {place}")
        else:
            yield f"{name}{of}"
