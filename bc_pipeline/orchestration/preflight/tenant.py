"""``bc-pipeline check``: would the next run of this tenant work? Asks both systems, writes to
neither (decisions 30)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.errors import AuthError, PipelineError, TenantBusy
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.orchestration.checks.check import Finding, Outcome, outcome
from bc_pipeline.orchestration.checks.dimensions import NAME as DIMENSIONS
from bc_pipeline.orchestration.preflight import exports, optiply, stock
from bc_pipeline.orchestration.preflight.reads import Read, forbidden, lacking, reads
from bc_pipeline.reading import mirror_state
from bc_pipeline.report import AsJson
from bc_pipeline.run import identity
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

WAIT_SECONDS = 10.0
"""How long to wait for a run that holds the tenant's snapshot."""

Question = Callable[[], Finding]


@dataclass(frozen=True)
class Answer(AsJson):
    """One line of the report; ``detail`` says what was found or what to do."""

    name: str
    outcome: Outcome
    detail: str


def check_tenant(tenant: Tenant) -> Iterator[Answer]:
    """Check everything the next run needs: the state it goes on from, credentials with a token that
    is asked for anew, company and account by name, one row of every entity, what the settings name,
    and the coupling.

    Nothing is written to either system; a rotated refresh token is kept, as it must be.
    """
    tokens = TokenStore(tenant.home)
    yield from _ask("state", lambda: _state(tenant))
    with closing(BusinessCentral(tenant, tokens)) as business_central:
        yield from _business_central(tenant, business_central)
        # Beside the account's name, so that people see whether the two belong together.
        company = business_central.known_company
    named = company.display_name or company.name if company else tenant.business_central.company
    with closing(Optiply(tenant, tokens)) as account:
        yield from _optiply(named, account)


def _state(tenant: Tenant) -> Finding:
    """Whether the snapshot is this tenant's, and fits its settings."""
    try:
        snapshot = Snapshot.open(tenant.snapshot_dir, read_only=True, wait_seconds=WAIT_SECONDS)
    except FileNotFoundError:
        return Finding(True, "none yet: the next sync is the first one")
    except TenantBusy:
        return Finding(
            False, "a run of this tenant is at work, so it was not read", severity="warn"
        )
    with snapshot, snapshot.cursor() as cursor:
        identity.check_settings(cursor, tenant)
        mirror_state.check_sell_orders(cursor, tenant)
    return Finding(True, f"{tenant.snapshot_dir} holds the state of these settings")


def _business_central(tenant: Tenant, bc: BusinessCentral) -> Iterator[Answer]:
    reached = list(_ask("business_central", lambda: _company(tenant, bc)))
    yield from reached
    if reached[0].outcome == "failed":
        return
    refused: list[Read] = []
    found: dict[str, bool] = {}
    for read in reads(tenant, bc, found):
        yield from _ask(read.name, lambda read=read: _read(read, refused))  # type: ignore[misc]
    yield from _ask(stock.NAME, lambda: stock.source(tenant, found))
    yield from _ask("permissions", lambda: lacking(refused))
    yield from _ask(DIMENSIONS, lambda: exports.mapped_dimensions(tenant, bc))
    for name, question in exports.questions(tenant, bc):
        yield from _ask(name, question)


def _optiply(company: str, account: Optiply) -> Iterator[Answer]:
    reached = list(_ask("optiply", lambda: optiply.signed_in(company, account)))
    yield from reached
    if reached[0].outcome == "failed":
        return
    yield from _ask("coupling_id", lambda: optiply.coupling(account))
    for name, question in optiply.readable(account):
        yield from _ask(name, question)


def _ask(name: str, question: Question) -> Iterator[Answer]:
    try:
        finding = question()
    except PipelineError as error:
        yield Answer(name, "failed", f"{error.kind}: {error}")
        return
    yield Answer(name, outcome(finding, "error"), finding.description)


def _read(read: Read, refused: list[Read]) -> Finding:
    try:
        return read.ask()
    except AuthError as error:
        refused.append(read)
        return Finding(False, forbidden(read, error))


def _company(tenant: Tenant, bc: BusinessCentral) -> Finding:
    # A token that is still good would hide that the next one is refused.
    bc.http.renew_token()
    company = bc.preflight()
    _check_same(tenant, company)
    identity.check_shared(tenant, bc, company)
    return Finding(
        True,
        f"signed in with a new token; the company is {company.display_name or company.name}, in "
        f"{tenant.business_central.environment_name}",
    )


def _check_same(tenant: Tenant, company: Company) -> None:
    """Whether the state is this company's; where it cannot be read, ``state`` has said why."""
    try:
        snapshot = Snapshot.open(tenant.snapshot_dir, read_only=True, wait_seconds=WAIT_SECONDS)
    except (FileNotFoundError, TenantBusy):
        return
    with snapshot, snapshot.cursor() as cursor:
        identity.check_same_company(cursor, tenant, company)
