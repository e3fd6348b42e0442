"""What a comparison of Optiply with what was sent there has found (decisions 5). Plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from bc_pipeline.catalogue.names import spoken

Kind = Literal["missing", "changed", "doubled", "unknown"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Difference:
    """One record on which Optiply and we disagree.

    Args:
        kind: ``missing`` (Optiply has it no more), ``changed`` (it has other values than were
            sent), ``doubled`` (a second row of the same record) or ``unknown`` (a row that looks
            like ours, and that we know nothing of).
        entity: task name, ``optiply/products``.
        optiply_id: the row in Optiply; of a missing one, the row that was.
        remote_id: our record; None when there is none.
        number: Business Central's number of it, as far as it is known.
        name: what it is called.
        values: of a changed one, attribute -> (sent, found).
        other_id: of a doubled one, the row we know; of a missing one, a row that carries its id.
        by_hand: sending it again would not help: a person has to correct it in Optiply.
    """

    kind: Kind
    entity: str
    optiply_id: int
    remote_id: str | None = None
    number: str | None = None
    name: str | None = None
    values: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    other_id: int | None = None
    by_hand: bool = False

    @property
    def text(self) -> str:
        """What is wrong, in the operator's words."""
        who = spoken(self.number, self.name, self.remote_id or f"row {self.optiply_id}")
        match self.kind:
            case "missing" if self.other_id is not None:
                told = f"is row {self.other_id} in Optiply now; row {self.optiply_id} is gone"
            case "missing":
                told = f"is not in Optiply any more (row {self.optiply_id})"
            case "changed":
                told = f"was changed in Optiply by somebody else: {self._changes()}"
            case "doubled":
                told = f"stands in Optiply twice, as rows {self.other_id} and {self.optiply_id}"
            case "unknown":
                told = f"stands in Optiply as row {self.optiply_id}, and we know nothing of it"
        return f"{who}: {told}"

    def _changes(self) -> str:
        return ", ".join(
            f"{name} is {_spoken(found)}, sent was {_spoken(sent)}"
            for name, (sent, found) in self.values.items()
        )

    def as_json(self) -> dict[str, Any]:
        values = {n: {"sent": sent, "optiply": found} for n, (sent, found) in self.values.items()}
        told = asdict(self) | {"other_optiply_id": self.other_id, "values": values}
        left_out = ("entity", "other_id", "by_hand")
        return {n: value for n, value in told.items() if n not in left_out} | {"text": self.text}


@dataclass(frozen=True)
class Verified:
    """One entity, compared.

    Args:
        entity: task name.
        compared: rows of ours that Optiply has.
        by_users: values that people set in Optiply and may set there.
        not_ours: rows of people and of other couplings.
        differences: by kind, then number.
    """

    entity: str
    compared: int = 0
    by_users: int = 0
    not_ours: int = 0
    differences: Sequence[Difference] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Differences per kind."""
        found = Counter(difference.kind for difference in self.differences)
        return {kind: found[kind] for kind in KINDS}

    def as_json(self) -> dict[str, Any]:
        return {
            "compared": self.compared,
            **self.counts,
            "by_users": self.by_users,
            "not_ours": self.not_ours,
            "differences": [difference.as_json() for difference in self.differences],
        }


def _spoken(value: Any) -> str:  # noqa: ANN401 - any JSON
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
