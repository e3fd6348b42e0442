"""A tenant's Business Central: where things are, which company, single records and small lists."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from bc_pipeline.business_central import published_pages
from bc_pipeline.business_central.answers import envelope, record
from bc_pipeline.business_central.auth import AccessTokens
from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.business_central.transport import Http
from bc_pipeline.business_central.urls import PAGE_SIZE, is_absent, next_link, query_url
from bc_pipeline.business_central.writing import Writing
from bc_pipeline.closing import Closing
from bc_pipeline.errors import AuthError, ConfigError, ReadFailed, RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.http.repeating import Backoff
from bc_pipeline.http.session import new_session
from bc_pipeline.tenants.companies import company_key
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

OPTIPLY_EXTENSION = "optiply/integration/v1.0"
ANALYTICS = "microsoft/analytics/v1.0"
PAGES = "/ODataV4/"
"""In the URL of every published page."""
ENVIRONMENTS = "environments/v1.2"
"""The environments a user may see, below the server's own address (behaviour.md 2)."""
VERSION_COLUMN = "systemVersion"
COMPANY_COLUMNS = ("id", "name", "displayName")


@dataclass(frozen=True)
class Company:
    """The company a tenant works with. ``system_version`` is asked for only where it matters."""

    id: str
    name: str
    display_name: str
    system_version: str = field(default="", compare=False)

    @property
    def major_version(self) -> int | None:
        """Version of its system, None when it is not known."""
        return published_pages.major_version(self.system_version)


def company_path(company: Company, path: str) -> str:
    """Something of a company, relative to the root of the standard API: as parts of a batch."""
    return f"companies({company.id})/{path}"


