"""Pages are read one after another, and none is lost or taken twice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline.errors import ReadFailed, RequestFailed
from bc_pipeline_tests.business_central.fake import (
    COMPANY,
    FakeBusinessCentral,
    Reply,
    Seen,
    error,
    page,
)
from bc_pipeline_tests.reading.pages import Loaded, bc, read

__all__ = ["bc"]


def link(fake: FakeBusinessCentral, token: str) -> str:
    return f"{fake.url}/things?$skiptoken={token}"


def test_given_pages_then_all_are_loaded_in_order_and_their_files_removed(fake, bc, tmp_path):
    fake.on_set(
        "things",
        page([{"id": "a"}], link(fake, "1")),
        page([{"id": "b"}], link(fake, "2")),
        page([{"id": "c"}]),
    )
    loaded = Loaded()

    pages, tally = read(bc, tmp_path, loaded)

    assert (pages, tally.total, tally.retried) == (3, 3, 0)
    assert [row["id"] for row in loaded.rows] == ["a", "b", "c"]
    assert not any(file.exists() for file in loaded.files)
    assert {seen.headers["prefer"] for seen in fake.seen if seen.entity_set == "things"} == {
        "odata.maxpagesize=100"
    }


def test_given_no_rows_then_one_empty_page_is_loaded(fake, bc, tmp_path):
    fake.on_set("things", page([]))
    loaded = Loaded()

    assert read(bc, tmp_path, loaded)[0] == 1
    assert loaded.rows == []


@pytest.mark.parametrize(
    "bad",
    [
        Reply(body=b"<html>sorry</html>"),
        Reply(body=b""),
        Reply(body=b"[]"),
        Reply(body=b'{"error": {}}'),
        Reply(body=b'{"value": {}}'),
        Reply(body=b'{"value": null}'),
        Reply(body=b'{"value": [1, 2]}'),
        Reply(body=b'{"value": [{"id": "a"}'),
        Reply(body=b'{"value": [{"id": "a"}], "@odata.nextLink": "http'),
        Reply(body=b'{"value": [{"id": "a", "lines": []}'),
        Reply(body=b'{"value": [{"id": "a"}]}', length=5000),
        Reply(body=b'{"value": [{"id": NaN, "n": 1234567890123456}]}'),
    ],
    ids=[
        *("HTML", "empty", "a list", "no value", "an object", "null", "numbers", "cut 1", "cut 2"),
        *("cut 3", "short", "NaN"),
    ],
)
@pytest.mark.covers("decision 41")
def test_given_a_bad_page_then_it_is_fetched_again_and_reported_when_it_stays_bad(
    fake, bc, tmp_path, bad: Reply
):
    fake.on_set("things", bad, page([{"id": "good"}]))
    loaded = Loaded()
    read(bc, tmp_path, loaded)
    assert [row["id"] for row in loaded.rows] == ["good"]

    fake.on_set("things", bad)
    with pytest.raises((RequestFailed, ReadFailed)):
        read(bc, tmp_path, Loaded())


def test_given_rows_the_loader_refuses_then_the_page_comes_again_parsed_as_a_whole(
    fake, bc, tmp_path
):
    fake.on_set("things", page([{"id": "a", "n": 1.5}], link(fake, "1")), page([{"id": "b"}]))
    fake.on(
        lambda seen: (
            page([{"id": "a", "n": 1.5}], link(fake, "1"))
            if seen.entity_set == "things" and not seen.query
            else None
        )
    )
    loaded = Loaded(refuse=1)

    pages, tally = read(bc, tmp_path, loaded)

    assert pages == 2
    assert tally.retried == 1
    assert loaded.exact == [True, False]
    assert loaded.rows == [{"id": "a", "n": "1.5"}, {"id": "b"}]


def test_given_rows_the_loader_keeps_refusing_then_the_read_failed(fake, bc, tmp_path):
    fake.on_set("things", page([{"id": "a"}]))

    with pytest.raises(ReadFailed, match="nonsense in a row"):
        read(bc, tmp_path, Loaded(refuse=99))

    assert len(fake.requests_of("things")) == 3


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/things",
        "http://127.0.0.1:1/things",
        "http://127.0.0.1@evil.example/things",
        "//evil.example/things",
        "https://127.0.0.1/things",
        "file:///things",
        "http://[/things",
    ],
)
@pytest.mark.covers("decision 26")
def test_given_a_link_to_anywhere_else_then_the_read_failed(fake, bc, tmp_path, url: str):
    fake.on_set("things", page([{"id": "a"}], url))

    with pytest.raises(ReadFailed, match="leaves the server"):
        read(bc, tmp_path, Loaded())


@pytest.mark.covers("decision 26")
@pytest.mark.parametrize(
    "url", ["/things?$skiptoken='a%20b'", "things?$skiptoken='a%20b'", "?$skiptoken='a%20b'"]
)
def test_given_a_link_without_host_then_it_belongs_to_the_page_it_came_with(
    fake, bc, tmp_path, url: str
):
    fake.on_set("things", page([{"id": "a"}], url), page([{"id": "b"}]))
    loaded = Loaded()

    read(bc, tmp_path, loaded)

    assert [row["id"] for row in loaded.rows] == ["a", "b"]
    assert [seen.query for seen in fake.requests_of("things")] == [{}, {"$skiptoken": "'a b'"}]


@pytest.mark.covers("decision 26")
def test_given_a_small_list_with_a_link_without_host_then_all_of_it_comes(fake, bc):
    place = f"/v2.0/Production/api/v2.0/companies({COMPANY['id']})/things?$skiptoken=1"
    fake.on_set("things", page([{"id": "a"}], place), page([{"id": "b"}]))

    assert [row["id"] for row in bc.rows(fake.url_of("things"))] == ["a", "b"]


def test_given_a_link_that_comes_back_then_the_read_failed(fake, bc, tmp_path):
    fake.on_set("things", page([{}], f"{fake.url}/things"))
    with pytest.raises(ReadFailed, match="no end"):
        read(bc, tmp_path, Loaded())

    fake.on(
        lambda seen: (
            page([{}], link(fake, "2" if seen.query.get("$skiptoken") == "1" else "1"))
            if seen.entity_set == "things"
            else None
        )
    )
    with pytest.raises(ReadFailed, match="no end"):
        read(bc, tmp_path, Loaded())


def test_given_numbers_longer_than_a_double_then_they_arrive_as_text(fake, bc, tmp_path):
    body = b'{"value": [{"id": "1234567890123456789", "n": -12345678901234567.89, "m": 0.5}]}'
    fake.on_set("things", Reply(body=body))
    loaded = Loaded()

    read(bc, tmp_path, loaded)

    assert loaded.exact == [True]
    assert Decimal(loaded.rows[0]["n"]) == Decimal("-12345678901234567.89")
    assert loaded.rows[0]["m"] == "0.5"


def test_given_a_long_number_across_the_edge_of_a_chunk_then_it_is_seen(fake, bc, tmp_path):
    for edge in range(65_530 - 40, 65_536, 3):
        start = b'{"value": [{"id": "'
        body = start + b"x" * (edge - len(start) - 7) + b'", "n": 123456789012.34567}]}'
        fake.on_set("things", Reply(body=body))
        loaded = Loaded()

        read(bc, tmp_path, loaded)

        assert loaded.exact == [True], edge


def test_given_long_digits_in_a_text_only_then_the_fast_way_is_kept(fake, bc, tmp_path):
    fake.on_set("things", page([{"id": "1", "gtin": "12345678901234567890", "n": 123456789.12345}]))
    loaded = Loaded()

    read(bc, tmp_path, loaded)

    assert loaded.exact == [False]


def test_given_lines_cut_into_pages_of_their_own_then_they_are_fetched(fake, bc, tmp_path):
    fake.on_set(
        "things",
        page(
            [
                {"id": "a", "lines": [{"n": 1}], "lines@odata.nextLink": f"{fake.url}/lines"},
                {"id": "b", "lines": [{"n": 9}]},
            ],
            link(fake, "1"),
        ),
        page([{"id": "c", "lines@odata.nextLink": f"{fake.url}/lines?$skiptoken=7"}]),
    )
    fake.on_set(
        "lines",
        page([{"n": 2}], f"{fake.url}/lines?$skiptoken=3"),
        page([{"n": 3}]),
        page([{"n": 7}]),
    )
    loaded = Loaded()

    read(bc, tmp_path, loaded)

    assert [[int(line["n"]) for line in row["lines"]] for row in loaded.rows] == [
        [1, 2, 3],
        [9],
        [7],
    ]


def test_given_lines_whose_links_go_in_circles_then_the_read_failed(fake, bc, tmp_path):
    fake.on_set(
        "things", page([{"id": "a", "lines": [], "lines@odata.nextLink": f"{fake.url}/lines"}] * 2)
    )
    fake.on_set("lines", page([{"n": 2}], f"{fake.url}/lines"))

    with pytest.raises(ReadFailed, match="twice"):
        read(bc, tmp_path, Loaded())


def test_given_a_request_that_takes_too_long_then_less_is_asked_for(fake, bc, tmp_path):
    def answer(seen: Seen) -> Reply | None:
        if seen.entity_set != "things":
            return None
        if int(seen.headers["prefer"].rsplit("=", 1)[1]) > 500:
            return error(504, "Gateway")
        return page([{"id": "a"}], None if seen.query else link(fake, "1"))

    fake.on(answer)

    read(bc, tmp_path, Loaded(), page_size=2000)

    sizes = [seen.headers["prefer"].rsplit("=", 1)[1] for seen in fake.requests_of("things")]
    assert sizes == ["2000", "1000", "500", "500"]
