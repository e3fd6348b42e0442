"""The end of connecting a tenant: its secrets as private files, its tokens, and its entry in
tenants.yaml, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from pydantic import SecretStr

from bc_pipeline.connecting.draft import Draft, Way
from bc_pipeline.errors import AuthError, ConfigError
from bc_pipeline.tenants import entries, registry, undo
from bc_pipeline.tenants.secrets import DIRECTORY, TokenStore

SECRET_FILES: Mapping[Way, str] = MappingProxyType(
    {
        ("business_central", "client_secret"): "client_secret",
        ("business_central", "refresh_token"): "refresh_token",
        ("optiply", "client_secret"): "optiply_client_secret",
        ("optiply", "password"): "optiply_password",
    }
)
"""Setting -> how its file below ``secrets/`` ends; the tenant's name stands first."""

_SYSTEMS = ("business_central", "optiply")


def save(draft: Draft, *, complete: bool = True) -> list[str]:
    """Write what the draft has found out; the files written, for people.

    Args:
        complete: the entry has to work.

    Raises:
        ConfigError: the entry would not work, would spoil another tenant's, or a file cannot be
            written.
        TenantBusy: another process is writing. Whatever is raised, everything is as it was before.
    """
    change: dict[Way, object] = {}
    try:
        # One lock around secrets and entry: of two that connect at once, one comes after the other.
        with entries.locked(draft.file):
            before = registry.load(draft.home, draft.file)
            secrets = _secrets(draft)
            references = {way: {"file": f"{DIRECTORY}/{_path(draft, way).name}"} for way in secrets}
            new = {_path(draft, way): value for way, value in secrets.items()}
            with undo.replaced(draft.home, draft.file, new):
                change = {**draft.changes, **references}
                if change or not draft.existed:
                    entries.write(
                        draft.file,
                        draft.name,
                        change,
                        lambda trial: _check(draft, before, trial, complete),
                    )
    except OSError as error:
        named = error.filename or draft.home
        raise ConfigError(
            f"{named} cannot be written ({error.strerror or type(error).__name__}); nothing was "
            "changed"
        ) from None
    _keep_tokens(draft)
    written = [str(draft.file)] if change or not draft.existed else []
    return [*written, *(str(_path(draft, way)) for way in references)]


def _check(draft: Draft, before: registry.Registry, trial: Path, complete: bool) -> None:
    """The new file says of this tenant what was found out, and of all others what it said."""
    after = registry.load(draft.home, trial)
    if complete and (error := after.errors.get(draft.name)):
        raise ConfigError(str(error).replace(str(trial), str(draft.file)))
    others = [name for name, tenant in before.tenants.items() if name != draft.name]
    if spoilt := [name for name in others if before.tenants[name] != after.tenants.get(name)]:
        if error := after.errors.get(spoilt[0]):
            raise ConfigError(str(error).replace(str(trial), str(draft.file)))
        raise ConfigError(
            f"{draft.file}: the secrets of {draft.name} would change those of {', '.join(spoilt)}. "
            f"Files below {draft.home / DIRECTORY} that begin with {draft.name}. belong to "
            f"{draft.name} alone"
        )


def _secrets(draft: Draft) -> dict[Way, bytes]:
    """The secrets among what has been found out."""
    found = draft.changes.items()
    return {
        way: value.get_secret_value().encode()
        for way, value in found
        if isinstance(value, SecretStr)
    }


def _path(draft: Draft, way: Way) -> Path:
    return draft.home / DIRECTORY / f"{draft.name}.{SECRET_FILES[way]}"


def _keep_tokens(draft: Draft) -> None:
    """The tokens got on the way: Optiply gives no second one while the first is good, and
    Microsoft's newest refresh token is the one to go on with. Without them runs begin with what
    the entry says, so a failure here is none of the connection's."""
    trial, kept = TokenStore(draft.work), TokenStore(draft.home)
    for system in _SYSTEMS:
        if token := trial.load(draft.name, system):
            with suppress(AuthError, OSError), kept.lock(draft.name, system):
                kept.save(draft.name, system, token)


def take_tokens(draft: Draft, *, keep_consent: bool) -> None:
    """Begin with the tokens of the tenant's runs: Optiply gives no other while one is good.

    Args:
        keep_consent: with Microsoft's, too.
    """
    for system in _SYSTEMS if keep_consent else _SYSTEMS[1:]:
        if token := TokenStore(draft.home).load(draft.name, system):
            TokenStore(draft.work).save(draft.name, system, token)
