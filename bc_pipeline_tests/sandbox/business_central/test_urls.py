"""Addresses that lead somewhere, and those that do not."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.sandbox.conftest import BcClient

NOT_THERE = (404, "BadRequest_ResourceNotFound")


@pytest.mark.covers("sandbox: API version")
@pytest.mark.parametrize(
    "service",
    [
        "api/v1.0",
        "api/v3.0",
        "api/v2",
        "api/beta",
        "api/optiply/integration/v9.9",
        "api/optiply/integration",
        "api/nobody/nothing/v1.0",
        "api",
    ],
)
@pytest.mark.parametrize("path", ["", "/companies", "/companies({company})/items"])
def test_an_unknown_version_of_an_api_is_not_found(bc: BcClient, service: str, path: str) -> None:
    root = bc.api.removesuffix("api/v2.0")
    assert bc.error(f"{root}{service}{path.format(company=bc.company.id)}") == NOT_THERE
    url = f"{root}{service}/companies({bc.company.id})/vendors"
    assert bc.refused("POST", url, {"displayName": "nowhere"}) == NOT_THERE


def test_names_of_services_are_read_in_any_case(bc: BcClient) -> None:
    url = f"{bc.api.removesuffix('api/v2.0')}api/V2.0/companies({bc.company.id})/items?$top=1"
    assert len(bc.rows(url)) == 1
