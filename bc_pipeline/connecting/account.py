"""Optiply's side: its credentials, and the account they open."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import closing
from types import MappingProxyType

from pydantic import SecretStr

from bc_pipeline.connecting.draft import Draft
from bc_pipeline.connecting.questions import Person, Question, numbered
from bc_pipeline.errors import AuthError, ConfigError, RequestFailed
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.tenants.secrets import TokenStore

_SECTION = "optiply"
NEEDED = ("client_id", "client_secret", "username", "password", "coupling_id")
_SECRETS = frozenset(("client_secret", "password"))
_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "clientid": "client_id",
        "clientsecret": "client_secret",
        "username": "username",
        "user": "username",
        "password": "password",
        "couplingid": "coupling_id",
        "optiplycouplingid": "coupling_id",
        "accountid": "account_id",
        "account": "account_id",
    }
)
"""How credentials may be called, without case and marks -> our key."""

_PAIR = re.compile(r"(?P<key>[^=:]+?)\s*[=:]\s*(?P<value>.*)")

FLAG = "--optiply-credentials"


def take_credentials(draft: Draft, given: str | None, person: Person) -> None:
    """Put Optiply's credentials into the draft: those given, those tenants.yaml knows, else what
    the person answers.

    Args:
        given: as ``read_credentials`` takes them.

    Raises:
        ConfigError: they cannot be read or are not whole, or nobody may be asked.
    """
    if given is not None:
        put_credentials(draft, given)
    if missing := _missing(draft):
        if given is not None:
            raise ConfigError(f"{FLAG} lacks {', '.join(missing)}")
        found: dict[str, str] = person.ask(_question(missing))
        _put(draft, found)


def put_credentials(draft: Draft, given: str) -> None:
    """Put credentials into the draft.

    Raises:
        ConfigError: they cannot be read.
    """
    try:
        _put(draft, read_credentials(given))
    except ValueError as error:
        raise ConfigError(f"{FLAG}: {error}") from None


def find_account(draft: Draft, person: Person) -> str | None:
    """Puts the account into the draft; its name, None where Optiply does not tell it.

    Raises:
        AuthError: Optiply refuses the credentials.
        ConfigError: no account can be told, or the one that was named is not there.
        RequestFailed: Optiply gave no usable answer.
    """
    accounts = _accounts(draft)
    named = draft.text(_SECTION, "account_id")
    if named is not None:
        if accounts and named not in accounts:
            listed = ", ".join(f"{id} {name}" for id, name in accounts.items())
            raise ConfigError(f"these credentials open no account {named}, but: {listed}")
        return accounts.get(named)
    if not accounts:
        raise ConfigError(
            "Optiply does not tell which account these credentials open. Name it with "
            "--optiply-account"
        )
    chosen = next(iter(accounts))
    if len(accounts) > 1:
        ids = list(accounts)
        question = Question(
            "Which Optiply account does this tenant write to?",
            "--optiply-account",
            numbered(len(ids)),
            tuple(f"{name} ({id})" for id, name in accounts.items()),
        )
        chosen = ids[person.ask(question)]
    draft.put(chosen, _SECTION, "account_id")
    return accounts[chosen]


def read_credentials(text: str) -> dict[str, str]:
    """Credentials as Optiply hands them out: a JSON object, lines ``key: value`` or ``key=value``,
    or the bare values in the order of ``NEEDED`` with blanks between them.

    Raises:
        ValueError: it is none of these; the text is not repeated.
    """
    text = text.strip()
    if text.startswith("{"):
        return _named(_json(text))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pairs = [_pair(line) for line in lines]
    if len(lines) > 1 and all(pairs):
        return _named(dict(pair for pair in pairs if pair))
    values = text.split()
    if len(values) not in (len(NEEDED), len(NEEDED) + 1):
        raise ValueError(
            f"expected {len(NEEDED)} values with blanks between them ({', '.join(NEEDED)}), or a "
            "JSON object with these keys"
        )
    return _checked(dict(zip((*NEEDED, "account_id"), values, strict=False)))


def _question(missing: list[str]) -> Question[dict[str, str]]:
    def read(text: str) -> dict[str, str]:
        found = read_credentials(text)
        if lacking := [key for key in missing if not found.get(key)]:
            raise ValueError(f"{', '.join(lacking)} is missing")
        return found

    return Question(
        "Optiply's credentials on one line, not shown (client id, client secret, user name, "
        "password, coupling id; or as JSON)",
        FLAG,
        read,
        hidden=True,
    )


def _json(text: str) -> dict[str, object]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        raise ValueError("the JSON cannot be read") from None


def _pair(line: str) -> tuple[str, str] | None:
    """Key and value of a line, whichever mark stands first between them."""
    found = _PAIR.fullmatch(line)
    return (found["key"], found["value"]) if found else None


def _named(given: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in given.items():
        known = _SPELLINGS.get("".join(filter(str.isalnum, key)).lower())
        if known and value not in (None, ""):
            found[known] = str(value)
    return _checked(found)


def _checked(found: dict[str, str]) -> dict[str, str]:
    for key in ("coupling_id", "account_id"):
        if key in found and not found[key].strip().isdecimal():
            raise ValueError(f"the {key} must be a whole number")
    return found


def _missing(draft: Draft) -> list[str]:
    return [key for key in NEEDED if draft.text(_SECTION, key) is None]


def _put(draft: Draft, found: Mapping[str, str]) -> None:
    for key, value in found.items():
        draft.put(SecretStr(value) if key in _SECRETS else value, _SECTION, key)


def _accounts(draft: Draft) -> dict[str, str]:
    """Id -> name of the accounts these credentials see; nothing where Optiply does not list
    them."""
    tenant = draft.tenant()
    with closing(Optiply(tenant, TokenStore(tenant.home))) as optiply:
        try:
            optiply.preflight()
        except AuthError as error:
            raise AuthError(
                f"{error}. If a connect was broken off just now, Optiply gives the next token when "
                "that one has ended, after 15 minutes at most"
                if "still valid" in str(error)
                else str(error)
            ) from None
        try:
            rows = list(optiply.rows("accounts"))
        except RequestFailed as error:
            if error.status is None or error.status >= 500:
                raise
            return {}
    return {str(row.id): str(row.attributes.get("name") or "") for row in rows}
