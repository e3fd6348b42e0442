"""A replica that lags: what a read sees depends on what it asks for (platform 1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox, changes
from bc_pipeline.sandbox.business_central.replica import set_lag
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.company.transaction import Transaction
from bc_pipeline_tests.sandbox.conftest import BcClient, sign_in

pytestmark = pytest.mark.covers("sandbox: replica lag")

PRIMARY = {"Data_Access_Intent": "ReadWrite"}


@pytest.fixture
def lagging(bc: BcClient) -> Iterator[BcClient]:
    """A client of a company whose replica is 20 seconds behind."""
    bc.sandbox.business_central.set_replica_lag(20, bc.company.name)
    yield bc
    bc.sandbox.business_central.set_replica_lag(0)


def numbers(bc: BcClient, **headers: str) -> set[str]:
    return {row["number"] for row in bc.rows("vendors?$select=number", **headers)}


def new_vendor(bc: BcClient, number: str) -> str:
    return bc.created("vendors", {"number": number, "displayName": number})["id"]


def test_given_a_write_then_a_read_without_the_header_sees_it_when_the_lag_is_over(
    lagging: BcClient, sandbox: Sandbox
) -> None:
    new_vendor(lagging, "LATE")
    assert "LATE" not in numbers(lagging)
    assert "LATE" not in numbers(lagging, Data_Access_Intent="ReadOnly")
    assert "LATE" in numbers(lagging, **PRIMARY)
    sandbox.clock.advance(10)
    assert "LATE" not in numbers(lagging)
    sandbox.clock.advance(11)
    assert "LATE" in numbers(lagging)


def test_given_a_change_and_a_deletion_then_the_replica_still_shows_what_was_there(
    lagging: BcClient, sandbox: Sandbox
) -> None:
    changed, deleted = new_vendor(lagging, "CHANGED"), new_vendor(lagging, "DELETED")
    sandbox.clock.advance(21)
    before = lagging.json(f"vendors({changed})")
    after = lagging.patched(f"vendors({changed})", {"displayName": "Other"})
    lagging.deleted(f"vendors({deleted})")
    assert lagging.json(f"vendors({changed})") == before
    assert lagging.json(f"vendors({deleted})")["number"] == "DELETED"
    assert lagging.error(f"vendors({deleted})", **PRIMARY)[0] == 404
    sandbox.clock.advance(21)
    assert lagging.json(f"vendors({changed})")["@odata.etag"] == after["@odata.etag"]
    assert lagging.error(f"vendors({deleted})")[0] == 404


def test_given_stock_that_moved_then_the_replica_counts_what_was_there(
    lagging: BcClient, sandbox: Sandbox
) -> None:
    item = next(r for r in lagging.company.tables["items"].values() if r["type"] == "Inventory")
    path = f"items({item['id']})?$select=inventory"
    before = lagging.json(path)["inventory"]
    changes.apply_to(lagging.company, "move_stock", {"item": item["number"], "quantity": 7})
    assert lagging.json(path)["inventory"] == before
    assert lagging.json(path, **PRIMARY)["inventory"] == before + 7
    sandbox.clock.advance(21)
    assert lagging.json(path)["inventory"] == before + 7


def test_given_a_published_page_then_it_lags_too(sandbox: Sandbox) -> None:
    bc = sign_in(sandbox, wholesale.NAME)
    url = f"{bc.odata}/{wholesale.ITEM_PAGE}?company={wholesale.NAME}&$select=No"
    sandbox.business_central.set_replica_lag(20, wholesale.NAME)
    changes.apply_to(bc.company, "new_item", {"name": "Lamp"})
    assert len(bc.rows(url)) == len(bc.rows(url, **PRIMARY)) - 1
    sandbox.business_central.set_replica_lag(0)
    assert len(bc.rows(url)) == len(bc.rows(url, **PRIMARY))


def test_given_a_batch_then_each_part_is_answered_by_what_its_own_headers_ask_for(
    lagging: BcClient,
) -> None:
    new = {"number": "INBATCH", "displayName": "In a batch"}
    filtered = "vendors?$filter=number eq 'INBATCH'"
    answers = lagging.batch(
        {"method": "POST", "url": "vendors", "body": new},
        {"method": "GET", "url": filtered, "headers": {}},
        {"method": "GET", "url": filtered, "headers": {"Data-Access-Intent": "ReadWrite"}},
    )
    assert [len(answer["body"]["value"]) for answer in answers[1:]] == [0, 1]


def test_given_a_replica_that_parts_cannot_avoid_then_only_single_requests_see_the_primary(
    lagging: BcClient,
) -> None:
    lagging.sandbox.business_central.set_replica_lag(20, lagging.company.name, heeds_parts=False)
    new_vendor(lagging, "PARTS")
    part = {"headers": {"Data-Access-Intent": "ReadWrite"}}
    filtered = "vendors?$filter=number eq 'PARTS'"
    (answer,) = lagging.batch({"method": "GET", "url": filtered} | part)
    assert answer["body"]["value"] == []
    assert len(lagging.rows(filtered, **PRIMARY)) == 1


@pytest.mark.parametrize("intent", ["ReadOnly", "ReadWrite"])
def test_given_a_write_that_names_a_database_then_it_is_refused(bc: BcClient, intent: str) -> None:
    header = {"Data_Access_Intent": intent}
    body = {"number": "X", "displayName": "X"}
    vendor = next(iter(bc.company.tables["vendors"].values()))["id"]
    refused = (400, "BadRequest")
    assert bc.refused("POST", "vendors", body, **header) == refused
    assert bc.refused("PATCH", f"vendors({vendor})", {"displayName": "X"}, **header) == refused
    assert bc.refused("DELETE", f"vendors({vendor})", **header) == refused
    part = {"method": "POST", "url": "vendors", "body": body}
    own = {"headers": {"Content-Type": "application/json", "Data-Access-Intent": intent}}
    assert bc.batch(part | own)[0]["status"] == 400
    assert not bc.company.find("vendors", number="X")


def test_given_no_lag_then_every_read_sees_the_primary(bc: BcClient) -> None:
    new_vendor(bc, "ATONCE")
    assert "ATONCE" in numbers(bc)


def test_given_the_control_interface_then_the_lag_is_set_per_company(bc: BcClient) -> None:
    def control(method: str, path: str, body: Any = None) -> Any:
        url = f"{bc.sandbox.base_url}/_control/{path}"
        return requests.request(method, url, json=body, timeout=30).json()

    control("POST", "replica", {"seconds": 30, "company": bc.company.name})
    lags = {c["name"]: c["replicaLagSeconds"] for c in control("GET", "companies")}
    assert lags == dict.fromkeys(lags, 0) | {bc.company.name: 30}
    control("POST", "replica", {"seconds": 0})
    assert not any(c["replicaLagSeconds"] for c in control("GET", "companies"))
    assert "ahead" in control("POST", "replica", {"seconds": -1})["error"]


def test_given_a_transaction_then_the_replica_sees_all_of_it_or_nothing(sandbox: Sandbox) -> None:
    company = Company("Lagging", currency_code="EUR", clock=sandbox.clock)
    set_lag(company, 5)
    with pytest.raises(RuntimeError), Transaction([company]):
        company.insert("vendors", {"number": "GONE"})
        raise RuntimeError
    with Transaction([company]) as transaction:
        kept = company.insert("vendors", {"number": "KEPT"})
        with pytest.raises(RuntimeError), transaction.part():
            company.modify("vendors", kept["id"], number="TAKEN BACK")
            raise RuntimeError
        sandbox.clock.advance(10)  # no row of it is a replica's before the end
        assert company.replica and not company.replica.now().find("vendors")
    sandbox.clock.advance(6)
    assert [row["number"] for row in company.replica.now().find("vendors")] == ["KEPT"]
