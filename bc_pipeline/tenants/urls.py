"""Addresses of the systems, as tenants.yaml has them."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, unquote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def checked(url: str) -> str:
    """The address without blanks around it and slashes at its end.

    Raises:
        ValueError: it cannot be one, or would send secrets in the clear (decisions 36).
    """
    text = url.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        raise ValueError("is not an address: the host or the port cannot be right") from None
    if parts.scheme not in _DEFAULT_PORTS or "://" not in text:
        raise ValueError("has no scheme: write https:// in front of the host")
    if not host:
        raise ValueError("is not an address: it names no host")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("is not encrypted: http is for this machine only, write https")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("has more than scheme, host, port and path")
    return text


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    name = host.rstrip(".").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def normalised(url: str) -> str:
    """One text for all ways to write the same address: letter case of scheme and host, default
    ports, slashes too many, characters in percent, blanks around."""
    parts = urlsplit(url.strip())
    steps = (step for step in unquote(parts.path).strip().split("/") if step not in ("", "."))
    return "/".join([f"{parts.scheme.lower()}://{place(parts)}", *steps])


def place(parts: SplitResult) -> str:
    """Host and port of an address; the port only where it is not the usual one."""
    host = (parts.hostname or "").rstrip(".")
    usual = parts.port in (None, _DEFAULT_PORTS.get(parts.scheme.lower()))
    return f"{f'[{host}]' if ':' in host else host}{'' if usual else f':{parts.port}'}"
