"""What an entity of Business Central is, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bc_pipeline.catalogue.tables import Table
from bc_pipeline.catalogue.task import Needs, When, always

Route = Literal["companies", "company", "page", "extension", "analytics"]
Mode = Literal["full", "incremental"]
Sweep = Literal["always", "daily"]
Probe = Literal["stamps", "whole", "newest"]

LEDGER = "itemLedgerEntries"
"""Every move of stock is an entry there, though the item's own stamp stays (behaviour.md 3.2)."""

FLAT_PAGE = 20_000
"""What BC gives at most (behaviour.md 6): an unchanged run asks once per entity."""
DOCUMENTS_PAGE = 2000
"""Documents come with their lines, some twenty times as many."""


@dataclass(frozen=True)
class Referred:
    """How documents refer to the rows of an entity.

    Args:
        label: what one row is called in messages.
        code: property that holds the code.
        select: name the columns. Not where the tenant's BC may show more than the standard one.
    """

    label: str
    code: str = "code"
    select: bool = True


@dataclass(frozen=True)
class Entity:
    """One entity of Business Central and how it is read.

    Args:
        name: of its task and asset.
        path: entity set; for a published page the setting that holds its name.
        table: its mirror table.
        mode: ``incremental`` follows lastModifiedDateTime, ``full`` reads everything each run.
        why: the reason for the mode.
        route: ``companies``: the list itself; ``company``: standard API; ``page``: published
            OData page; ``extension``: Optiply's extension; ``analytics``: the Analytics API.
        condition: ``$filter`` of every read: rows that do not fulfil it are no business of ours.
        expand: navigation whose rows are read along, into ``lines``.
        lines: mirror table of these.
        page_size: rows asked for per page.
        optional: a tenant may not have it: a 404 is a warning then, not a failure.
        without: what is done where it is not there, for that warning.
        unless: entities that tell the same, better: it is not read while all of them are there.
        sweep: how often all ids are compared after an incremental read, to find rows that are gone
            and rows that came behind the bookmark.
        select: name the columns. Not where the tenant decides which there are.
        keeps: how long a complete read serves further runs of everything; a run that names the
            entity, and a full one, always read it.
        probe: how one question tells that it may have changed. ``stamps``: the rows stamped lately,
            and how many there are; ``whole``: all of it, for lines move without a stamp. None: it
            cannot be told, so it is read once a day, and when what it ``follows`` changed.
        follows: entity sets of the standard API whose change may mean one here.
        description: for the people who read the page of its asset.
        when: whether a tenant's settings ask for it.
        setting: the configuration key without which a tenant has no such entity, or None.
        referred: how documents refer to its rows; None: they do not.
    """

    name: str
    path: str
    table: Table
    mode: Mode
    why: str
    route: Route = "company"
    condition: str | None = None
    expand: str | None = None
    lines: Table | None = None
    page_size: int = FLAT_PAGE
    optional: bool = False
    without: str = ""
    unless: Needs = ()
    sweep: Sweep | None = None
    select: bool = True
    keeps: timedelta = timedelta(0)
    description: str = ""
    when: When = always
    setting: str | None = None
    referred: Referred | None = None
    probe: Probe | None = None
    follows: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Its name without the group."""
        return self.name.partition("/")[2]

    @property
    def is_posted(self) -> bool:
        """Whether its rows are posted documents, which nobody deletes while they are young."""
        return self.sweep == "daily"
