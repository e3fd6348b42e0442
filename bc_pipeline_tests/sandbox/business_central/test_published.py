"""Published OData pages and the Optiply extension (tap_behaviour.md 2a, 5)."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

import pytest

from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.sandbox.conftest import BcClient


@pytest.fixture
def published(bc: BcClient) -> BcClient:
    rows = [
        {"No": f"N{n}", "Vendor_No": "" if n % 2 else "10000", "Lot_Size": Decimal(n)}
        for n in range(9)
    ]
    bc.company.pages["Artikel"] = lambda _: rows
    bc.company.pages["inventoryByLocations"] = lambda _: rows
    return bc


def test_a_published_page_by_company_name(published: BcClient) -> None:
    name = quote(published.company.name)
    by_option = published.rows(f"{published.odata}/Artikel?company={name}")
    by_path = published.rows(f"{published.odata}/Company('{name}')/Artikel")
    assert by_option == by_path
    assert [row["No"] for row in by_option] == [f"N{n}" for n in range(9)]


def test_a_published_page_filters_selects_and_pages(published: BcClient) -> None:
    url = f"{published.odata}/Artikel?company={quote(published.company.name)}"
    with_vendor = quote("Vendor_No ne ''")
    filtered = f"{url}&$filter={with_vendor}&$select=No"
    assert [row["No"] for row in published.rows(filtered)] == ["N0", "N2", "N4", "N6", "N8"]
    pages = published.all_pages(url, Prefer="odata.maxpagesize=4")
    assert [len(page) for page in pages] == [4, 4, 1]
    some = published.all_pages(f"{url}&$skip=2&$top=5", Prefer="odata.maxpagesize=2")
    assert [[row["No"] for row in page] for page in some] == [["N2", "N3"], ["N4", "N5"], ["N6"]]
    assert published.error(f"{url}&$select=nonsense") == (400, "BadRequest")


def test_pages_are_missing_where_they_are_not_published(bc: BcClient) -> None:
    name = quote(bc.company.name)
    not_there = (404, "BadRequest_ResourceNotFound")
    assert bc.error(f"{bc.odata}/Artikel?company={name}") == not_there
    extension = f"{bc.sandbox.base_url}/bc/v2.0/Production/api/optiply/integration/v1.0"
    url = f"{extension}/companies({bc.company.id})/inventoryByLocations"
    assert bc.error(url) == not_there
    assert bc.error(f"{bc.odata}/Artikel?company=Nobody") == (404, "Internal_CompanyNotFound")


def test_the_extension_has_a_route_of_its_own(published: BcClient) -> None:
    base = f"{published.sandbox.base_url}/bc/v2.0/Production"
    company = f"companies({published.company.id})"
    url = f"{base}/api/optiply/integration/v1.0/{company}/inventoryByLocations"
    assert len(published.rows(url)) == 9
    other = f"{base}/api/other/integration/v1.0/{company}/inventoryByLocations"
    assert published.error(other) == (404, "BadRequest_ResourceNotFound")
    name = quote(published.company.name)
    assert published.error(f"{published.odata}/inventoryByLocations?company={name}")[0] == 404


def test_a_company_name_with_a_quote_is_doubled_in_the_path(bc: BcClient) -> None:
    company = Company("O'Neil B.V.", currency_code="EUR", clock=bc.sandbox.clock)
    company.pages["Artikel"] = lambda _: [{"No": "1"}]
    bc.sandbox.business_central.add(company)
    path = quote("O''Neil B.V.", safe="'")
    url = f"{bc.odata}/Company('{path}')/Artikel"
    assert [row["No"] for row in bc.rows(url)] == ["1"]


# --- keys, counts, companies ---------------------------------------------------------------------


@pytest.fixture
def units(bc: BcClient) -> BcClient:
    rows = [
        {"Item_No": item, "Code": code, "Qty": Decimal(quantity)}
        for item, code, quantity in (("A,1", "PCS", 1), ("A,1", "BOX", 12), ("O'B", "PCS", 1))
    ]
    bc.company.pages["Units"] = lambda _: rows
    return bc


@pytest.mark.covers("client: dynite")
@pytest.mark.parametrize("key", ["'N3'", "'n3'", "No='N3'"])
def test_a_row_has_an_address_of_its_own(published: BcClient, key: str) -> None:
    name = quote(published.company.name)
    row = published.json(f"{published.odata}/Company('{name}')/Artikel({key})")
    assert (row["No"], row["Lot_Size"]) == ("N3", 3)
    assert row["@odata.context"].endswith("/Artikel/$entity")
    short = published.json(f"{published.odata}/Artikel({key})?company={name}&$select=No")
    assert {name for name in short if "@" not in name} == {"No"}


@pytest.mark.parametrize(
    "key", ["'N99'", "N3", "No=N3", "Code='N3'", "'N3", "'N3','N4'", "'N3',No='N3'", ""]
)
def test_a_row_that_is_not_there(published: BcClient, key: str) -> None:
    url = f"{published.odata}/Artikel({quote(key)})?company={quote(published.company.name)}"
    assert published.error(url) == (404, "BadRequest_NotFound")


def test_keys_of_two_columns_are_named(units: BcClient) -> None:
    root = f"{units.odata}/Company('{quote(units.company.name)}')/Units"
    assert units.json(f"{root}(Item_No='A,1',Code='BOX')")["Qty"] == 12
    assert units.json(f"{root}(Code='PCS', Item_No='O''B')")["Item_No"] == "O'B"
    assert units.error(f"{root}('A,1')") == (404, "BadRequest_NotFound")


@pytest.mark.covers("client: dynite")
def test_rows_are_counted(published: BcClient) -> None:
    name = quote(published.company.name)
    root = f"{published.odata}/Company('{name}')/Artikel/$count"
    assert published.request(root).text == "9"
    filtered = quote("Vendor_No ne ''")
    assert published.request(f"{root}?$filter={filtered}").text == "5"
    assert published.error(f"{root.removesuffix('/$count')}('N1')/$count")[0] == 404


def test_the_service_lists_companies_and_pages(published: BcClient) -> None:
    names = {row["name"] for row in published.rows(f"{published.odata}/")}
    assert {"Company", "Artikel"} <= names
    company = published.company
    [own] = [row for row in published.rows(f"{published.odata}/Company") if row["Id"] == company.id]
    assert own["Name"] == company.name
    one = published.json(f"{published.odata}/Company('{quote(company.name)}')")
    assert one["Id"] == company.id
    assert int(published.request(f"{published.odata}/Company/$count").text) == len(
        published.sandbox.business_central.companies
    )
    assert published.error(f"{published.odata}/Company('Nobody')") == (404, "BadRequest_NotFound")


@pytest.mark.covers("client: dynite")
def test_companies_are_counted(bc: BcClient) -> None:
    assert int(bc.request(f"{bc.api}/companies/$count").text) == len(
        bc.sandbox.business_central.companies
    )
