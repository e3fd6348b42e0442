"""HTTP sessions: the only place that makes them."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

USER_AGENT = "bc-pipeline"


def new_session(pool_size: int) -> requests.Session:
    """A session whose pool has a connection for each request that may be in flight."""
    session = _Session()
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})
    return session


class _Session(requests.Session):
    """Looks into the environment once per host: proxies and certificates are there. Doing so for
    each request, as requests does, takes a third of what a request costs here."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[tuple[object, ...], Any] = {}

    def merge_environment_settings(
        self,
        url: str | bytes | None,
        proxies: MutableMapping[str, str] | None,
        stream: bool | None,
        verify: bool | str | None,
        cert: str | tuple[str, str] | None,
    ) -> Any:  # noqa: ANN401 - as requests has it
        given = (*urlsplit(str(url))[:2], *sorted((proxies or {}).items()), stream, verify, cert)
        found = self._found.get(given)
        if found is None:
            found = super().merge_environment_settings(url, proxies, stream, verify, cert)
            self._found[given] = found
        return {**found, "proxies": dict(found["proxies"])}
