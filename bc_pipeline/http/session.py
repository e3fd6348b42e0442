"""HTTP sessions: the only place that makes them."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter

USER_AGENT = "bc-pipeline"


def new_session(pool_size: int) -> requests.Session:
    """A session whose pool has a connection for each request that may be in flight."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})
    return session
