"""Business Central's URLs taken apart (behaviour.md 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from bc_pipeline.sandbox.odata_errors import BcError, not_found, unknown_resource

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_VERSION = re.compile(r"v\d+\.\d+|beta", re.IGNORECASE)
_SEGMENT = re.compile(r"(?P<name>[\w.$]+)(?:\((?P<key>.*)\))?", re.DOTALL)

API = "api/v2.0"
ODATA = "ODataV4"
EXTENSION = "api/optiply/integration/v1.0"
ANALYTICS = "api/microsoft/analytics/v1.0"
# Every service that is played; the version is part of its name.
SERVICES = (API, ODATA, EXTENSION, ANALYTICS)


@dataclass(frozen=True)
class Segment:
    """One step of a path: a name, with a key in brackets or without."""

    name: str
    key: str | None = None


@dataclass(frozen=True)
class Target:
    """What a URL asks for.

    Attributes:
        root: the URL up to the service, without query: prefix of ``@odata.context``.
        tenant: Entra tenant named before the environment, None when there is none.
        service: ``api/v2.0``, ``ODataV4``, or ``api/<publisher>/<group>/<version>``.
        segments: steps after the service, a leading ``companies(...)`` included.
        options: decoded query options in order.
    """

    root: str
    environment: str
    service: str
    segments: tuple[Segment, ...]
    options: tuple[tuple[str, str], ...]
    tenant: str | None = None

    def option(self, name: str) -> str | None:
        """Value of a query option, None when absent."""
        return dict(self.options).get(name)


def parse_url(base: str, raw_path: str, query: str) -> Target:
    """Take apart ``/v2.0/[<tenant>/]<environment>/<service>/...``.

    Args:
        base: scheme, host and whatever stands before ``raw_path``.
        raw_path: path as sent, percent-encoded.

    Raises:
        BcError: 404, the path leads nowhere, or to a service or version there is not.
    """
    parts = raw_path.strip("/").split("/")
    at = next((i for i, part in enumerate(parts) if part in ("api", "ODataV4")), None)
    if parts[0] != "v2.0" or at not in (2, 3):
        raise unknown_resource(unquote(parts[0]))
    service = _service(parts[at:])
    width = service.count("/") + 1
    root = f"{base}/{'/'.join(parts[: at + width])}"
    segments = tuple(parse_segment(unquote(part)) for part in parts[at + width :] if part)
    options = tuple(parse_qsl(query, keep_blank_values=True))
    tenant = unquote(parts[1]) if at == 3 else None
    return Target(root, unquote(parts[at - 1]), service, segments, options, tenant)


def _service(parts: list[str]) -> str:
    """The service a path goes on to, named as in :data:`SERVICES`.

    Raises:
        BcError: 404, there is no such API, or not in this version.
    """
    if parts[0] == ODATA:
        return ODATA
    width = 2 if _VERSION.fullmatch("".join(parts[1:2])) else 4
    given = "/".join(parts[:width])
    for service in SERVICES:
        if given.lower() == service.lower():
            return service
    raise unknown_resource(unquote(parts[min(width, len(parts)) - 1]))


def parse_segment(text: str) -> Segment:
    """``items(guid)`` -> name and key.

    Raises:
        BcError: 404, not a path segment.
    """
    match = _SEGMENT.fullmatch(text)
    if match is None:
        raise unknown_resource(text)
    return Segment(match["name"], match["key"])


def guid_key(key: str) -> str:
    """The id in a key, bare as BC wants it.

    Raises:
        BcError: 404 for anything but a GUID.
    """
    text = key.removeprefix("id=")
    if not _GUID.fullmatch(text):
        raise not_found(f"Bad Request - Error in query syntax: '{key}'.")
    return text.lower()


def text_key(key: str) -> str:
    """The text in a quoted key, doubled quotes undone.

    Raises:
        BcError: 404 when it is not quoted.
    """
    if len(key) < 2 or key[0] != "'" or key[-1] != "'":
        raise not_found(f"Bad Request - Error in query syntax: '{key}'.")
    return key[1:-1].replace("''", "'")


def environment_missing(name: str) -> BcError:
    """404: no environment of this name."""
    return BcError(404, "NoEnvironment", f"Environment '{name}' does not exist.")
