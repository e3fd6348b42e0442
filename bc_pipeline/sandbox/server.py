"""The sandbox: Entra, Business Central and Optiply over HTTP on one loopback port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from bc_pipeline.sandbox import control, tenants
from bc_pipeline.sandbox.business_central.limits import LimitSettings
from bc_pipeline.sandbox.business_central.service import BusinessCentralSandbox
from bc_pipeline.sandbox.changes import Postings
from bc_pipeline.sandbox.clock import Clock, ShiftedClock
from bc_pipeline.sandbox.companies import big, cronus, wholesale
from bc_pipeline.sandbox.company.settings import PropertyOrder
from bc_pipeline.sandbox.connections import Connections
from bc_pipeline.sandbox.entra import Entra, Person
from bc_pipeline.sandbox.faults import Faults
from bc_pipeline.sandbox.middleware import Middleware
from bc_pipeline.sandbox.optiply import OptiplySandbox
from bc_pipeline.sandbox.request_log import RequestLog, System

_START_SECONDS = 30


class Sandbox:
    """Entra, Business Central and Optiply, played by one server thread; state is in memory.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`.

    Args:
        seed: makes everything generated repeatable.
        wholesale_items: size of the generated company, at least 20.
        port: 0 takes a free one.
        access_token_seconds: life of Entra's access tokens.
        refresh_grace_seconds: how long a replaced refresh token still works; None: as long as any
            other, as Entra has it.
        limits: Business Central's limits per user.
        cronus_variant: ``w1`` (GBP) or ``nl`` (EUR).
        certificate: PEM file with a certificate for this machine and its key: serves https.
        big_invoices: (documents, lines per document) of an extra company ``BIG`` whose sales
            invoices are made as they are read; for benchmarks.
        property_order: in which order Business Central applies the properties of a body; see
            ``CompanySettings``.

    Attributes:
        clock: sandbox time; ``advance(seconds)`` and ``set(moment)`` move it.
        entra, business_central, optiply: the systems.
        requests: log of all requests.
        faults: what goes wrong.
        postings: changes in Business Central that are not committed yet.
    """

    def __init__(
        self,
        seed: int = 1,
        wholesale_items: int = 2000,
        port: int = 0,
        access_token_seconds: float = 3600,
        refresh_grace_seconds: float | None = None,
        *,
        limits: LimitSettings | None = None,
        cronus_variant: cronus.Variant = "w1",
        certificate: Path | None = None,
        big_invoices: tuple[int, int] | None = None,
        property_order: PropertyOrder = "page",
    ) -> None:
        self.seed = seed
        self.wholesale_items = wholesale_items
        self.clock = Clock()
        self.requests = RequestLog()
        self.faults = Faults()
        self.entra = Entra(self.clock, access_token_seconds, refresh_grace_seconds)
        self._limits = limits or LimitSettings()
        self._cronus_variant: cronus.Variant = cronus_variant
        self._certificate = certificate
        self._big_invoices = big_invoices
        self._property_order: PropertyOrder = property_order
        self._port = port
        self._connections = Connections()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._register_clients()
        self._build()

    # --- state ---------------------------------------------------------------------------------

    def reset(self) -> None:
        """Back to the seeded companies and empty shops; no faults, real time, empty log.

        Applications and tokens of Entra stay, so that clients stay signed in; the person at the
        browser accepts again.
        """
        self.entra.person = Person()
        self.faults.clear()
        self.clock.reset()
        self._build()
        self.requests.clear()

    def _build(self) -> None:
        clock = ShiftedClock(self.clock)
        service = BusinessCentralSandbox(clock, self.entra, self._limits)
        service.add(cronus.build(clock, variant=self._cronus_variant))
        service.add(wholesale.build(clock=clock, seed=self.seed, items=self.wholesale_items))
        if self._big_invoices:
            service.add(big.build(clock, *self._big_invoices))
        for company in service.companies.values():
            company.settings.property_order = self._property_order
        optiply = OptiplySandbox(self.clock)
        for name in (tenants.CRONUS, tenants.WHOLESALE):
            optiply.add_shop(name)
        self.business_central = service
        self.postings = Postings()
        self.optiply = optiply
        routes = [
            Mount("/bc", app=service),
            Mount("/entra", routes=self.entra.routes()),
            Mount("/_control", routes=control.routes(self)),
            *optiply.routes(),
        ]
        app = Starlette(routes=routes)
        clocks: dict[System, Callable[[], datetime]] = {"bc": clock}
        self._app = Middleware(
            app,
            self.requests,
            self.faults,
            self._connections,
            lambda system: clocks.get(system, self.clock)(),
        )

    def _register_clients(self) -> None:
        for name in (tenants.CRONUS, tenants.WHOLESALE):
            self.entra.register(name, tenants.client_secret(name))

    def write_tenants(self, home: Path, *, exports: bool = False) -> Path:
        """Write tenants.yaml (tenants ``cronus`` and ``wholesale``) below ``home``; its path.

        Args:
            home: BC_PIPELINE_HOME.
            exports: whether both write to Business Central.
        """
        return tenants.write_tenants(self, home, exports=exports)

    def app(self) -> tuple[str, str]:
        """Client id and secret of an app registration that people may consent to."""
        return tenants.WHOLESALE, tenants.client_secret(tenants.WHOLESALE)

    def credentials(self) -> dict[str, str]:
        """What Optiply hands out for the wholesaler's shop, in the order people are asked."""
        shop = self.optiply.shops[tenants.WHOLESALE]
        return {
            "client_id": shop.client_id,
            "client_secret": shop.client_secret,
            "username": shop.username,
            "password": shop.password,
            "coupling_id": str(shop.coupling_id),
        }

    # --- server --------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port served, once started."""
        return self._port

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:<port>``; https with a certificate."""
        return f"http{'s' if self._certificate else ''}://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Serve in a thread; returns when requests are answered.

        Raises:
            OSError: the port is taken.
            RuntimeError: the server did not come up.
        """
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._serve,
            http=self._connections.protocol(),
            log_level="error",
            access_log=False,
            interface="asgi3",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            date_header=False,  # the middleware sends that of the system played
            timeout_graceful_shutdown=1,
            ssl_certfile=self._certificate,
        )
        server = uvicorn.Server(config)
        self._server = server
        self._thread = threading.Thread(
            target=server.run, args=([listener],), name="sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop serving; state stays readable."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._server = self._thread = None

    def wait(self) -> None:
        """Block until the server is stopped."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=0.5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)  # looked up anew: reset() replaces it
