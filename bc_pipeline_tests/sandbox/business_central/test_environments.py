"""Environments that are copies of one another, and one that is taken back (platform 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox, changes
from bc_pipeline.sandbox.apply import apply
from bc_pipeline_tests.sandbox.conftest import BcClient, sign_in, small_sandbox

pytestmark = pytest.mark.covers("sandbox: copied environment")


@pytest.fixture
def own() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


def elsewhere(bc: BcClient, environment: str) -> BcClient:
    """The same client in another environment."""
    other = sign_in(bc.sandbox, bc.company.name)
    other.api = other.api.replace("/Production/", f"/{environment}/")
    other.root = f"{other.api}/companies({bc.company.id})"
    other.company = bc.sandbox.business_central.environments[environment].companies[bc.company.name]
    return other


def numbers(bc: BcClient) -> set[str]:
    return {row["number"] for row in bc.rows("vendors?$select=number")}


def control(sandbox: Sandbox, path: str, body: Any = None) -> Any:
    url = f"{sandbox.base_url}/_control/{path}"
    answer = requests.request("POST" if body else "GET", url, json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_given_a_copy_then_companies_keep_their_ids_and_rows(own: Sandbox) -> None:
    bc = sign_in(own)
    own.business_central.environments.copy_to("Sandbox")
    copy = elsewhere(bc, "Sandbox")
    companies = [each.json(f"{each.api}/companies")["value"] for each in (bc, copy)]
    assert companies[0] == companies[1]
    for path in ("items?$select=number,inventory", "purchaseOrders?$expand=purchaseOrderLines"):
        assert copy.rows(path) == bc.rows(path)


def test_given_a_copy_then_the_data_of_each_goes_its_own_way(own: Sandbox) -> None:
    bc = sign_in(own)
    own.business_central.environments.copy_to("Sandbox")
    copy = elsewhere(bc, "Sandbox")
    here = bc.created("vendors", {"number": "HERE", "displayName": "Here"})
    there = copy.created("vendors", {"number": "THERE", "displayName": "There"})
    assert here["id"] != there["id"]
    assert (numbers(bc) - numbers(copy), numbers(copy) - numbers(bc)) == ({"HERE"}, {"THERE"})
    item = next(r for r in bc.company.tables["items"].values() if r["type"] == "Inventory")
    path = f"items({item['id']})?$select=inventory"
    stock = bc.json(path)["inventory"]
    params = {"company": bc.company.name, "item": item["number"], "quantity": 9}
    apply(own, "move_stock", params | {"environment": "Sandbox"})
    assert (bc.json(path)["inventory"], copy.json(path)["inventory"]) == (stock, stock + 9)
    answers = copy.batch({"method": "POST", "url": "vendors", "body": {"number": "BATCH"}})
    assert [answer["status"] for answer in answers] == [201]
    assert "BATCH" in numbers(copy) - numbers(bc)


def test_given_the_control_interface_then_environments_are_copied_renamed_and_taken_back(
    own: Sandbox,
) -> None:
    bc = sign_in(own)
    control(own, "environments", {"copy_to": "Trial", "source": "Production"})
    control(own, "environments", {"rename": "Trial", "to": "Acceptance"})
    listed = control(own, "environments")
    assert [(each["name"], each["type"]) for each in listed] == [
        ("Production", "Production"),
        ("Acceptance", "Sandbox"),
    ]
    assert bc.company.name in listed[1]["companies"]
    control(own, "environments", {"mark": None})
    bc.created("vendors", {"number": "LATER", "displayName": "Later"})
    control(own, "environments", {"restore": None})
    assert "LATER" not in numbers(bc)
    published = f"{own.base_url}/bc/environments/v1.2"
    assert [(each["name"], each["type"]) for each in bc.rows(published)] == [
        ("Production", "Production"),
        ("Acceptance", "Sandbox"),
    ]


def test_given_a_restored_environment_then_all_since_then_never_happened(own: Sandbox) -> None:
    bc = sign_in(own)
    environments = own.business_central.environments
    item = next(r for r in bc.company.tables["items"].values() if r["type"] == "Inventory")
    path = f"items({item['id']})"
    before = bc.json(path)
    newest = bc.rows("itemLedgerEntries?$orderby=entryNumber desc&$top=1")[0]
    environments.mark()
    order = changes.apply_to(bc.company, "new_purchase_order", _order(bc))
    changes.apply_to(bc.company, "move_stock", {"item": item["number"], "quantity": 5})
    bc.patched(path, {"displayName": "Other"})
    environments.restore()
    assert bc.json(path) == before
    assert bc.rows("itemLedgerEntries?$orderby=entryNumber desc&$top=1")[0] == newest
    assert changes.apply_to(bc.company, "new_purchase_order", _order(bc)) == order
    assert bc.patched(path, {"displayName": "New"})["@odata.etag"] != before["@odata.etag"]


def test_given_an_unknown_environment_then_nothing_is_found(own: Sandbox) -> None:
    bc = sign_in(own)
    assert bc.request(f"{bc.api.replace('Production', 'Nowhere')}/companies").status_code == 404
    assert bc.request(f"{bc.api.replace('Production', 'PRODUCTION')}/companies").status_code == 200
    with pytest.raises(ValueError, match="exists"):
        own.business_central.environments.copy_to("production")
    with pytest.raises(ValueError, match="marked"):
        own.business_central.environments.restore()


def _order(bc: BcClient) -> dict[str, Any]:
    vendor = next(r for r in bc.company.tables["vendors"].values() if r["blocked"] == "_x0020_")
    item = next(r for r in bc.company.tables["items"].values() if r["type"] == "Inventory")
    return {"vendor": vendor["number"], "lines": [{"item": item["number"], "quantity": 1}]}
