"""The sandbox as a whole: tenants, reset, control over HTTP, the large company."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import yaml

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import ZERO_GUID as ZERO
from bc_pipeline.sandbox.request_log import RequestLog
from bc_pipeline_tests.sandbox.conftest import BcClient, sign_in, small_sandbox, token_request


def control(sandbox: Sandbox, path: str, body: Any = None, method: str = "POST") -> Any:
    url = f"{sandbox.base_url}/_control/{path}"
    answer = requests.request(method, url, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_tenants_are_written_ready_to_use(sandbox: Sandbox, tmp_path: Path) -> None:
    path = sandbox.write_tenants(tmp_path)
    tenants = yaml.safe_load(path.read_text("utf-8"))["tenants"]
    assert path == tmp_path / "tenants.yaml"
    assert list(tenants) == ["cronus", "wholesale"]
    companies = {tenant["business_central"]["company"] for tenant in tenants.values()}
    assert companies == set(sandbox.business_central.companies)
    assert {t["optiply"]["account_id"] for t in tenants.values()} == {
        shop.account_id for shop in sandbox.optiply.shops.values()
    }
    assert tenants["cronus"]["business_central"].get("item_page_name") is None
    assert tenants["wholesale"]["business_central"]["bom_components"] is True
    seed = tmp_path / tenants["cronus"]["business_central"]["refresh_token"]["file"]
    assert seed.stat().st_mode & 0o777 == 0o600


def test_the_written_credentials_work(sandbox: Sandbox, tmp_path: Path) -> None:
    tenants = yaml.safe_load(sandbox.write_tenants(tmp_path).read_text("utf-8"))["tenants"]
    for tenant in tenants.values():
        bc = tenant["business_central"]
        form = {"client_id": bc["client_id"], "client_secret": bc["client_secret"]}
        if seed := bc.get("refresh_token"):
            token = (tmp_path / seed["file"]).read_text("utf-8")
            form |= {"grant_type": "refresh_token", "refresh_token": token}
        else:
            scope = "https://api.businesscentral.dynamics.com/.default"
            form |= {"grant_type": "client_credentials", "scope": scope}
        answer = token_request(sandbox, bc["entra_tenant"], **form)
        assert answer.status_code == 200


def test_reset_brings_the_seeded_state_back_and_keeps_clients_signed_in(
    sandbox: Sandbox, bc: BcClient
) -> None:
    sandbox.faults.add("bc", action="unavailable", times=None)
    company = sandbox.business_central.companies[bc.company.name]
    company.delete("items", next(iter(company.tables["items"])))
    sandbox.reset()
    assert len(sandbox.requests) == 0
    assert bc.request("items/$count").text == "64"


def test_the_request_log_is_bounded_and_numbered() -> None:
    with small_sandbox() as sandbox:
        sandbox.requests = RequestLog(limit=3)
        sandbox.reset()
        for _ in range(5):
            requests.get(f"{sandbox.base_url}/nonsense", timeout=10)
        assert [entry.number for entry in sandbox.requests] == [3, 4, 5]


def test_faults_and_clock_over_http(sandbox: Sandbox, bc: BcClient) -> None:
    fault = {"system": "bc", "action": "unavailable", "path": "/items"}
    control(sandbox, "faults", fault)
    assert bc.request("items").status_code == 503
    assert control(sandbox, "faults", method="GET")[0]["hits"] == 1
    control(sandbox, "faults", method="DELETE")
    assert control(sandbox, "faults", method="GET") == []
    before = sandbox.clock()
    control(sandbox, "clock", {"advance": 3600})
    assert (sandbox.clock() - before).total_seconds() >= 3600
    control(sandbox, "clock", {"set": "2030-01-01T00:00:00Z"})
    assert sandbox.clock().year == 2030
    control(sandbox, "reset")
    assert sandbox.clock().year != 2030


def test_companies_and_requests_over_http(sandbox: Sandbox, bc: BcClient) -> None:
    bc.json("items?$top=1")
    companies = {row["name"]: row for row in control(sandbox, "companies", method="GET")}
    assert companies[bc.company.name]["rows"]["items"] == 64
    found = control(sandbox, "requests?system=bc", method="GET")
    assert found[-1]["path"].endswith("/items")
    assert control(sandbox, "", method="GET")["shops"] == ["cronus", "wholesale"]


def test_a_wrong_control_request_says_what_is_wrong(sandbox: Sandbox) -> None:
    url = f"{sandbox.base_url}/_control/faults"
    answer = requests.post(url, json={"action": "nonsense"}, timeout=10)
    assert answer.status_code == 400
    assert "nonsense" in answer.json()["error"]


def test_a_large_company_is_served_without_being_held_in_memory() -> None:
    with small_sandbox(big_invoices=(5_000, 20)) as sandbox:
        bc = sign_in(sandbox, "BIG")
        assert bc.request("salesInvoices/$count").text == "5000"
        expand = "salesInvoiceLines($select=id,documentId,quantity,netAmount,itemId)"
        path = f"salesInvoices?$select=id,number&$expand={expand}&$top=2500"
        pages = bc.all_pages(path, Prefer="odata.maxpagesize=1000")
        assert [len(page) for page in pages] == [1000, 1000, 500]
        lines = [line for page in pages for row in page for line in row["salesInvoiceLines"]]
        assert len(lines) == len({line["id"] for line in lines}) == 50_000
        assert {line["itemId"] for line in lines} <= set(bc.company.tables["items"])
        fourth = pages[0][3]["id"]
        assert len(bc.rows(f"salesInvoices({fourth})/salesInvoiceLines")) == 20
        assert len(bc.rows(f"salesInvoiceLines?$filter=documentId eq {fourth}")) == 20


def test_two_sandboxes_do_not_share_anything() -> None:
    with small_sandbox() as first, small_sandbox() as second:
        assert first.base_url != second.base_url
        foreign = BcClient(second, sign_in(first).session.headers["Authorization"].split()[1])
        assert foreign.request("items").status_code == 401


def test_a_taken_port_is_reported(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox(wholesale_items=20, port=sandbox.port).start()


def test_changes_over_http(sandbox: Sandbox, bc: BcClient) -> None:
    assert "move_stock" in control(sandbox, "changes", method="GET")
    item = bc.company.find("items", number="1896-S")[0]["id"]
    params = {"company": bc.company.name, "item": "1896-S", "quantity": -3, "location": "MAIN"}
    control(sandbox, "changes", {"name": "move_stock", "params": params})
    assert bc.json(f"items({item})")["inventory"] == 507
    refused = {"name": "nonsense", "params": {"company": bc.company.name}}
    answer = requests.post(f"{sandbox.base_url}/_control/changes", json=refused, timeout=10)
    assert answer.status_code == 400


def test_random_changes_over_http_are_repeatable(sandbox: Sandbox) -> None:
    body = {"company": wholesale.NAME, "seed": 5, "count": 10}
    first = control(sandbox, "random-changes", body)
    sandbox.reset()
    assert control(sandbox, "random-changes", body) == first
    assert len(first) == 10


def test_the_wholesale_company_serves_every_list_and_its_pages(sandbox: Sandbox) -> None:
    bc = sign_in(sandbox, wholesale.NAME)
    for name, table in bc.company.tables.items():
        if table and not entities()[name].parent_key:
            # Journals of other templates than the general one are listed by their name only.
            path = f"{name}?$filter=templateDisplayName ne ''" if name == "journals" else name
            listed = sum(len(page) for page in bc.all_pages(path, Prefer="odata.maxpagesize=500"))
            assert listed == len(table), name
    name = quote(wholesale.NAME)
    cards = bc.rows(f"{bc.odata}/{wholesale.ITEM_PAGE}?company={name}")
    assert {row["No"] for row in cards} == {row["number"] for row in bc.rows("items")}
    assert bc.rows(f"{bc.odata}/{wholesale.ITEM_UNITS_PAGE}?company={name}")
    extension = f"{sandbox.base_url}/bc/v2.0/Production/api/optiply/integration/v1.0"
    stock = bc.rows(f"{extension}/companies({bc.company.id})/inventoryByLocations")
    totals: dict[str, float] = defaultdict(float)
    for row in stock:
        totals[row["ItemId"]] += row["Inventory"]
    for item in bc.rows("items?$select=id,inventory"):
        assert totals[item["id"]] == pytest.approx(item["inventory"])


@pytest.mark.covers("sandbox: unit and tax ids")
@pytest.mark.parametrize("path", ["items?", "purchaseOrders?$expand=", "salesInvoices?$expand="])
def test_items_and_lines_of_the_wholesaler_expand_to_their_unit(
    sandbox: Sandbox, path: str
) -> None:
    bc = sign_in(sandbox, wholesale.NAME)
    lines = f"{path[: -len('s?$expand=')]}Lines" if "=" in path else ""
    if lines:
        documents = bc.rows(f"{path}{lines}($expand=unitOfMeasure)&$top=5")
        found = [line for row in documents for line in row[lines] if line["itemId"] != ZERO]
    else:
        found = bc.rows("items?$expand=unitOfMeasure")
    assert found
    for row in found:
        code = row["unitOfMeasureCode" if lines else "baseUnitOfMeasureCode"]
        assert row["unitOfMeasure"]["code"] == code


@pytest.mark.covers("sandbox: unit and tax ids")
def test_items_and_lines_written_have_the_id_of_their_unit(sandbox: Sandbox) -> None:
    bc = sign_in(sandbox, wholesale.NAME)
    item = bc.created("items", {"baseUnitOfMeasureCode": "DOOS", "taxGroupCode": "LAAG"})
    unit = bc.company.find("unitsOfMeasure", code="DOOS")[0]["id"]
    group = bc.company.find("taxGroups", code="LAAG")[0]["id"]
    assert (item["baseUnitOfMeasureId"], item["taxGroupId"]) == (unit, group)
    vendor = bc.company.find("vendors", blocked="_x0020_")[0]["number"]
    order = bc.created("purchaseOrders", {"vendorNumber": vendor})
    lines = f"purchaseOrders({order['id']})/purchaseOrderLines"
    line = bc.created(lines, {"itemId": item["id"], "quantity": 1})
    assert (line["unitOfMeasureCode"], line["unitOfMeasureId"]) == ("DOOS", unit)
    assert bc.json(f"{lines}({line['id']})?$expand=unitOfMeasure")["unitOfMeasure"]["id"] == unit


def test_answers_of_the_large_company_are_kept_until_it_changes() -> None:
    with small_sandbox(big_invoices=(100, 2)) as sandbox:
        bc = sign_in(sandbox, "BIG")
        path = (
            "salesInvoices?$select=number&$expand=salesInvoiceLines($expand=item($select=number))"
        )
        first = bc.request(path)
        again = bc.request(path)
        assert again.headers["content-encoding"] == "gzip"
        assert again.content == first.content
        assert bc.request(path, Accept_Encoding="identity").content == first.content
        paged = bc.json(path, Prefer="odata.maxpagesize=10")
        assert len(paged["value"]) == 10
        item = first.json()["value"][0]["salesInvoiceLines"][0]["item"]["number"]
        bc.company.modify("items", bc.company.find("items", number=item)[0]["id"], number="NEW")
        changed = bc.rows(path)[0]["salesInvoiceLines"][0]["item"]["number"]
        assert changed == "NEW"
