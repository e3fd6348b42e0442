"""What the rules of an entity are and what they have in their hands when something is written.

The protocol (URL, body, types, tags, transaction) is dealt with before and around the rules, see
``write_requests``. Rules are one object per entity set, in ``RULES``; the modules of the package
``rules`` put them there: ``RULES["purchaseOrders"] = PurchaseOrders()``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bc_pipeline.sandbox.bookkeeping.numbers import next_number
from bc_pipeline.sandbox.canned import REFUSAL
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.settings import CompanySettings
from bc_pipeline.sandbox.company.transaction import Transaction
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import dialog


@dataclass(frozen=True)
class Parent:
    """What a nested URL or a deep insert hangs a new row under.

    Attributes:
        entity_set, row: the parent, as stored.
        link: the child's properties that tie it to the parent, with their values, such as
            ``{"documentId": ...}`` or ``{"parentId": ..., "parentType": "Vendor"}``.
    """

    entity_set: str
    row: Row
    link: Mapping[str, JsonValue]


class WriteContext:
    """One write to one company. All changes made through it or through ``company`` are undone
    when an error is raised. Never change a row, or a list or dict in it, by hand."""

    def __init__(
        self, company: Company, transaction: Transaction, *, interrupted: bool = False
    ) -> None:
        self.company = company
        self._transaction = transaction
        self._interrupted = interrupted

    @property
    def settings(self) -> CompanySettings:
        """Set-up that the API does not show."""
        return self.company.settings

    @property
    def now(self) -> datetime:
        """Sandbox time, UTC."""
        return self.company.clock()

    @property
    def today(self) -> date:
        """The work date of a service session: the UTC date (behaviour.md 7)."""
        return self.now.date()

    def get(self, entity_set: str, id: str) -> Row | None:
        """The row with this id, if any."""
        return self.company.tables[entity_set].get(id)

    def find(self, entity_set: str, **equal: JsonValue) -> list[Row]:
        """Rows whose properties all equal the given ones."""
        return self.company.find(entity_set, **equal)

    def insert(self, entity_set: str, row: Row) -> Row:
        """Store a new row; see ``Company.insert``. No rules run."""
        return self.company.insert(entity_set, row)

    def modify(
        self, entity_set: str, row: Row | str, *, touch: bool = True, **changes: JsonValue
    ) -> Row:
        """Change a stored row, given itself or its id; see ``Company.modify``. No rules run."""
        return self.company.modify(entity_set, self._key(entity_set, row), touch=touch, **changes)

    def delete(self, entity_set: str, row: Row | str) -> Row:
        """Remove a row with everything that is part of it. No rules run."""
        return self.company.delete(entity_set, self._key(entity_set, row))

    def next_number(self, series: str) -> str:
        """The next number of a series of ``changes.numbers``; used ones are never given again."""
        return next_number(self.company, series)

    def commit(self) -> None:
        """AL's COMMIT: what was written so far stays, also when a later part of a snapshot batch
        fails. Bound actions are committed anyway when they succeed."""
        self._transaction.commit()

    def end_part(self, settle: Callable[[], object] = lambda: None) -> None:
        """A part of a posting is done, which Business Central may commit before it goes on.

        Args:
            settle: leaves the records as they are when the posting ends here.

        Raises:
            BcError: the rest is refused, what was done stays (platform 6).
        """
        if self._interrupted:
            settle()
            self.commit()
            raise dialog(REFUSAL)

    def _key(self, entity_set: str, row: Row | str) -> str:
        return row if isinstance(row, str) else self.company.key_of(entity_set, row)


Action = Callable[[WriteContext, Row], None]


class EntityRules:
    """Rules of one entity set; the defaults store what was sent.

    ``given`` holds the properties of the body by name, in the order they are applied in (that of
    the page's controls, see ``CompanySettings.property_order``), checked against the entity's
    type and in the form rows hold: Decimal, lower-case GUIDs, upper-case codes, encoded
    enum members. Children of a deep insert are not in it; they are inserted afterwards, through
    their own rules, with this row as parent. Rules raise ``BcError``.
    """

    @property
    def actions(self) -> Mapping[str, Action]:
        """Bound actions by name, such as ``Microsoft.NAV.post``."""
        return {}

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: returns the new stored row."""
        raise NotImplementedError

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH: returns the changed stored row. The tag was compared already."""
        raise NotImplementedError

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE. The tag was compared already."""
        raise NotImplementedError


RULES: dict[str, EntityRules] = {}
