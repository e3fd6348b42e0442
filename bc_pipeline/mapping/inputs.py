"""What a mapping is made from, as it stands: the same SQL over the same values gives the same
wanted rows, so it need not run again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b

import duckdb

from bc_pipeline.catalogue.columns import COLUMNS, KEY_COLUMNS
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.mapping.values import MACROS
from bc_pipeline.mapping.wanted import PLANS
from bc_pipeline.snapshot.schema import SYNC_COLUMNS
from bc_pipeline.tenants.settings import SyncOptions

ANY_DAY = date(2000, 1, 1)
ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
"""Stand for the moment of the run, which only dates what is new: without new rows there is nothing
to date."""
_OF_THE_LAST_TRY = ("attempts", "created_at", "updated_at", "last_seen_run")
_READ: Mapping[str, tuple[str, ...]] = {
    **{f"bc.{name}": tuple(table.columns) for name, table in TABLES.items()},
    **{f"optiply.{name}": (*KEY_COLUMNS, *COLUMNS[name]) for name in RESOURCES},
    **{
        f"sync.{name}": tuple(column for column in SYNC_COLUMNS if column not in _OF_THE_LAST_TRY)
        for name in RESOURCES
    },
    "ops.retracted": ("*",),
}
"""Table -> the columns that may matter to a mapping."""
_TABLE = re.compile(r"\b(?:bc|optiply|sync|ops)\.[a-z_]+\b")
_WORD = re.compile(r"\w+")
_STAR = re.compile(r"\b(?:select|distinct)\s+\*|\b\w+\.\*|(?:^|\()\s*from\b", re.IGNORECASE)
"""Takes all columns along, so that another statement may name them."""
_STATEMENTS_KEPT = 1000
"""Most statements are those of every tenant, and of several resources."""


def words(
    resource: str, options: SyncOptions, inputs: MappingInput
) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    """What the mapping of a resource says, in short, and table -> the columns it reads or writes.

    Args:
        resource: one of ``PLANS``.
        options: the tenant's decisions.
        inputs: what the run knows.

    Raises:
        ConfigError: an option names something Business Central does not have.
    """
    asks_day = RESOURCES[resource].looks_at_day
    today = inputs.today if asks_day else ANY_DAY
    plan = PLANS[resource](options, replace(inputs, run_no=0, today=today, now=ANY_MOMENT))
    statements = tuple(_statements(plan))
    said = "\0".join((*statements, *MACROS.values()))
    own = {table: _READ[table] for table in (f"sync.{resource}", f"optiply.{resource}")}
    return blake2b(said.encode(), digest_size=16).hexdigest(), {**_named(statements), **own}


def rows(cursor: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Table -> what tells whether rows have come or gone, or any of these columns has changed."""
    selects = [
        f"SELECT '{table}', {_digest(tables[table])} FROM {table} AS t" for table in sorted(tables)
    ]
    return dict(cursor.execute(" UNION ALL ".join(selects)).fetchall())


def _digest(columns: Sequence[str]) -> str:
    # A sum, for the order of rows means nothing and equal rows must not cancel out.
    listed = "t" if "*" in columns else ", ".join(f't."{name}"' for name in columns)
    return f"concat(count(*), ':', sum(CAST(hash({listed}) AS HUGEINT)))" if listed else "count(*)"


# The same settings make the same statements in every run, and for many tenants.
@lru_cache(maxsize=256)
def _named(statements: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """A column no statement names cannot matter."""
    said = [_said(each) for each in statements]
    everywhere = _words(said)
    found: dict[str, tuple[str, ...]] = {}
    # Words of settings stand in the statements too, and may look like a table.
    for table in {name for each in said for name in each.tables} & _READ.keys():
        using = [one for one, text in zip(said, statements, strict=True) if table in text]
        named = everywhere if any(each.has_star for each in using) else _words(using)
        found[table] = tuple(name for name in _READ[table] if name == "*" or name.lower() in named)
    return found


@dataclass(frozen=True)
class _Said:
    """What matters of one statement's text."""

    words: frozenset[str]
    tables: frozenset[str]
    has_star: bool


@lru_cache(_STATEMENTS_KEPT)
def _said(statement: str) -> _Said:
    return _Said(
        frozenset(word.lower() for word in _WORD.findall(statement)),
        frozenset(_TABLE.findall(statement)),
        _STAR.search(statement) is not None,
    )


def _words(said: Iterable[_Said]) -> set[str]:
    return {word for each in said for word in each.words}


def _statements(plan: Plan) -> Iterator[str]:
    yield from plan.steps.values()
    yield plan.wanted
    yield from plan.warnings
