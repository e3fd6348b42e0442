"""Changes in whichever company of a running sandbox they are meant for."""

from __future__ import annotations

from typing import Any

from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.running import Running


def apply(sandbox: Running, name: str, params: dict[str, Any]) -> str:
    """Applies one change; ``params`` also holds ``company``, which may be left out when the
    sandbox has one company only, and ``environment`` where it is not the main one. Raises as
    :func:`apply_to`, KeyError for an unknown company or environment."""
    return apply_to(*chosen(sandbox, name, params))


def chosen(
    sandbox: Running, name: str, params: dict[str, Any]
) -> tuple[Company, str, dict[str, Any]]:
    """The company a change is meant for, the change and what else is given. Raises KeyError for
    an unknown company or environment."""
    environments = sandbox.business_central.environments
    rest = dict(params)
    environment = rest.pop("environment", None)
    companies = (environments[environment] if environment else environments.main).companies
    company = rest.pop("company", None)
    if company is None and len(companies) == 1:
        company = next(iter(companies))
    if company not in companies:
        raise KeyError(f"company must be one of {', '.join(companies)}")
    return companies[company], name, rest
