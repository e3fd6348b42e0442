"""What comes with version 29 and goes with version 30 (platform 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline_tests.sandbox.conftest import BcClient, sign_in, small_sandbox

pytestmark = pytest.mark.covers("sandbox: versions")

SINCE_29 = [
    "transferOrders",
    "transferReceipts",
    "transferShipments",
    "inventoryReceipts",
    "inventoryShipments",
    "purchaseReturnOrders",
    "salesReturnOrders",
    "assemblyOrders",
    "purchaseQuotes",
]


@pytest.fixture
def own() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


def upgrade(sandbox: Sandbox, version: str, **other: Any) -> None:
    url = f"{sandbox.base_url}/_control/settings"
    answer = requests.post(url, json={"system_version": version} | other, timeout=10)
    assert answer.status_code == 200, answer.text


def sets(bc: BcClient) -> set[str]:
    return {row["name"] for row in bc.json(f"{bc.api}/")["value"]}


def described(bc: BcClient) -> set[str]:
    text = bc.request(f"{bc.api}/$metadata").text
    return {name for name in SINCE_29 if f'EntitySet Name="{name}"' in text}


@pytest.mark.parametrize("version", ["28.4.0.0", "29.0.41900.0", "30.0.1.0"])
def test_given_a_version_then_companies_show_it(own: Sandbox, version: str) -> None:
    upgrade(own, version)
    bc = sign_in(own)
    rows = bc.json(f"{bc.api}/companies")["value"]
    assert {row["systemVersion"] for row in rows} == {version}


def test_given_version_29_then_its_entities_can_be_read_and_before_it_they_are_not_there(
    own: Sandbox,
) -> None:
    bc = sign_in(own)
    upgrade(own, "28.4.0.0")
    assert sets(bc).isdisjoint(SINCE_29)
    assert described(bc) == set()
    missing = (404, "BadRequest_ResourceNotFound")
    assert {bc.error(name) for name in SINCE_29} == {missing}
    upgrade(own, "29.0.0.0")
    assert sets(bc) >= {*SINCE_29, "transferOrderLines"}
    assert described(bc) == set(SINCE_29)
    assert [bc.rows(f"{name}?$top=5") for name in SINCE_29] == [[]] * len(SINCE_29)
    other = sign_in(own, wholesale.NAME)
    orders = other.rows("transferOrders?$expand=transferOrderLines")
    assert [order["transferOrderLines"][0]["transferToCode"] for order in orders] == ["WINKEL"] * 2


def test_given_version_30_then_pages_of_microsoft_are_gone_and_those_of_extensions_go_on(
    own: Sandbox,
) -> None:
    bc = sign_in(own, wholesale.NAME)
    company = quote(wholesale.NAME)

    def page(name: str) -> int:
        return bc.request(f"{bc.odata}/{name}?company={company}&$top=1").status_code

    extension = f"{own.base_url}/bc/v2.0/Production/api/optiply/integration/v1.0"
    lists = f"{extension}/companies({bc.company.id})"
    names = [wholesale.ITEM_PAGE, wholesale.ITEM_UNITS_PAGE, "Dimensions", "Dimension_Values"]
    assert {page(name) for name in names} == {200}
    upgrade(own, "30.0.0.0")
    assert {page(name) for name in names} == {404}
    assert bc.request(f"{lists}/inventoryByLocations?$top=1").status_code == 200
    upgrade(own, "30.0.0.0", extension_pages=[wholesale.ITEM_PAGE])
    assert [page(name) for name in names] == [200, 404, 404, 404]


def test_given_what_is_no_version_then_it_is_refused(own: Sandbox) -> None:
    url = f"{own.base_url}/_control/settings"
    for body in ({"system_version": "thirty"}, {"extension_pages": "one"}):
        assert requests.post(url, json=body, timeout=10).status_code == 400
