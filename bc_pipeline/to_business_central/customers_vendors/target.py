"""Writing customers and vendors: how one is found in BC, and what makes it complete there.

Keys in order: ``id``, which must exist when given; ``number``; the BC record that the ledger says
it has become, so that a changed number renames it there (rules.md 0.7). A record without a number
whose POST may have been applied is looked for by its content.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from bc_pipeline.business_central.lookup.dimensions import (
    default_dimension,
    default_dimension_parts,
)
from bc_pipeline.errors import ReadFailed, RecordError, RequestFailed
from bc_pipeline.to_business_central.customers_vendors.fields import (
    Master,
    body_of,
    needed_kinds,
    wanted_changes,
)
from bc_pipeline.to_business_central.documents.lookups import Question, ask
from bc_pipeline.to_business_central.export_types import Outcome, Pending
from bc_pipeline.to_business_central.unified import Party
from bc_pipeline.to_business_central.upsert.owners import adopt, made_since, owners
from bc_pipeline.to_business_central.upsert.upsert import Upsert
from bc_pipeline.to_business_central.upsert.work import Target, Work
from bc_pipeline.to_business_central.writer import ExportContext, Stream, Writer
from bc_pipeline.values import by_code, guid

DIMENSIONS = "defaultDimensions"
SHARED = "written_by_two"
"""Kind of the warning that two externalIds write one customer or vendor."""


def writer_of(master: Master, model: type[Party]) -> Writer:
    """The writer of customers or of vendors.

    Args:
        master: which of the two, field by field.
        model: of their records.
    """
    keys = (("id",), (master.number,))
    stream = Stream(master.entity, model, keys, master.number)

    def validate(context: ExportContext, pending: Pending) -> None:
        work_of(master, context, pending)

    return Writer(partial(needed_kinds, master), validate, partial(_write, master), stream=stream)


def _write(master: Master, context: ExportContext, pendings: Sequence[Pending]) -> None:
    """Settles or holds each record.

    Raises:
        AuthError, Cancelled: the rest was left alone; the ledger knows where each stands.
    """
    try:
        context.reference.need(*needed_kinds(master, pendings))
    except (RequestFailed, ReadFailed) as error:
        context.ledger.hold_all(pendings, f"reference data could not be read: {error}")
        return
    refused: list[tuple[Pending, Outcome]] = []
    works: list[Work] = []
    for pending in pendings:
        try:
            works.append(work_of(master, context, pending))
        except RecordError as error:
            refused.append((pending, Outcome.failed(error)))
    context.ledger.settle(refused)
    Upsert(context, MasterTarget(master)).run(works)


def work_of(master: Master, context: ExportContext, pending: Pending) -> Work:
    """The record in BC's terms.

    Raises:
        RecordError: it cannot be written, whatever BC has.
    """
    record = pending.record
    body = body_of(master, record, context.reference)
    dimensions = context.dimensions.wanted(record.dimension_fields, record.dimension_list())
    return Work(pending, body, dimensions)


class MasterTarget(Target[Work]):
    """Customers or vendors as the upsert sees them."""

    number = "number"
    dimensions = deep_insert = DIMENSIONS
    dimension_changes = staticmethod(default_dimension_parts)

    def __init__(self, master: Master) -> None:
        self._master = master
        self._warned: set[str] = set()

    def find(self, context: ExportContext, works: Sequence[Work]) -> None:
        """Two requests at most: by id and number, then those that neither has shown."""
        expand = DIMENSIONS if any(work.dimensions for work in works) else None
        tried = [_number(work) for work in works if work.may_be_there]
        known = [_known_id(work) for work in works]
        entity = self._master.entity
        ids, numbers = ask(
            context,
            [
                Question(entity, "id", known, guid=True, expand=expand, expected=known),
                Question(entity, "number", map(_number, works), expand=expand, expected=tried),
            ],
        )
        by_id = {guid(row["id"]): row for row in ids}
        by_number = {by_code(row["number"]): row for row in numbers}
        for work in works:
            row = by_id.get(guid(_known_id(work)))
            if row is None and not work.pending.record.id:
                row = by_number.get(by_code(_number(work)))
            elif row is None:
                work.problem = RecordError(
                    "RecordNotFound",
                    f"{self._master.entity} has no record with id {work.pending.record.id}",
                )
            work.saw(row)
        self._find_the_rest(context, works, expand)
        self._warn_of_sharing(context, [work for work in works if work.row])

    def _warn_of_sharing(self, context: ExportContext, works: Sequence[Work]) -> None:
        """The number is who a record is, so two records may mean one; but it is seldom meant
        (decision 6)."""
        shared = owners(context, self._master.entity, (str(work.bc_id) for work in works))
        for work in works:
            owner, pending = shared.get(guid(work.bc_id)), work.pending
            if owner is None or owner.key == pending.key or pending.key in self._warned:
                continue
            self._warned.add(pending.key)
            number = work.row.get("number") if work.row else None
            text = (
                f"{self._master.entity} {number} is externalId {owner.name} already, and now "
                f"{pending.name} writes it too: whichever comes last holds"
            )
            context.warn(pending, SHARED, text)

    def _find_the_rest(
        self, context: ExportContext, works: Sequence[Work], expand: str | None
    ) -> None:
        rest = [work for work in works if not work.row and not work.problem]
        linked = [work for work in rest if work.link and _number(work)]
        lost = [work for work in rest if work.doubt_since and not _number(work)]
        since = made_since(lost) if lost else None
        entity, links = self._master.entity, [work.link for work in linked]
        names = map(_name, lost)
        ids, alike = ask(
            context,
            [
                Question(entity, "id", links, guid=True, expand=expand, expected=links),
                Question(entity, "displayName", names, also=since, expand=expand, certain=True),
            ],
        )
        by_id = {guid(row["id"]): row for row in ids}
        for work in linked:
            work.saw(by_id.get(guid(work.link)))
        adopt(
            context, lost, alike, lambda work, row: not wanted_changes(work.body, row), among=works
        )

    def numbered(self, work: Work) -> str:
        """Its number, as codes are compared."""
        return by_code(_number(work))

    def check_new(self, work: Work) -> None:
        """A new one needs a name; BC takes a vendor without, but it has to be somebody."""
        if not _name(work) and (self._master.named or not _number(work)):
            raise RecordError("MissingField", f"a new record needs {self._master.name_field}")

    def changes(self, work: Work) -> dict[str, Any]:
        """What differs; of a new one everything given."""
        return wanted_changes(work.body, work.row)

    def nested(self, work: Work) -> list[dict[str, str]]:
        """Default dimensions of a new one."""
        return [default_dimension(value) for value in work.dimensions]

    def collection(self, work: Work) -> str:
        """The entity set."""
        del work
        return self._master.entity

    def record_path(self, work: Work) -> str:
        """Where the record is."""
        return f"{self._master.entity}({work.bc_id})"


def _known_id(work: Work) -> str | None:
    """The id it gives; of one without id and number the one it has had before."""
    given: str | None = work.pending.record.id
    return given or (None if _number(work) else work.link)


def _number(work: Work) -> str | None:
    return work.body.get("number")


def _name(work: Work) -> str | None:
    return work.body.get("displayName")
