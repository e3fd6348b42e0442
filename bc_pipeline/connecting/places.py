"""What a consent opens: environments with their companies, and the locations of one company."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import quote

from bc_pipeline.business_central.answers import envelope
from bc_pipeline.business_central.client import (
    ENVIRONMENTS,
    BusinessCentral,
    Company,
    query_url,
)
from bc_pipeline.business_central.urls import is_absent
from bc_pipeline.connecting.draft import Draft
from bc_pipeline.connecting.questions import Person, Question, numbered
from bc_pipeline.errors import AuthError, ConfigError, PipelineError, RequestFailed
from bc_pipeline.tenants.companies import company_key
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

_SECTION = "business_central"
_COLUMNS = "id,name,displayName"


@dataclass(frozen=True)
class Environment:
    """One environment.

    Attributes:
        entra_tenant_id: whose it is; None where Business Central does not list environments to us.
    """

    name: str
    kind: str = ""
    entra_tenant_id: str | None = None


@dataclass(frozen=True)
class Spot:
    """A company in its environment.

    Attributes:
        among: all companies there.
    """

    environment: Environment
    company: Company
    among: tuple[Company, ...] = field(default=(), repr=False, compare=False)

    def is_all_that(self, text: str) -> bool:
        """Whether an id, name or display name means this company and no other one there."""
        return [each for each in self.among if _means(text, each)] == [self.company]

    @property
    def label(self) -> str:
        """As people pick it."""
        name, shown = self.company.name, self.company.display_name
        both = f"{shown} ({name})" if shown and shown != name else name
        kind = (
            f" [{self.environment.kind}]" if self.environment.kind not in ("", "Production") else ""
        )
        return f"{both}, in {self.environment.name}{kind}"


def picked(draft: Draft, person: Person) -> Spot:
    """The company the tenant stands for: the one that was named, the only one there is, or the one
    the person picks. Names are compared as a whole, upper and lower case alike.

    Raises:
        AuthError: the consent opens nothing here.
        ConfigError: what was named is not there, or nobody may be asked.
        RequestFailed: Business Central gave no usable answer.
    """
    environments = _named(_environments(draft, person), draft.text(_SECTION, "environment_name"))
    spots = _spots(draft, environments, person)
    wanted = draft.text(_SECTION, "company")
    if wanted is not None:
        spots = [spot for spot in spots if _means(wanted, spot.company)] or _missing(wanted, spots)
    if not spots:
        named = ", ".join(each.name for each in environments) or "no environment"
        raise ConfigError(
            f"whoever consented sees no company ({named}). Give the user access to a company in "
            "Business Central, then connect again"
        )
    if len(spots) == 1:
        return spots[0]
    question = Question(
        "Which company does this tenant stand for?",
        "--environment and --company",
        numbered(len(spots)),
        tuple(spot.label for spot in spots),
    )
    return spots[person.ask(question)]


def locations(tenant: Tenant) -> list[tuple[str, str]] | None:
    """Code and name of each location of the company; None when they may not be read, which the
    checks tell then."""
    with closing(BusinessCentral(tenant, TokenStore(tenant.home))) as bc:
        url = query_url(bc.company_url("locations"), {"$select": "code,displayName"})
        try:
            return [(str(row["code"]), str(row["displayName"])) for row in bc.rows(url)]
        except (AuthError, RequestFailed):
            return None


def _environments(draft: Draft, person: Person) -> list[Environment]:
    tenant = draft.tenant()
    with closing(BusinessCentral(tenant, TokenStore(tenant.home))) as bc:
        # Entra's own refusal is told as such; what comes after it is Business Central's.
        bc.http.renew_token()
        try:
            url = f"{tenant.business_central.api_url}/{ENVIRONMENTS}"
            rows = bc.http.request("GET", url, envelope)["value"]
        except (AuthError, RequestFailed) as error:
            named = draft.text(_SECTION, "environment_name")
            if named is None and isinstance(error, RequestFailed) and error.status is None:
                raise
            return [Environment(named or person.ask(_environment(str(error))))]
    return [
        Environment(str(row["name"]), str(row.get("type") or ""), _id_of(row.get("aadTenantId")))
        for row in rows
        if isinstance(row, dict) and row.get("name")
    ]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("type its name")
    return text.strip()


def _environment(why: str) -> Question[str]:
    return Question(
        f"The environments cannot be listed ({why}). What is the environment called?",
        "--environment",
        _not_blank,
        default="Production",
    )


def _id_of(value: object) -> str | None:
    return str(value).lower() if value else None


def _named(environments: list[Environment], wanted: str | None) -> list[Environment]:
    if wanted is None:
        return environments
    found = [each for each in environments if each.name.casefold() == wanted.strip().casefold()]
    same = [each for each in found if each.name == wanted.strip()]
    if same:
        return same
    if not found:
        listed = ", ".join(each.name for each in environments) or "none"
        raise ConfigError(
            f"Business Central has no environment {wanted!r}; it has: {listed}. Write its whole "
            "name"
        )
    return found


def _spots(draft: Draft, environments: list[Environment], person: Person) -> list[Spot]:
    """Every company there is to pick. An environment that does not let us in is no hindrance where
    another one does."""
    found: list[Spot] = []
    refusals: list[PipelineError] = []
    for environment in environments:
        try:
            found += _companies(draft, environment)
        except (AuthError, ConfigError, RequestFailed) as error:
            refusals.append(error)
            if len(environments) > 1:
                person.tell(f"Environment {environment.name} is left out: {error}")
    if refusals and not found:
        raise refusals[0]
    return found


def _companies(draft: Draft, environment: Environment) -> list[Spot]:
    tenant = draft.tenant()
    root = tenant.business_central.api_url
    url = query_url(
        f"{root}/v2.0/{quote(environment.name, safe='')}/api/v2.0/companies", {"$select": _COLUMNS}
    )
    with closing(BusinessCentral(tenant, TokenStore(tenant.home))) as bc:
        try:
            rows = list(bc.rows(url, fresh=False))
        except RequestFailed as error:
            if not is_absent(error):
                raise
            raise ConfigError(
                f"Business Central has no environment {environment.name!r}. Write its whole name "
                "with --environment"
            ) from None
    there = tuple(
        Company(str(row["id"]), str(row["name"]), str(row["displayName"] or "")) for row in rows
    )
    return [Spot(environment, company, there) for company in there]


def _means(wanted: str, company: Company) -> bool:
    known = (company.id, company.name, company.display_name)
    return company_key(wanted) in map(company_key, known)


def _missing(wanted: str, spots: list[Spot]) -> list[Spot]:
    listed = "; ".join(spot.label for spot in spots) or "none"
    raise ConfigError(f"there is no company {wanted!r}; there are: {listed}")
