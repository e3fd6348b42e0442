"""Looking for a text in the files that wait in ``outbound/``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from bc_pipeline.story.hits import FEWEST_LETTERS, Hit
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.inbox import place
from bc_pipeline.to_business_central.inbox.endings import READERS, file_format
from bc_pipeline.to_business_central.inbox.files import file_stream
from bc_pipeline.to_business_central.inbox.formats import RawLine, Unreadable

MOST_BYTES = 50_000_000
"""Of a file that is looked into; of larger ones only the name is."""
MOST_LINES = 5
"""Lines that are told of a file."""


def hits(tenant: Tenant, text: str) -> Iterator[Hit]:
    """The waiting files that have the text in their name or in a record."""
    wanted = text.lower()
    for path in place.waiting(tenant.snapshot_dir):
        in_lines = list(_in_lines(tenant, path, wanted))
        yield from in_lines[:MOST_LINES]
        name = path.name.lower()
        in_name = len(wanted) >= FEWEST_LETTERS and wanted in name
        if not in_lines and in_name:
            yield _hit(tenant, path, "its name", exact=wanted == name)


def _in_lines(tenant: Tenant, path: Path, wanted: str) -> Iterator[Hit]:
    try:
        if path.stat().st_size > MOST_BYTES:
            return
        content = path.read_bytes()
        for line in READERS[file_format(path.name)](content, tenant.sync.zone()):
            found = _match(line, wanted)
            if found is not None:
                by, exact = found
                yield _hit(tenant, path, by, exact=exact, line=line)
    except (OSError, Unreadable):
        return  # taken away meanwhile, or read no further: its results file will say so


def _match(line: RawLine, wanted: str) -> tuple[str, bool] | None:
    """Which field of a record has the text, and whether that is all of it."""
    part = None
    for name, value in (line.value or {}).items():
        told = _plain(value)
        if told == wanted:
            return name, True
        if part is None and len(wanted) >= FEWEST_LETTERS and wanted in told:
            part = name
    return None if part is None else (part, False)


def _plain(value: Any) -> str:  # noqa: ANN401 - any field of a record
    if isinstance(value, str):
        return value.strip().lower()
    return orjson.dumps(value, default=str).decode().lower()


def _hit(tenant: Tenant, path: Path, by: str, *, exact: bool, line: RawLine | None = None) -> Hit:
    stream = file_stream(path.name)
    record: Mapping[str, Any] = (line.value if line else None) or {}
    external_id = next((v for k, v in record.items() if k.lower() == "externalid" and v), None)
    where = f"{path.name}, line {line.number}" if line else path.name
    return Hit(
        f"outbound/{stream.entity}" if stream else "file",
        str(external_id) if external_id is not None else None,
        None,
        path.name,
        by,
        exact,
        "waiting",
        note=f"waits in {where}; the next export reads it",
        command=f"bc-pipeline export {tenant.name}",
    )
