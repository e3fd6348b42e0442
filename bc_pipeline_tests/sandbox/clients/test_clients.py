"""Clients that people reach Business Central with run against the sandbox as they are."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.business_central.versions import released_entities
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.sandbox.clients.conftest import Run
from bc_pipeline_tests.sandbox.conftest import SCOPE

# The first test may have to install them.
pytestmark = pytest.mark.timeout(1200)

SINCE = "2020-01-01T00:00:00Z"


@pytest.fixture
def company(sandbox: Sandbox) -> Company:
    return sandbox.business_central.companies[wholesale.NAME]


def numbers(company: Company, entity_set: str, **more: Any) -> list[str]:
    return sorted(row["number"] for row in company.find(entity_set, **more))


def changed(company: Company, entity_set: str) -> list[str]:
    """Numbers of rows that a filter by stamp finds: not those that were never stamped."""
    rows = company.tables[entity_set].values()
    return sorted(row["number"] for row in rows if row["lastModifiedDateTime"] > SINCE)


@pytest.mark.covers("client: msal", "sandbox: sign-in")
def test_msal_signs_in_as_an_application_and_as_a_person(sandbox: Sandbox, run: Run) -> None:
    found = run("msal")
    assert found["companies"] == list(sandbox.business_central.companies)
    assert found["expires_in"] == 3600
    assert (found["person"], found["renewed"]) == ("user@cronus.example", True)
    paths = [entry.path for entry in sandbox.requests.of("entra")]
    assert "/entra/wholesale.example/v2.0/.well-known/openid-configuration" in paths


@pytest.mark.covers("client: oauthlib")
def test_requests_oauthlib_sends_its_secret_as_http_basic(company: Company, run: Run) -> None:
    assert run("oauthlib") == {"items": len(company.tables["items"]), "renewed": True}


@pytest.mark.covers("client: pyodata", "sandbox: metadata")
def test_pyodata_reads_the_metadata(company: Company, run: Run) -> None:
    found = run("pyodata", scope=SCOPE)
    assert found["sets"] == sorted(entity.entity_set for entity in released_entities(29))
    assert found["item types"] == ["Inventory", "Service", "Non_x002D_Inventory"]
    card = next(iter(company.pages[wholesale.ITEM_PAGE](company)))
    assert (found["columns"], found["key"]) == (sorted(card), ["No"])


@pytest.mark.covers("client: ms-dynamics-business-central-sdk")
def test_the_business_central_sdk_posts_in_bulk_and_deletes(company: Company, run: Run) -> None:
    found = run("sdk")
    assert found["bulk"] == [[None, 201]] * 4
    assert found["left"] == [20.5]
    assert found["vendors"] == len(company.tables["vendors"])
    [bill] = company.find("purchaseInvoices", vendorInvoiceNumber="SDK-1")
    assert len(company.find("purchaseInvoiceLines", documentId=bill["id"])) == 1
    assert company.find("journals", code="SDK") == []


@pytest.mark.covers("client: dynite")
def test_dynite_counts_and_reads(sandbox: Sandbox, company: Company, run: Run) -> None:
    found = run("dynite", scope=SCOPE)
    assert found["companies"] == len(sandbox.business_central.companies)
    assert found["items"] == numbers(company, "items", blocked=False)
    assert sorted(found["cards"]) == numbers(company, "items")


@pytest.mark.covers("client: dlt")
def test_dlt_loads_as_a_source(sandbox: Sandbox, run: Run) -> None:
    found = run("dlt", scope=SCOPE, since=SINCE)
    companies = sandbox.business_central.companies.values()
    assert found["companies"] == len(companies)
    assert found["items"] == sorted(n for each in companies for n in changed(each, "items"))
    assert found["lines"] == sum(len(each.tables["purchaseOrderLines"]) for each in companies)


@pytest.mark.covers("client: airbyte-cdk")
def test_airbyte_reads_as_a_declarative_source(
    sandbox: Sandbox, company: Company, run: Run
) -> None:
    found = run("airbyte", since=SINCE)
    assert found["check"] == "SUCCEEDED"
    assert sorted(found["vendors"]) == changed(company, "vendors")
    assert sorted(found["items"]) == changed(company, "items")
    assert "/entra/common/oauth2/token" in [e.path for e in sandbox.requests.of("entra")]
