"""Where a person clicks to see a record in the systems themselves."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bc_pipeline import links
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import BusinessCentralSettings, OptiplySettings, Tenant


def tenant(home: Path, **business_central: str) -> Tenant:
    given = {"environment_name": "Production", "company": "CRONUS NL", "client_id": "a"}
    return Tenant(
        name="acme",
        home=home,
        snapshot_dir=home / "acme",
        business_central=BusinessCentralSettings(
            **{**given, "client_secret": "s3cr3t", **business_central}
        ),
        optiply=OptiplySettings(
            client_id="a",
            client_secret="s3cr3t",
            username="u",
            password="s3cr3t",
            account_id=1,
            coupling_id=2,
        ),
    )


@pytest.mark.parametrize(
    ("entity", "page", "field"),
    [
        ("items", "30", "'Item'.'No.'"),
        ("products", "30", "'Item'.'No.'"),
        ("suppliers", "26", "'Vendor'.'No.'"),
        ("buy_orders", "50", "'Purchase Header'.'No.'"),
        ("sell_orders", "132", "'Sales Invoice Header'.'No.'"),
    ],
)
def test_given_a_record_then_its_page_in_the_web_client_is_told(tmp_path, entity, page, field):
    address = links.in_business_central(tenant(tmp_path), "CRONUS NL", entity, "1896-S")

    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path) == (
        "https",
        "businesscentral.dynamics.com",
        "/Production/",
    )
    assert parse_qs(parts.query) == {
        "company": ["CRONUS NL"],
        "page": [page],
        "filter": [f"{field} IS '1896-S'"],
    }


@pytest.mark.parametrize(
    ("entity", "called", "table", "number"),
    [
        ("supplier_products", "1906-S from 40000", "Item", "1906-S"),
        ("buy_order_lines", "106101 line 30000", "Purchase Header", "106101"),
        ("receipt_lines", "107134 line 10000", "Purch. Rcpt. Header", "107134"),
        ("products", "FROM line 7", "Item", "FROM line 7"),
    ],
)
def test_given_a_line_or_a_link_then_the_page_is_that_of_what_its_name_begins_with(
    tmp_path, entity, called, table, number
):
    address = links.in_business_central(tenant(tmp_path), "CRONUS NL", entity, called)

    wanted = f"'{table}'.'No.' IS '{number}'"
    assert parse_qs(urlsplit(address).query)["filter"] == [wanted]


def test_given_a_number_with_a_quote_and_a_named_directory_then_both_are_written_as_they_must(
    tmp_path,
):
    given = tenant(tmp_path, entra_tenant="acme.example")

    address = links.in_business_central(given, "A & B", "vendors", "O'Neill&x")

    assert urlsplit(address).path == "/acme.example/Production/"
    assert parse_qs(urlsplit(address).query)["filter"] == ["'Vendor'.'No.' IS 'O''Neill&x'"]
    assert parse_qs(urlsplit(address).query)["company"] == ["A & B"]


def test_given_no_page_no_number_or_a_system_of_ones_own_then_there_is_no_link(tmp_path):
    shop = tenant(tmp_path)

    assert links.in_business_central(shop, "CRONUS NL", "product_compositions", "A / B") is None
    assert links.in_business_central(shop, "CRONUS NL", "items", None) is None
    assert links.in_business_central(shop, None, "items", "1896-S") is None
    own = tenant(tmp_path, api_url="https://erp.acme.example")
    assert links.in_business_central(own, "CRONUS NL", "items", "1896-S") is None


def test_optiply_is_linked_where_it_has_a_dashboard(tmp_path):
    shop = tenant(tmp_path)
    assert links.in_optiply(shop) == "https://dashboard.optiply.nl/"
    local = shop.optiply.model_copy(update={"login_url": "http://127.0.0.1:8000/api"})
    assert links.in_optiply(shop.model_copy(update={"optiply": local})) is None


@pytest.mark.parametrize("company", ["cronus nl", "CRONUS Nederland", "C1"])
def test_given_a_company_by_any_of_its_names_then_the_web_client_gets_the_one_it_knows(
    tmp_path, company
):
    with Snapshot.open(tmp_path / "acme") as snapshot, snapshot.cursor() as cursor:
        shop = tenant(tmp_path, company=company)
        assert links.own_company(cursor, shop) is None
        cursor.execute(
            "INSERT INTO bc.companies (id, name, displayName) VALUES "
            "('c1', 'CRONUS NL', 'CRONUS Nederland'), ('c2', 'Other', 'Other')"
        )
        assert links.own_company(cursor, shop) == "CRONUS NL"
