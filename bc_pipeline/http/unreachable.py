"""Why a system could not be reached, in words that name the host and the setting (decisions 36)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, ReadTimeoutError

from bc_pipeline.tenants.urls import place

_DEPTH = 6
"""Exceptions wrapped in exceptions, at most."""

_KINDS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (ssl.SSLCertVerificationError,),
        "the certificate of {host} is not valid ({detail}); check {setting}, and the certificates "
        "that this machine trusts",
    ),
    (
        (requests.exceptions.ProxyError,),
        "the proxy of this machine does not let us through to {host}",
    ),
    (
        (ssl.SSLError, requests.exceptions.SSLError),
        "{host} does not speak TLS as it should; check {setting}",
    ),
    (
        (NameResolutionError, socket.gaierror),
        "there is no host {host}; check {setting}, and the name service of this machine",
    ),
    ((ConnectionRefusedError,), "{host} refuses connections; check {setting}"),
    (
        (ConnectTimeoutError, requests.ConnectTimeout),
        "{host} could not be reached; check {setting}, and whether a firewall stands between",
    ),
    ((ReadTimeoutError, requests.ReadTimeout), "{host} did not answer in time ({kind})"),
)
"""Causes and their words. What is more exact comes first: one exception wraps another, and some
are kinds of others."""


def why(error: Exception, url: str, setting: str) -> str:
    """The cause of a request that got no answer.

    Args:
        error: what requests or urllib3 raised.
        url: what was asked; only its host and port are told.
        setting: the key of tenants.yaml that holds the address.

    Returns:
        words for an operator; the kind of the error where there are none.
    """
    host, kind, causes = place(urlsplit(url)), type(error).__name__, list(_causes(error))
    for kinds, words in _KINDS:
        for cause in causes:
            if isinstance(cause, kinds):
                detail = getattr(cause, "verify_message", "")
                return words.format(host=host, setting=setting, detail=detail, kind=kind)
    return f"the connection to {host} was lost ({kind})"


def other_place(status: int, setting: str) -> str:
    """What an answer means that the system asked for would not give: somebody else gave it.

    Args:
        status: of the answer, a redirect or "not found".
        setting: the key of tenants.yaml that holds the address.
    """
    redirect = 300 <= status < 400
    told = "a redirect, which is not followed" if redirect else "nothing is there"
    return f"{told}; check {setting}, and whether a proxy is in between"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it is made of: requests and urllib3 keep the cause as an argument, as
    ``reason`` or as the exception it was raised from."""
    level: list[BaseException] = [error]
    for _ in range(_DEPTH):
        yield from level
        level = [
            inner
            for each in level
            for inner in (*each.args, getattr(each, "reason", None), each.__cause__)
            if isinstance(inner, BaseException)
        ]
