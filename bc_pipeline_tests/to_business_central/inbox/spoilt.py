"""Files as a spreadsheet saves them, and what is read of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from bc_pipeline.to_business_central.inbox.files import FileContent, read_file
from bc_pipeline.to_business_central.unified import as_payload

PREFIXES = ("department",)


def csv_file(
    name: str, header: Sequence[str], *rows: Sequence[str], delimiter: str = ","
) -> FileContent:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return read_file(name, text.getvalue().encode(), PREFIXES)


def payloads(content: FileContent) -> list[dict[str, Any]]:
    assert [line.error for line in content.lines if line.error] == []
    return [as_payload(line.record) for line in content.lines if line.record]