class BusinessCentral(Writing, Closing):
    """One tenant's Business Central for the length of a run; safe to share between threads.

    Args:
        tenant: configuration.
        tokens: where tokens live between runs.
        cancel: set it to end all waiting with Cancelled.
        backoff: waits between tries.
    """

    def __init__(
        self,
        tenant: Tenant,
        tokens: TokenStore,
        *,
        cancel: threading.Event | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        settings = tenant.business_central
        self.tenant = tenant
        self.cancel = cancel or threading.Event()
        self.backoff = backoff or Backoff()
        self.throttle = Throttle(
            settings.max_concurrent_requests, settings.requests_per_5_minutes, self.cancel
        )
        self._session = new_session(settings.max_concurrent_requests)
        access = AccessTokens(tenant, tokens, self._session, self.throttle, self.backoff)
        self.http = Http(tenant, self._session, access, self.throttle, self.backoff)
        self._company: Company | None = None
        self._companies: list[dict[str, Any]] | None = None
        self._known: tuple[Company, ...] = ()

    @property
    def counter(self) -> RequestCounter:
        """Requests sent to Business Central so far."""
        return self.http.counter

    def tallied(self, tally: RequestCounter) -> Self:
        """The same client, whose requests are counted in ``tally`` as well; do not close it."""
        view = copy.copy(self)
        view.http = self.http.tallied(tally)
        return view

    @property
    def known_company(self) -> Company | None:
        """The configured company once it was found; asks nobody."""
        return self._company

    @property
    def company(self) -> Company:
        """The configured company; looked up first when ``preflight`` was not called."""
        return self._company or self.preflight()

    def preflight(self) -> Company:
        """Gets a token, and finds the one company that the configuration means.

        Raises:
            AuthError: the credentials are refused, or allow nothing here.
            ConfigError: no such environment; no company or several match.
            RequestFailed: Business Central gave no usable answer.
        """
        settings = self.tenant.business_central
        try:
            self._companies = self._listed()
        except RequestFailed as error:
            if error.status != 404:
                raise
            raise ConfigError(
                f"Business Central has no environment {settings.environment_name!r} that "
                f"{self.tenant.name} can see; check environment_name"
                f"{'' if error.code else ' and business_central.api_url'}"
            ) from error
        self._known = tuple(_company(row) for row in self._companies)
        self._company = matching_company(settings.company, self._companies)
        return self._company

    def assume(self, company: Company) -> None:
        """Take a company an earlier run has found for the configured one, without asking."""
        self._company = company

    def entra_tenant_id(self) -> str | None:
        """Id of the Microsoft Entra tenant that the environment belongs to; None when Business
        Central does not tell this user."""
        settings = self.tenant.business_central
        try:
            answer = self.http.request("GET", f"{settings.api_url}/{ENVIRONMENTS}", envelope)
        except (AuthError, RequestFailed):
            return None
        environment = settings.environment_name.casefold()
        for each in filter(lambda row: isinstance(row, dict), answer["value"]):
            if str(each.get("name")).casefold() == environment and each.get("aadTenantId"):
                return str(each["aadTenantId"]).lower()
        return None

    def companies(self) -> tuple[Company, ...]:
        """Every company of the environment; looked up first when ``preflight`` was not called."""
        if not self._known:
            self.preflight()
        return self._known

    def take_companies(self) -> list[dict[str, Any]] | None:
        """The companies ``preflight`` saw, once: their read then costs no second request."""
        companies, self._companies = self._companies, None
        return companies

    def get(
        self,
        entity_set: str,
        id: str,
        *,
        expand: str | None = None,
        select: Iterable[str] = (),
        company: Company | None = None,
    ) -> dict[str, Any] | None:
        """One record by its id, decimals as ``Decimal``; None when BC says there is none.

        Shows what was written just now.

        Raises:
            AuthError, Cancelled, RequestFailed: BC could not say.
        """
        place = self.company_url(f"{entity_set}({id})", company)
        return self._one(query_url(place, _options(select, expand)))

    def rows(
        self, url: str, *, tally: RequestCounter | None = None, fresh: bool = True
    ) -> Iterator[dict[str, Any]]:
        """The records behind a URL, all pages, decimals as ``Decimal``; for small lists.

        Args:
            url: absolute.
            tally: counts the requests too.
            fresh: show what was written just now; otherwise a replica may answer, which spares BC.

        Raises:
            AuthError, Cancelled, RequestFailed: a page could not be read.
            ReadFailed: paging went astray.
        """
        followed: set[str] = set()
        headers = {"Prefer": f"odata.maxpagesize={PAGE_SIZE}"}
        following: str | None = url
        while following:
            if following in followed:
                raise ReadFailed("Business Central sent the same nextLink twice")
            followed.add(following)
            page = self.http.request(
                "GET", following, envelope, headers=headers, tally=tally, fresh=fresh
            )
            yield from page["value"]
            following = next_link(page, following)

    def rest(self, page: Mapping[str, Any], url: str, *, of: str = "") -> Iterator[dict[str, Any]]:
        """The rows that were left for further pages.

        Args:
            page: a page of a list, or a record with rows expanded in it.
            url: where it came from.
            of: the navigation of the expanded rows.

        Raises:
            AuthError, Cancelled, ReadFailed, RequestFailed: as ``rows``.
        """
        following = next_link(page, url, of=of)
        return self.rows(following) if following else iter(())

    def api_url(self, path: str) -> str:
        """Absolute URL of something relative to the root of the standard API."""
        return f"{self._environment()}/api/v2.0/{path}"

    def company_url(self, path: str, company: Company | None = None) -> str:
        """Absolute URL of something of a company, the configured one by default."""
        return self.api_url(company_path(company or self.company, path))

    def companies_url(self, *further: str) -> str:
        """Absolute URL of the list of companies, with further properties of each."""
        columns = ",".join((*COMPANY_COLUMNS, *further))
        return query_url(self.api_url("companies"), {"$select": columns})

    def extension_url(self, path: str) -> str:
        """Absolute URL of something of the company in Optiply's extension."""
        return f"{self._environment()}/api/{OPTIPLY_EXTENSION}/companies({self.company.id})/{path}"

    def analytics_url(self, path: str) -> str:
        """Absolute URL of a set of the company in the Analytics API (platform 2)."""
        return f"{self._environment()}/api/{ANALYTICS}/companies({self.company.id})/{path}"

    def page_url(self, page_name: str, company: Company | None = None) -> str:
        """Absolute URL of a published OData page; these know the company by name only."""
        name = quote((company or self.company).name, safe="")
        return f"{self._environment()}{PAGES}{quote(page_name, safe='')}?company={name}"

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def _listed(self) -> list[dict[str, Any]]:
        """The companies; with the version of their system where something ends with one."""
        if published_pages.configured(self.tenant.business_central):
            try:
                return list(self.rows(self.companies_url(VERSION_COLUMN), fresh=False))
            except RequestFailed as error:
                if error.status != 400:
                    raise
        return list(self.rows(self.companies_url(), fresh=False))

    def _one(self, url: str) -> dict[str, Any] | None:
        try:
            return self.http.request("GET", url, record, fresh=True)
        except RequestFailed as error:
            if is_absent(error, of_record=True):
                return None
            raise

    def _environment(self) -> str:
        settings = self.tenant.business_central
        return f"{settings.api_url}/v2.0/{quote(settings.environment_name, safe='')}"


def matching_company(wanted: str, companies: Iterable[Mapping[str, Any]]) -> Company:
    """The one company whose id, name or display name is ``wanted``, upper or lower case alike.

    Raises:
        ConfigError: none or several; the message lists what there is.
    """
    key = company_key(wanted)
    known = [_company(row) for row in companies]
    found = [
        company
        for company in known
        if key and key in map(company_key, (company.id, company.name, company.display_name))
    ]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(repr(company.name) for company in known)) or "none"
    problem = "is not among the companies" if not found else "means several of the companies"
    raise ConfigError(f"company {wanted!r} {problem} of this environment ({names})")


def _company(row: Mapping[str, Any]) -> Company:
    texts = (str(row.get(name) or "") for name in ("name", "displayName", VERSION_COLUMN))
    return Company(str(row["id"]), *texts)


def _options(select: Iterable[str], expand: str | None) -> dict[str, str]:
    options = {"$select": ",".join(select), "$expand": expand or ""}
    return {name: value for name, value in options.items() if value}
