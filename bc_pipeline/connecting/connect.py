"""Connecting a tenant from consent to dry run; what comes out is written by ``finish``, and only by
that (flows.md 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from bc_pipeline.business_central.sign_in import App
from bc_pipeline.connecting import account, consent, places, saving, sources, trial
from bc_pipeline.connecting.draft import Draft, Way, begin
from bc_pipeline.connecting.places import Spot
from bc_pipeline.connecting.questions import Person, Question
from bc_pipeline.connecting.sources import FoundSource
from bc_pipeline.connecting.trial import Trial
from bc_pipeline.errors import ConfigError, TenantBusy
from bc_pipeline.report import ProgressListener
from bc_pipeline.tenants import companies, registry
from bc_pipeline.tenants.companies import Found, company_key, named
from bc_pipeline.tenants.document import Place
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.tenants.shared import shared

_BC = "business_central"
SECRET_FLAG = "--client-secret-file"  # noqa: S105 - the name of an option


class CheckAnswer(Protocol):
    """One line of what ``bc-pipeline check`` tells."""

    @property
    def name(self) -> str: ...

    @property
    def outcome(self) -> str: ...

    @property
    def detail(self) -> str: ...


Check = Callable[[Tenant], Iterable[CheckAnswer]]


@dataclass(frozen=True)
class Given:
    """What the command line says, so that nobody need be asked.

    Attributes:
        method: how consent is got; None: as before, a new tenant in the browser.
        keep_consent: go on with the consent there is, where there is one.
        settings: by way, from flags.
        client_secret, optiply_credentials: from a file, the environment or stdin.
        locations: codes; empty: all; None: not said.
    """

    method: consent.Method | None = None
    keep_consent: bool = False
    settings: Mapping[Way, str] = field(default_factory=dict)
    client_secret: str | None = field(default=None, repr=False)
    optiply_credentials: str | None = field(default=None, repr=False)
    locations: tuple[str, ...] | None = None


@dataclass
class Connection:
    """What was found out about a tenant, nothing of it written yet.

    Attributes:
        draft: its entry to be.
        spot: environment and company.
        account: id of the Optiply account, and its name where Optiply tells it.
        checks: what ``bc-pipeline check`` says of it.
        trial: the dry run; None: left out, on purpose or because a check has failed.
    """

    draft: Draft
    spot: Spot
    account: tuple[str, str | None]
    sources: list[FoundSource] = field(default_factory=list)
    checks: list[CheckAnswer] = field(default_factory=list)
    trial: Trial | None = None

    @property
    def faults(self) -> list[str]:
        """What keeps the first sync from working."""
        found = [f"{each.name}: {each.detail}" for each in self.checks if each.outcome == "failed"]
        if self.trial and not self.trial.works:
            failed = ", ".join(self.trial.summary.failed)
            found.append(f"dry run: {self.trial.summary.reason or failed}")
        return found

    def as_json(self) -> dict[str, Any]:
        """For the one JSON document; without a secret."""
        id, name = self.account
        tenant = self.draft.tenant(work=False)
        return {
            "tenant": self.draft.name,
            "environment": self.spot.environment.name,
            "company": {
                "id": self.spot.company.id,
                "name": self.spot.company.name,
                "display_name": self.spot.company.display_name,
            },
            "optiply_account": {"id": int(id), "name": name},
            "locations": list(tenant.sync.locations),
            "stock_source": tenant.sync.stock_source,
            "sources": [each.as_json() for each in self.sources],
            "checks": [
                {"name": each.name, "outcome": each.outcome, "detail": each.detail}
                for each in self.checks
            ],
            "dry_run": self.trial.as_json() if self.trial else None,
            "faults": self.faults,
        }


def find_out(
    name: str,
    given: Given,
    person: Person,
    check: Check,
    work: Path,
) -> Connection:
    """Everything up to the checks. Whatever is raised, nothing was written.

    Args:
        name: of the tenant.
        check: what ``bc-pipeline check`` asks.
        work: a private directory, empty; must live until ``finish``.

    Raises:
        AuthError: a system refuses; says what to do.
        ConfigError: something cannot work, is shared with another tenant (decisions 1), or nobody
            may be asked for it; names the flag or key.
        PipelineError: a system gave no usable answer.
    """
    draft = begin(name, work)
    saving.take_tokens(draft, keep_consent=given.keep_consent)
    for way, value in given.settings.items():
        draft.put(value, *way)
    _app(draft, given, person)
    _consent(draft, given, person)
    spot = places.picked(draft, person)
    person.tell(f"Business Central: {spot.label}")
    found = _place(draft, spot)
    refuse_shared(draft, found)
    account.take_credentials(draft, given.optiply_credentials, person)
    account_name = account.find_account(draft, person)
    refuse_shared(draft, found)
    account_id = draft.text("optiply", "account_id") or ""
    person.tell(f"Optiply: account {account_name or account_id} ({account_id})")
    connection = Connection(draft, spot, (account_id, account_name))
    _locations(draft, given, person)
    connection.sources = sources.look(draft)
    tenant = draft.tenant()
    companies.remember(tenant, spot.company.id, found.entra_tenant_id)
    person.tell("Checking everything the first sync needs ...")
    connection.checks = list(check(tenant))
    return connection


def try_out(connection: Connection, listener: ProgressListener | None = None) -> None:
    """The dry run, for whoever can work: reads everything, sends nothing.

    Args:
        connection: gets what it has told.
        listener: told how it gets on.
    """
    if not connection.faults:
        connection.trial = trial.dry_run(connection.draft.tenant(), listener)


def finish(connection: Connection) -> list[str]:
    """Write entry, secrets and tokens; the files written.

    Raises:
        ConfigError, TenantBusy: as ``saving.save``; everything is as it was.
    """
    draft = connection.draft
    found = _found(draft, connection.spot)
    refuse_shared(draft, found)
    written = saving.save(draft)
    with suppress(TenantBusy, OSError):  # the first run finds it out as well
        companies.remember(draft.tenant(work=False), found.company_id, found.entra_tenant_id)
    return written


def _app(draft: Draft, given: Given, person: Person) -> None:
    """The app registration: given, known, or asked for with one question."""
    if given.client_secret is not None:
        draft.put(SecretStr(given.client_secret), _BC, "client_secret")
    client_id = draft.text(_BC, "client_id")
    if client_id and draft.text(_BC, "client_secret"):
        return
    wanted = ("client secret",) if client_id else ("client id", "client secret")

    def read(text: str) -> tuple[str, ...]:
        parts = text.split()
        if len(parts) != len(wanted):
            raise ValueError(f"type {' and '.join(wanted)}, with a blank between them")
        return tuple(parts)

    question = Question(
        f"App registration at Microsoft: {' and '.join(wanted)} on one line, not shown",
        SECRET_FLAG if client_id else f"--client-id and {SECRET_FLAG}",
        read,
        hidden=True,
    )
    *id, secret = person.ask(question)
    if id:
        draft.put(id[0], _BC, "client_id")
    draft.put(SecretStr(secret), _BC, "client_secret")


def _consent(draft: Draft, given: Given, person: Person) -> None:
    settings = draft.tenant().business_central
    method = given.method or _method_before(draft)
    if given.keep_consent and (settings.refresh_token or method == "application"):
        return
    app = App(
        settings.client_id,
        settings.client_secret,
        settings.entra_tenant,
        settings.redirect_uri,
        settings.login_url,
    )
    token = consent.consent(draft.name, app, method, person)
    draft.put(token, _BC, "refresh_token")


def _method_before(draft: Draft) -> consent.Method:
    """A tenant that works as an application goes on to."""
    entra_tenant = (draft.text(_BC, "entra_tenant") or "common").lower()
    delegated = draft.raw(_BC, "refresh_token") is not None or entra_tenant in consent.SHARED
    return "browser" if delegated or not draft.existed else "application"


def _place(draft: Draft, spot: Spot) -> Found:
    """Environment, company and Microsoft Entra tenant into the draft."""
    draft.put(spot.environment.name, _BC, "environment_name")
    given, company = draft.text(_BC, "company"), spot.company
    # A display name may be another company's name; runs refuse what means two.
    words = (each for each in (given, company.name) if each and spot.is_all_that(each))
    draft.put(next(words, company.id), _BC, "company")
    entra, known = spot.environment.entra_tenant_id, draft.text(_BC, "entra_tenant")
    if entra and not draft.existed and (known or "common").lower() in consent.SHARED:
        # Its own token, or the next one asked for would grow from the first one again.
        token = TokenStore(draft.work).load(draft.name, _BC)
        if token and token.refresh_token and draft.known(_BC, "refresh_token"):
            draft.put(SecretStr(token.refresh_token), _BC, "refresh_token")
        draft.put(entra, _BC, "entra_tenant")
    return _found(draft, spot)


def _found(draft: Draft, spot: Spot) -> Found:
    settings = draft.tenant().business_central
    entra = companies.entra_tenant_id(settings) or spot.environment.entra_tenant_id
    return Found(named(settings), company_key(spot.company.id), entra)


def refuse_shared(draft: Draft, found: Found) -> None:
    """Refuse what another tenant has already (decisions 1).

    Raises:
        ConfigError: names both.
    """
    before = registry.load(draft.home, draft.file)
    others = [tenant for tenant in before.tenants.values() if tenant.name != draft.name]
    tenant = draft.tenant(work=False)
    errors = shared(Place(draft.file), draft.home, [*others, tenant], {draft.name: found})
    if error := errors.get(draft.name):
        raise ConfigError(f"{error}. Nothing was written")


def _locations(draft: Draft, given: Given, person: Person) -> None:
    """Which locations' stock counts: given, known, or picked where there is more than one."""
    known = draft.raw("sync", "locations")
    if given.locations is None and known is not None:
        return
    there = places.locations(draft.tenant())
    codes = [code for code, _ in there or ()]
    if given.locations is not None:
        chosen = _codes(given.locations, codes) if there is not None else given.locations
    elif len(codes) < 2:
        return
    else:
        question = Question(
            "Which locations' stock counts? Numbers with commas between them",
            "--locations",
            lambda text: _picked_codes(text, codes),
            tuple(f"{code} {name}".strip() for code, name in there or ()),
            default="all",
        )
        chosen = person.ask(question)
    draft.put(list(chosen), "sync", "locations")


def _picked_codes(text: str, codes: list[str]) -> tuple[str, ...]:
    if text.strip().lower() in ("", "all"):
        return ()
    chosen = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        if part.isdecimal() and 1 <= int(part) <= len(codes):
            chosen.append(codes[int(part) - 1])
        else:
            chosen += _codes((part,), codes)
    return tuple(dict.fromkeys(chosen))


def _codes(given: Iterable[str], codes: list[str]) -> tuple[str, ...]:
    """Codes as Business Central spells them.

    Raises:
        ConfigError: one is not there.
    """
    spelled = {code.casefold(): code for code in codes}
    for code in given:
        if code and code.strip().casefold() not in spelled:
            raise ConfigError(
                f"Business Central has no location {code!r}; it has: {', '.join(codes) or 'none'}"
            )
    return tuple(spelled.get(code.strip().casefold(), code) for code in given)
