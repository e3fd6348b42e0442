"""A tenant's Business Central: where things are, which company, single records and small lists."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import requests

from bc_pipeline.business_central.auth import AccessTokens
from bc_pipeline.business_central.http import BadAnswer, Http, RequestCounter, new_session
from bc_pipeline.business_central.retry import Backoff
from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.errors import ConfigError, ReadFailed, RequestFailed
from bc_pipeline.tenants.model import Tenant
from bc_pipeline.tenants.secrets import TokenStore

OPTIPLY_EXTENSION = "optiply/integration/v1.0"
COMPANY_COLUMNS = ("id", "name", "displayName")
NO_SUCH_COMPANY = "Internal_CompanyNotFound"
NO_SUCH_ENTITY_SET = "BadRequest_ResourceNotFound"
PAGE_SIZE = 20_000
"""BC's own maximum (behaviour.md 3)."""
# Characters OData uses in a query; quoting them would only make URLs hard to read.
_PLAIN = "$()=,;:'/*"


@dataclass(frozen=True)
class Company:
    """The company a tenant works with."""

    id: str
    name: str
    display_name: str


class BusinessCentral:
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

    @property
    def counter(self) -> RequestCounter:
        """Requests sent to Business Central so far."""
        return self.http.counter

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
            self._companies = list(self.rows(self.companies_url()))
        except RequestFailed as error:
            if error.status != 404:
                raise
            raise ConfigError(
                f"Business Central has no environment {settings.environment_name!r} that "
                f"{self.tenant.name} can see; check environment_name"
            ) from error
        self._company = matching_company(settings.company, self._companies)
        return self._company

    def take_companies(self) -> list[dict[str, Any]] | None:
        """The companies ``preflight`` saw, once: their read then costs no second request."""
        companies, self._companies = self._companies, None
        return companies

    def get(
        self, entity_set: str, id: str, *, expand: str | None = None, select: Iterable[str] = ()
    ) -> dict[str, Any] | None:
        """One record by its id, decimals as ``Decimal``; None when BC says there is none.

        Raises:
            AuthError, Cancelled, RequestFailed: BC could not say.
        """
        url = query_url(self.company_url(f"{entity_set}({id})"), _options(select, expand))
        try:
            return self.http.request("GET", url, _object)
        except RequestFailed as error:
            if is_absent(error, of_record=True):
                return None
            raise

    def rows(self, url: str, *, tally: RequestCounter | None = None) -> Iterator[dict[str, Any]]:
        """The records behind a URL, all pages, decimals as ``Decimal``; for small lists.

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
            page = self.http.request("GET", following, _envelope, headers=headers, tally=tally)
            yield from page["value"]
            following = next_link(page, following)

    def company_url(self, path: str) -> str:
        """Absolute URL of something of the company in the standard API."""
        return f"{self._environment()}/api/v2.0/companies({self.company.id})/{path}"

    def companies_url(self) -> str:
        """Absolute URL of the list of companies."""
        url = f"{self._environment()}/api/v2.0/companies"
        return query_url(url, {"$select": ",".join(COMPANY_COLUMNS)})

    def extension_url(self, path: str) -> str:
        """Absolute URL of something of the company in Optiply's extension."""
        return f"{self._environment()}/api/{OPTIPLY_EXTENSION}/companies({self.company.id})/{path}"

    def page_url(self, page_name: str) -> str:
        """Absolute URL of a published OData page; these know the company by name only."""
        name = quote(self.company.name, safe="")
        return f"{self._environment()}/ODataV4/{quote(page_name, safe='')}?company={name}"

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _environment(self) -> str:
        settings = self.tenant.business_central
        return f"{settings.api_url}/v2.0/{quote(settings.environment_name, safe='')}"


def matching_company(wanted: str, companies: Iterable[Mapping[str, Any]]) -> Company:
    """The one company whose id, name or display name is ``wanted``, upper or lower case alike.

    Raises:
        ConfigError: none or several; the message lists what there is.
    """
    key = wanted.strip().strip("{}").casefold()
    known = [
        Company(str(row["id"]), str(row.get("name") or ""), str(row.get("displayName") or ""))
        for row in companies
    ]
    found = [
        company
        for company in known
        if key
        and key in {name.casefold() for name in (company.id, company.name, company.display_name)}
    ]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(repr(company.name) for company in known)) or "none"
    problem = "is not among the companies" if not found else "means several of the companies"
    raise ConfigError(f"company {wanted!r} {problem} of this environment ({names})")


def is_absent(error: RequestFailed, *, of_record: bool = False) -> bool:
    """Whether BC says that the thing asked for does not exist.

    A 404 that BC itself did not write, or one about the company, says nothing about the thing.

    Args:
        error: the answer.
        of_record: a record was asked for, so a missing entity set is no answer either.
    """
    unrelated = {None, NO_SUCH_COMPANY} | ({NO_SUCH_ENTITY_SET} if of_record else set())
    return error.status == 404 and error.code not in unrelated


def query_url(url: str, options: Mapping[str, str]) -> str:
    """``url`` with OData query options added."""
    if not options:
        return url
    query = "&".join(f"{name}={quote(value, safe=_PLAIN)}" for name, value in options.items())
    return f"{url}{'&' if '?' in url else '?'}{query}"


def next_link(envelope: Mapping[str, Any], url: str) -> str | None:
    """Where the next page is, as BC gave it; None after the last one.

    Args:
        envelope: the page; its rows do not matter.
        url: where this page came from.

    Raises:
        ReadFailed: it leaves the server.
    """
    link = envelope.get("@odata.nextLink")
    if not link:
        return None
    if not isinstance(link, str) or _origin(link) != _origin(url):
        raise ReadFailed("Business Central sent a nextLink that leaves the server; not followed")
    return link


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _options(select: Iterable[str], expand: str | None) -> dict[str, str]:
    options = {"$select": ",".join(select), "$expand": expand or ""}
    return {name: value for name, value in options.items() if value}


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.content, parse_float=Decimal)
    except ValueError:
        raise BadAnswer("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise BadAnswer("the answer is not a JSON object")
    return answer


def _envelope(response: requests.Response) -> dict[str, Any]:
    answer = _object(response)
    if not isinstance(answer.get("value"), list):
        raise BadAnswer("the page has no list of rows in 'value'")
    return answer
