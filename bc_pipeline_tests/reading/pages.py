"""Reads of pages, for the tests of paging."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.reading.paging import MalformedPage, Page, PageReader
from bc_pipeline_tests.business_central.fake import FakeBusinessCentral, make_bc


class Loaded:
    """Collects pages as their loader would; can refuse some of them."""

    def __init__(self, refuse: int = 0) -> None:
        self.rows: list[Any] = []
        self.exact: list[bool] = []
        self.files: list[Path] = []
        self._refuse = refuse

    def __call__(self, page: Page) -> None:
        if self._refuse:
            self._refuse -= 1
            raise MalformedPage("nonsense in a row")
        try:
            rows = json.loads(page.path.read_text())
        except ValueError as error:
            raise MalformedPage(str(error)) from error
        if not all(isinstance(row, dict) for row in rows):
            raise MalformedPage("not rows")
        self.rows += rows
        self.exact.append(page.exact)
        self.files.append(page.path)


@pytest.fixture
def bc(fake: FakeBusinessCentral, tmp_path: Path) -> Iterator[BusinessCentral]:
    with make_bc(fake, tmp_path / "home") as bc:
        yield bc


def read(
    bc: BusinessCentral, directory: Path, loaded: Loaded, page_size: int = 100
) -> tuple[int, RequestCounter]:
    tally = RequestCounter()
    url = f"{bc.tenant.business_central.api_url}/things"
    return PageReader(bc, directory, page_size, tally).read(url, loaded), tally
