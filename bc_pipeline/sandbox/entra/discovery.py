"""OpenID Connect discovery: where a tenant's endpoints are."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request


def address(request: Request) -> str:
    """Entra's own address as the client reached it."""
    host = request.headers["host"]
    return f"{request.url.scheme}://{host}{request.scope.get('root_path', '')}"


def configuration(base: str, tenant: str, issuer: str, *, v2: bool) -> dict[str, Any]:
    """The document at ``/.well-known/openid-configuration``.

    Args:
        base: Entra's address.
        tenant: as the client named it.
        issuer: the tenant's id; ``{tenantid}`` where the address names none.
        v2: endpoints of the Microsoft identity platform; False: those of Azure AD (v1).
    """
    root = f"{base}/{tenant}"
    oauth = f"{root}/oauth2/v2.0" if v2 else f"{root}/oauth2"
    return {
        "token_endpoint": f"{oauth}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/{issuer}/v2.0" if v2 else f"{base}/{issuer}/",
        "authorization_endpoint": f"{oauth}/authorize",
        "device_authorization_endpoint": f"{oauth}/devicecode",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
    }
