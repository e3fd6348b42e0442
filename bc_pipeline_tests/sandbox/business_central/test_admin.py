"""Which environments a tenant has (behaviour.md 2)."""

from __future__ import annotations

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.sandbox.conftest import BcClient

pytestmark = pytest.mark.covers("client: ms-dynamics-business-central-sdk", "client: dynite")
LISTS = ["environments/v1.1", "environments/v1.2", "admin/v2.21/applications/environments"]


@pytest.mark.parametrize("path", [*LISTS, "admin/v2.0/applications/businesscentral/environments"])
def test_environments_are_listed(sandbox: Sandbox, bc: BcClient, path: str) -> None:
    [row] = bc.rows(f"{sandbox.base_url}/bc/{path}")
    assert (row["name"], row["type"]) == ("Production", "Production")
    assert row["applicationFamily"] == "BusinessCentral"
    assert row["aadTenantId"] == sandbox.entra.directories[0].id
    assert ("applicationVersion" in row) == path.startswith("admin")


def test_the_admin_centre_shows_one_environment(sandbox: Sandbox, bc: BcClient) -> None:
    admin = f"{sandbox.base_url}/bc/admin/v2.21/applications"
    one = bc.json(f"{admin}/BusinessCentral/environments/production")
    assert (one["name"], one["status"]) == ("Production", "Active")
    missing = bc.request(f"{admin}/BusinessCentral/environments/Test")
    assert (missing.status_code, missing.json()["code"]) == (404, "environmentNotFound")
    other = bc.request(f"{admin}/Nonsense/environments")
    assert (other.status_code, other.json()["code"]) == (404, "applicationTypeDoesNotExist")


def test_other_addresses_and_other_verbs_are_refused(sandbox: Sandbox, bc: BcClient) -> None:
    base = f"{sandbox.base_url}/bc"
    for path in ("environments/v7", "admin/v1.0/applications/environments", "admin/v2.1/nothing"):
        assert bc.error(f"{base}/{path}") == (404, "BadRequest_ResourceNotFound")
    url = f"{base}/admin/v2.21/applications/environments"
    assert bc.error(url, "DELETE") == (405, "BadRequest_MethodNotAllowed")
    assert bc.error(url, Authorization="Bearer x")[0] == 401
