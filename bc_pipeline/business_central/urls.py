"""Asking Business Central: query options, where the next page is, and which copy answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from bc_pipeline.errors import ReadFailed, RequestFailed

PAGE_SIZE = 20_000
"""Rows of a page at most, and by default (behaviour.md 3)."""
NO_SUCH_COMPANY = "Internal_CompanyNotFound"
NO_SUCH_ENTITY_SET = "BadRequest_ResourceNotFound"

# Characters OData uses in a query; quoting them would only make URLs hard to read.
_PLAIN = "$()=,;:'/*"


def query_url(url: str, options: Mapping[str, str]) -> str:
    """``url`` with OData query options added, each percent-encoded as far as it must be."""
    if not options:
        return url
    query = "&".join(f"{name}={encoded_option(value)}" for name, value in options.items())
    return f"{url}{'&' if '?' in url else '?'}{query}"


def encoded_option(text: str) -> str:
    """The value of a query option as it stands in a URL; ``&``, ``#``, ``+``, ``%`` included."""
    return quote(text, safe=_PLAIN)


def access_intent(method: str, *, fresh: bool) -> dict[str, str]:
    """The header that says which copy of the database is to answer a request (platform 1).

    Business Central may answer any GET from a replica that lags behind, also one that does not say
    what it wants; whatever decides about writing, or shows what was written, is to be ``fresh``.

    Args:
        method: HTTP verb; only GET may have the header.
        fresh: from the primary, else from a replica.
    """
    if method != "GET":
        return {}
    return {"Data-Access-Intent": "ReadWrite" if fresh else "ReadOnly"}


def next_link(envelope: Mapping[str, Any], url: str, *, of: str = "") -> str | None:
    """Where the next page is, as BC gave it; None after the last one.

    Args:
        envelope: the page; its rows do not matter.
        url: where this page came from; a link without host belongs to it (decisions 26).
        of: the navigation, when the link is that of rows expanded inside a record.

    Raises:
        ReadFailed: it leaves the server.
    """
    link = envelope.get(f"{of}@odata.nextLink")
    if not link:
        return None
    target = _resolved(link, url) if isinstance(link, str) else None
    if target is None:
        raise ReadFailed("Business Central sent a nextLink that leaves the server; not followed")
    return target


def _resolved(link: str, url: str) -> str | None:
    """``link`` as an absolute URL, untouched when it is one; None where it leads elsewhere."""
    try:
        target = link if urlsplit(link).scheme else urljoin(url, link)
        return target if _origin(target) == _origin(url) else None
    except ValueError:
        return None


def is_absent(error: RequestFailed, *, of_record: bool = False) -> bool:
    """Whether BC says that the thing asked for does not exist.

    A 404 that BC itself did not write, or one about the company, says nothing about the thing.

    Args:
        error: the answer.
        of_record: a record was asked for, so a missing entity set is no answer either.
    """
    if of_record:
        return record_is_absent(error.status, error.code)
    return error.status == 404 and error.code not in (None, NO_SUCH_COMPANY)


def record_is_absent(status: int | None, code: str | None) -> bool:
    """Whether an answer with this status and error code says that there is no such record."""
    return status == 404 and code not in (None, NO_SUCH_COMPANY, NO_SUCH_ENTITY_SET)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
