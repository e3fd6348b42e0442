"""Order, pages and their links (behaviour.md 3)."""

from __future__ import annotations

import pytest

from bc_pipeline.sandbox.business_central import service
from bc_pipeline_tests.sandbox.conftest import BcClient


def test_orderby_both_ways_and_never_by_a_page_variable(bc: BcClient) -> None:
    prices = [row["unitPrice"] for row in bc.rows("items?$orderby=unitPrice desc,number")]
    assert prices == sorted(prices, reverse=True)
    assert bc.error("items?$orderby=inventory") == (400, "BadRequest")


def test_an_api_query_has_an_order_of_its_own(bc: BcClient) -> None:
    error = (501, "BadRequest_MethodNotImplemented")
    assert bc.error("vendorPurchases?$orderby=vendorNumber") == error


def test_count_top_and_skip(bc: BcClient) -> None:
    body = bc.json("items?$count=true&$top=2&$skip=1&$select=number")
    assert body["@odata.count"] == 64
    everything = bc.rows("items?$select=number")
    assert body["value"] == everything[1:3]
    assert "@odata.nextLink" not in body
    text = bc.request("items/$count")
    assert (text.text, text.headers["content-type"].split(";")[0]) == ("64", "text/plain")
    assert bc.request("items/$count?$filter=startswith(number,'SP-')").text == "34"


def test_pages_are_followed_by_an_absolute_opaque_link(bc: BcClient) -> None:
    body = bc.json("items?$select=number&$filter=unitPrice gt 0", Prefer="odata.maxpagesize=7")
    link = body["@odata.nextLink"]
    assert len(body["value"]) == 7
    assert link.startswith(f"{bc.root}/items?")
    assert "aid=FIN&$skiptoken=" in link
    assert "$filter=" in link
    pages = bc.all_pages(
        "items?$select=number&$filter=unitPrice gt 0", Prefer="odata.maxpagesize=7"
    )
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7]
    numbers = [row["number"] for page in pages for row in page]
    assert numbers == [row["number"] for row in bc.rows("items?$filter=unitPrice gt 0")]


@pytest.mark.parametrize("order", ["unitPrice", "unitPrice desc", "blocked,number desc", "id"])
def test_every_order_pages_without_loss(bc: BcClient, order: str) -> None:
    whole = [row["id"] for row in bc.rows(f"items?$orderby={order}")]
    pages = bc.all_pages(f"items?$orderby={order}", Prefer="odata.maxpagesize=5")
    assert [row["id"] for page in pages for row in page] == whole
    assert len(set(whole)) == 64


def test_top_and_skip_count_over_pages(bc: BcClient) -> None:
    pages = bc.all_pages("items?$top=9&$skip=3&$select=id", Prefer="odata.maxpagesize=4")
    assert [len(page) for page in pages] == [4, 4, 1]
    whole = [row["id"] for row in bc.rows("items?$select=id")]
    assert [row["id"] for page in pages for row in page] == whole[3:12]


def test_a_page_size_has_to_be_asked_for_on_every_page(bc: BcClient) -> None:
    first = bc.request("items", Prefer="odata.maxpagesize=5")
    assert first.headers["preference-applied"] == "odata.maxpagesize"
    rest = bc.json(first.json()["@odata.nextLink"])
    assert len(rest["value"]) == 59


def test_no_page_is_larger_than_the_limit(bc: BcClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert service.MAX_PAGE_SIZE == 20_000
    monkeypatch.setattr(service, "MAX_PAGE_SIZE", 10)
    assert len(bc.rows("items")) == 10
    assert len(bc.rows("items", Prefer="odata.maxpagesize=50")) == 10


def test_a_row_that_moves_while_paging_is_seen_twice_as_in_bc(bc: BcClient) -> None:
    path = "items?$select=id&$orderby=lastModifiedDateTime"
    first = bc.json(path, Prefer="odata.maxpagesize=10")
    moved = first["value"][0]["id"]
    bc.company.modify("items", moved, displayName="moved")
    rest = bc.json(first["@odata.nextLink"])["value"]
    assert moved in [row["id"] for row in rest]
    assert len(first["value"]) + len(rest) == 65


def test_rows_deleted_while_paging_do_not_shift_the_others(bc: BcClient) -> None:
    whole = [row["id"] for row in bc.rows("items?$select=id")]
    first = bc.json("items?$select=id", Prefer="odata.maxpagesize=10")
    bc.company.delete("items", whole[0])
    bc.company.delete("items", whole[9])
    rest = bc.json(first["@odata.nextLink"])["value"]
    assert [row["id"] for row in rest] == whole[10:]
