"""The control surface over HTTP, below ``/_control``: for the command line and for people.

=======  ====================  ====================================================================
GET      ``/``                 time, companies, shops, number of requests
GET      ``/companies``        companies with their row counts
GET      ``/faults``           faults in force with their hits
POST     ``/faults``           add one: the arguments of ``Faults.add`` as a JSON object
DELETE   ``/faults``           end all
POST     ``/clock``            ``{"advance": seconds}`` or ``{"set": "2026-08-22T06:00:00Z"}``;
                               ``{"ahead": seconds}``: Business Central's before the others'
GET      ``/changes``          names of the changes that can be applied
POST     ``/changes``          ``{"name": ..., "params": {"company": ..., ...}}``: apply one; with
                               ``environment`` where it is not the main one
GET      ``/postings``         changes that are not committed yet
POST     ``/postings``         ``{"name": ..., "params": ..., "seen": true, "hours_ago": 0}``: begin
                               a change and leave it open; ``seen``: reads see it already
                               (phantoms), ``hours_ago``: when it began. ``{"commit": id}``,
                               ``{"roll_back": id}``: end it
POST     ``/random-changes``   ``{"company": name, "seed": 1, "count": 10}``
GET      ``/environments``     environments with their companies
POST     ``/environments``     ``{"copy_to": name, "source": name or null, "kind": "Sandbox"}``,
                               ``{"rename": name, "to": name}``, ``{"mark": name or null}``: a point
                               to go back to, ``{"restore": name or null}``: go back to it
POST     ``/replica``          ``{"seconds": 30, "company": name or null}``: lag of reads, 0 ends
                               it; ``"heeds_parts": false``: in a batch whatever they ask for
POST     ``/sign-in``          the person at the browser: any of ``{"user", "error", "asks"}``
POST     ``/sign-out``         every consent and session of a person ends; they must consent again
POST     ``/settings``         ``{"company": name, "property_order": "json", ...}``: switches of
                               ``CompanySettings``; without company: of all
POST     ``/couplings``        ``{"shop": name, "name": new name}``: another coupling to the account
POST     ``/optiply-rows``     ``{"shop": name, "resource": ..., "attributes": ..., "by_user":
                               false}``: add a row as a shop's coupling, or its user, would
POST     ``/orders``           ``{"shop": name, "pieces": 12}``: a buy order of the first goods of a
                               supplier, as a user of Optiply makes it
GET      ``/requests``         the log, newest last; ``?system=bc&after=<number>&limit=100``
DELETE   ``/requests``         empty it
POST     ``/reset``            back to the start
=======  ====================  ====================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bc_pipeline.sandbox import changes, ordering
from bc_pipeline.sandbox.apply import apply, chosen
from bc_pipeline.sandbox.json_text import JsonValue, dumps
from bc_pipeline.sandbox.optiply import ApiError
from bc_pipeline.sandbox.running import Running

Body = dict[str, Any]


def routes(sandbox: Running) -> list[Route]:
    """The routes, to be mounted at ``/_control``."""

    def get(path: str, handler: Callable[[Request], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            return _json(await run_in_threadpool(handler, request))

        return Route(path, endpoint, methods=["GET"])

    def change(path: str, method: str, handler: Callable[[Body], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                # Not orjson: it takes no half characters, and a test may want to store one.
                body = json.loads(await request.body() or b"{}")
                return _json(await run_in_threadpool(handler, body))
            except (TypeError, ValueError, KeyError) as error:
                return _json({"error": f"{type(error).__name__}: {error}"}, 400)

        return Route(path, endpoint, methods=[method])

    return [
        get("/", lambda request: _overview(sandbox)),
        get("/companies", lambda request: _companies(sandbox)),
        get("/faults", lambda request: [fault.as_json() for fault in sandbox.faults]),
        change("/faults", "POST", lambda body: sandbox.faults.add(**body).as_json()),
        change("/faults", "DELETE", lambda body: sandbox.faults.clear()),
        change("/clock", "POST", lambda body: _clock(sandbox, body)),
        get("/changes", lambda request: sorted(changes.CHANGES | changes.SETUP_CHANGES)),
        change("/changes", "POST", lambda body: _apply(sandbox, body)),
        get("/postings", lambda request: sandbox.postings.as_json()),
        change("/postings", "POST", lambda body: _posting(sandbox, body)),
        change("/random-changes", "POST", lambda body: _random(sandbox, body)),
        get("/environments", lambda request: _environments(sandbox)),
        change("/environments", "POST", lambda body: _change_environment(sandbox, body)),
        change("/replica", "POST", lambda body: sandbox.business_central.set_replica_lag(**body)),
        change("/sign-in", "POST", lambda body: _sign_in(sandbox, body)),
        change("/sign-out", "POST", lambda body: sandbox.entra.sign_everybody_out()),
        change("/settings", "POST", lambda body: _settings(sandbox, body)),
        change("/couplings", "POST", lambda body: _coupling(sandbox, **body)),
        change("/optiply-rows", "POST", lambda body: _row(sandbox, **body)),
        change("/orders", "POST", lambda body: _order(sandbox, **body)),
        get("/requests", lambda request: _requests(sandbox, request)),
        change("/requests", "DELETE", lambda body: sandbox.requests.clear()),
        change("/reset", "POST", lambda body: sandbox.reset()),
    ]


def _overview(sandbox: Running) -> Body:
    return {
        "time": sandbox.clock().isoformat(),
        "companies": list(sandbox.business_central.companies),
        "shops": list(sandbox.optiply.shops),
        "requests": sandbox.requests.total,
    }


def _environments(sandbox: Running) -> list[Body]:
    return [
        {"name": name, "type": environment.kind, "companies": list(environment.companies)}
        for name, environment in sandbox.business_central.environments.items()
    ]


def _change_environment(sandbox: Running, body: Body) -> list[Body]:
    environments = sandbox.business_central.environments
    match body:
        case {"copy_to": name, **options}:
            environments.copy_to(name, **options)
        case {"rename": name, "to": to}:
            environments.rename(name, to)
        case {"mark": name}:
            environments.mark(name)
        case {"restore": name}:
            environments.restore(name)
        case _:
            raise ValueError("copy_to, rename, mark or restore")
    return _environments(sandbox)


def _companies(sandbox: Running) -> list[Body]:
    return [
        {
            "id": company.id,
            "name": company.name,
            "displayName": company.display_name,
            "currencyCode": company.currency_code,
            "rows": {name: len(table) for name, table in sorted(company.tables.items()) if table},
            "pages": sorted(company.pages),
            "replicaLagSeconds": company.replica.seconds if company.replica else 0,
        }
        for company in sandbox.business_central.companies.values()
    ]


def _clock(sandbox: Running, body: Body) -> Body:
    if "set" in body:
        moment = datetime.fromisoformat(body["set"])
        sandbox.clock.set(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    elif "ahead" in body:
        sandbox.business_central.clock.ahead = timedelta(seconds=body["ahead"])
    else:
        sandbox.clock.advance(float(body["advance"]))
    times: dict[str, Callable[[], datetime]] = {
        "time": sandbox.clock,
        "businessCentral": sandbox.business_central.clock,
    }
    return {name: clock().isoformat() for name, clock in times.items()}


def _apply(sandbox: Running, body: Body) -> JsonValue:
    return apply(sandbox, body["name"], body.get("params", {}))


def _posting(sandbox: Running, body: Body) -> list[Body]:
    match body:
        case {"commit": id}:
            sandbox.postings.end(id).commit()
        case {"roll_back": id}:
            sandbox.postings.end(id).roll_back()
        case {"name": name, **options}:
            company, name, params = chosen(sandbox, name, options.pop("params", {}))
            sandbox.postings.begin(company, name, params, **options)
        case _:
            raise ValueError("name, commit or roll_back")
    return sandbox.postings.as_json()


def _random(sandbox: Running, body: Body) -> JsonValue:
    company = sandbox.business_central.companies[body["company"]]
    return changes.random_changes(company, body.get("seed", 1), body.get("count", 1))


def _sign_in(sandbox: Running, body: Body) -> Body:
    sandbox.entra.person = replace(sandbox.entra.person, **body)
    return asdict(sandbox.entra.person)


def _settings(sandbox: Running, body: Body) -> list[str]:
    companies = sandbox.business_central.companies
    values = dict(body)
    chosen = [values.pop("company")] if "company" in values else list(companies)
    for name in chosen:
        companies[name].settings.change(values)
    return chosen


def _coupling(sandbox: Running, shop: str, name: str | None = None) -> Body:
    made = sandbox.optiply.add_coupling(shop, name)
    names = ("name", "account_id", "coupling_id", "username", "password")
    return {each: getattr(made, each) for each in (*names, "client_id", "client_secret")}


def _row(
    sandbox: Running, shop: str, resource: str, attributes: Body, *, by_user: bool = False
) -> Body:
    owner = sandbox.optiply.shops[shop]
    try:
        return owner.create(resource, attributes, owner.coupling_id, by_user=by_user)
    except ApiError as error:
        raise ValueError(error.message) from error


def _order(sandbox: Running, shop: str, pieces: int = ordering.PIECES) -> Body:
    if shop not in sandbox.optiply.shops:
        raise ValueError(f"there is no shop {shop!r}, but {', '.join(sandbox.optiply.shops)}")
    its = sandbox.optiply.shops[shop]
    company = ordering.company_of(its, sandbox.business_central.companies.values())
    return asdict(ordering.order_in_optiply(its, company, pieces))


def _requests(sandbox: Running, request: Request) -> list[Body]:
    system = request.query_params.get("system")
    after = int(request.query_params.get("after", 0))
    limit = int(request.query_params.get("limit", 1000))
    found = [
        entry.as_json()
        for entry in sandbox.requests
        if entry.number > after and system in (None, entry.system) and entry.system != "control"
    ]
    return found[-limit:]


def _json(value: JsonValue, status: int = 200) -> Response:
    return Response(dumps(value), status, media_type="application/json")
