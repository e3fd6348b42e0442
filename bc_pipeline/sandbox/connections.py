"""Open client connections of the sandbox, so that a fault can cut one."""

from __future__ import annotations

import asyncio

from starlette.types import Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

Peer = tuple[str, int]


class Connections:
    """Transports by the client's address, which is what an ASGI scope knows of its connection."""

    def __init__(self) -> None:
        self._open: dict[Peer, asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """Uvicorn's HTTP protocol, noting connections here as they come and go."""
        opened = self._open

        class TrackedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
            def connection_made(self, transport: asyncio.Transport) -> None:
                self._sandbox_peer = transport.get_extra_info("peername")[:2]
                opened[self._sandbox_peer] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                opened.pop(self._sandbox_peer, None)
                super().connection_lost(exc)

        return TrackedProtocol

    async def cut(self, scope: Scope, *, flush: bool = False) -> None:
        """Close the connection of a request; what was sent goes out first if ``flush``."""
        transport = self._open.get(tuple(scope["client"][:2]))
        if transport is None:
            return
        if flush:
            transport.close()
        else:
            transport.abort()
        while tuple(scope["client"][:2]) in self._open:
            await asyncio.sleep(0.001)
