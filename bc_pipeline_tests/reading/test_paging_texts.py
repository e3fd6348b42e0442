"""Pages with texts that cannot be stored."""

from __future__ import annotations

import orjson
import pytest

from bc_pipeline.reading.paging import MalformedPage, Page
from bc_pipeline_tests.business_central.fake import Reply
from bc_pipeline_tests.reading.pages import Loaded, bc, read

__all__ = ["bc"]

SPOILED = [
    rb'"Zonnebloem \ud83d"',
    rb'"\udc00 first"',
    rb'"nul \u0000 and \u001f\u007F"',
    rb'"back\bspace, form\ffeed"',
    b'"raw \x01\x7f control"',
    b'"cut in UTF-8 \xf0\x9f\x8c"',
    b'"a surrogate as bytes \xed\xa0\xbd"',
    rb'"a real flower \ud83c\udf3b, a path C:\\ubuntu\\bin"',
]


@pytest.mark.covers("decision 16")
@pytest.mark.parametrize("text", SPOILED)
@pytest.mark.parametrize("edge", [0, 65_500])
def test_given_a_text_that_cannot_be_stored_then_it_arrives_mended_and_its_neighbours_whole(
    fake, bc, tmp_path, text: bytes, edge: int
):
    padding = b"x" * edge
    body = b'{"value": [{"id": "' + padding + b'", "n": 0.10, "displayName": ' + text
    fake.on_set("things", Reply(body=body + b'}, {"id": "b", "displayName": "Cr\xc3\xa8me"}]}'))
    loaded = Loaded()

    read(bc, tmp_path, Strict(loaded))

    first, second = loaded.rows
    assert first["displayName"].encode()
    assert all(sign.isprintable() for sign in first["displayName"])
    assert second["displayName"] == "Crème"
    assert float(first["n"]) == 0.1


class Strict(Loaded):
    """Refuses what DuckDB refuses."""

    def __init__(self, inner: Loaded) -> None:
        super().__init__()
        self._inner = inner

    def __call__(self, page: Page) -> None:
        try:
            orjson.loads(page.path.read_bytes().lstrip())
        except orjson.JSONDecodeError as error:
            raise MalformedPage(str(error)) from error
        self._inner(page)
