"""Who may ask Entra for a token, where, and how they prove who they are."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.entra import Directory
from bc_pipeline_tests.sandbox.conftest import SCOPE, BcClient, token_request

APP = {"client_id": "wholesale", "client_secret": "wholesale-client-secret"}
RESOURCE = "https://api.businesscentral.dynamics.com"
HERE = "wholesale.example"


def app_token(sandbox: Sandbox, tenant: str = HERE, **more: str) -> requests.Response:
    form = {"grant_type": "client_credentials", "scope": SCOPE, **APP}
    return token_request(sandbox, tenant, **(form | more))


def post(sandbox: Sandbox, path: str, auth: Any = None, **form: str) -> requests.Response:
    return requests.post(f"{sandbox.base_url}/entra/{path}", data=form, auth=auth, timeout=30)


# --- tenants -------------------------------------------------------------------------------------


@pytest.mark.covers("sandbox: entra tenant")
@pytest.mark.parametrize("tenant", ["nobody.example", "11111111-1111-1111-1111-111111111111"])
def test_an_unknown_tenant_is_an_invalid_request(sandbox: Sandbox, tenant: str) -> None:
    answer = app_token(sandbox, tenant)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_codes"] == [90002]
    assert f"AADSTS90002: Tenant '{tenant}' not found" in answer.json()["error_description"]


@pytest.mark.covers("sandbox: entra tenant")
def test_a_tenant_is_named_by_id_or_by_any_of_its_domains(sandbox: Sandbox) -> None:
    home = sandbox.entra.directories[0]
    for name in (home.id, home.id.upper(), *home.domains, "Wholesale.Example"):
        assert app_token(sandbox, name).status_code == 200


@pytest.mark.covers("sandbox: other tenant's address")
def test_a_token_opens_only_the_addresses_of_its_own_tenant(sandbox: Sandbox, bc: BcClient) -> None:
    host = f"{sandbox.base_url}/bc/v2.0"
    path = f"Production/api/v2.0/companies({bc.company.id})/items?$top=1"
    own = sandbox.entra.directories[0]
    for name in (own.id, *own.domains):
        assert bc.rows(f"{host}/{name}/{path}")
    for name in ("nobody.example", "22222222-2222-2222-2222-222222222222"):
        assert bc.error(f"{host}/{name}/{path}") == (401, "Authentication_InvalidCredentials")
        created = bc.send("POST", f"{host}/{name}/{path.partition('?')[0]}", {"number": "NO"})
        assert created.status_code == 401
    assert bc.company.find("items", number="NO") == []


@pytest.mark.covers("sandbox: other tenant's address")
def test_a_token_of_another_tenant_opens_nothing_here(sandbox: Sandbox, bc: BcClient) -> None:
    other = Directory(("fabrikam.example",))
    sandbox.entra.directories.append(other)
    try:
        token = app_token(sandbox, "fabrikam.example").json()["access_token"]
        for tenant in ("", f"{other.id}/", f"{HERE}/"):
            url = f"{sandbox.base_url}/bc/v2.0/{tenant}Production/api/v2.0/companies"
            refused = bc.error(url, Authorization=f"Bearer {token}")
            assert refused == (401, "Authentication_InvalidCredentials")
    finally:
        sandbox.entra.directories.remove(other)


# --- the client's proof --------------------------------------------------------------------------


@pytest.mark.covers("client: oauthlib")
def test_the_secret_may_come_as_http_basic(sandbox: Sandbox) -> None:
    form = {"grant_type": "client_credentials", "scope": SCOPE}
    path = f"{HERE}/oauth2/v2.0/token"
    assert post(sandbox, path, ("wholesale", APP["client_secret"]), **form).status_code == 200
    wrong = post(sandbox, path, ("wholesale", "wrong"), **form)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    url = f"{sandbox.base_url}/entra/{path}"
    header = {"Authorization": "Bearer x"}
    assert requests.post(url, data=form, headers=header, timeout=30).status_code == 401


def test_an_encoded_secret_is_understood(sandbox: Sandbox) -> None:
    sandbox.entra.register("odd one", "a+b/c%:ü")
    form = {"grant_type": "client_credentials", "scope": SCOPE}
    for name, secret in (("odd one", "a+b/c%:ü"), ("odd+one", "a%2Bb%2Fc%25%3A%C3%BC")):
        auth = (name.encode(), secret.encode())
        assert post(sandbox, f"{HERE}/oauth2/v2.0/token", auth, **form).status_code == 200


def test_a_client_proves_itself_if_it_can_and_only_then(sandbox: Sandbox) -> None:
    sandbox.entra.register("public", None)
    nothing = app_token(sandbox, client_secret="")
    assert (nothing.status_code, nothing.json()["error_codes"]) == (401, [7000218])
    public = app_token(sandbox, client_id="public", client_secret="x")
    assert (public.status_code, public.json()["error_codes"]) == (401, [700025])


# --- v1 ------------------------------------------------------------------------------------------


@pytest.mark.covers("client: airbyte-cdk")
def test_the_v1_address_asks_by_resource_and_answers_numbers_as_text(
    sandbox: Sandbox, bc: BcClient
) -> None:
    refresh = sandbox.entra.consent("wholesale", "someone")
    form = {"grant_type": "refresh_token", "refresh_token": refresh, "resource": RESOURCE, **APP}
    answer = post(sandbox, "common/oauth2/token", **form).json()
    assert (answer["expires_in"], answer["resource"]) == ("3600", RESOURCE)
    assert all(isinstance(answer[name], str) for name in ("expires_on", "not_before", "scope"))
    assert answer["refresh_token"] != refresh
    assert bc.request("items?$top=1", Authorization=f"Bearer {answer['access_token']}").ok


def test_the_v1_address_wants_a_resource_it_knows(sandbox: Sandbox) -> None:
    form = {"grant_type": "client_credentials", **APP}
    path = f"{HERE}/oauth2/token"
    assert post(sandbox, path, **form).json()["error"] == "invalid_request"
    graph = post(sandbox, path, resource="https://graph.microsoft.com", **form)
    assert (graph.status_code, graph.json()["error"]) == (400, "invalid_resource")
    assert post(sandbox, path, resource=f"{RESOURCE}/", **form).status_code == 200


# --- discovery -----------------------------------------------------------------------------------


@pytest.mark.covers("client: msal")
@pytest.mark.parametrize(
    ("version", "endpoint"), [("", "oauth2/token"), ("/v2.0", "oauth2/v2.0/token")]
)
def test_discovery_tells_where_the_endpoints_are(
    sandbox: Sandbox, version: str, endpoint: str
) -> None:
    base = f"{sandbox.base_url}/entra"
    url = f"{base}/{HERE}{version}/.well-known/openid-configuration"
    document = requests.get(url, timeout=30).json()
    assert document["token_endpoint"] == f"{base}/{HERE}/{endpoint}"
    assert document["authorization_endpoint"] == document["token_endpoint"].replace(
        "token", "authorize"
    )
    assert sandbox.entra.directories[0].id in document["issuer"]
    assert requests.get(document["jwks_uri"], timeout=30).json() == {"keys": []}


def test_discovery_of_an_unknown_tenant_is_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.base_url}/entra/nobody.example/v2.0/.well-known/openid-configuration"
    answer = requests.get(url, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_tenant")
    shared = requests.get(url.replace("nobody.example", "common"), timeout=30).json()
    assert "{tenantid}" in shared["issuer"]
