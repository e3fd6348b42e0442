"""The tenants of this installation, read from ``tenants.yaml``.

``load()`` gives every tenant that is configured soundly and, beside them, one ``ConfigError`` per
tenant that is not: a mistake in one tenant's settings never hides the others. Errors name the file,
the tenant, the key and its line, never the value.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.alert_settings import Addresses
from bc_pipeline.tenants.base import Settings
from bc_pipeline.tenants.document import Keys, Place, mapping, read, wanted
from bc_pipeline.tenants.pause import paused
from bc_pipeline.tenants.references import resolve
from bc_pipeline.tenants.retention_settings import RetentionSettings
from bc_pipeline.tenants.settings import TENANT_KEY_PATTERN, Tenant
from bc_pipeline.tenants.shared import shared
from bc_pipeline.tenants.undo import mend

HOME_VARIABLE = "BC_PIPELINE_HOME"
TENANTS_VARIABLE = "BC_PIPELINE_TENANTS"
KEY_RULE = "a tenant's key is 1 to 63 of a-z, 0-9, _ and -, and starts with a letter or digit"

# Set by the registry itself, never written in the file.
_OWN_FIELDS = ("name", "home")


@dataclass(frozen=True)
class Registry:
    """What ``tenants.yaml`` says.

    Attributes:
        path: the file, which need not exist.
        home: BC_PIPELINE_HOME, absolute.
        tenants: the sound tenants by partition key, in file order, disabled ones included.
        errors: one error per tenant whose settings cannot work.
        warnings: what works but should be changed, such as secrets written literally.
        off: of the tenants in ``errors`` those that are switched off anyway.
        retention: that of ``defaults``, for what belongs to no tenant, or to one that is gone; the
            error when it is wrong.
        common_alerts: who is told of what concerns all tenants: the ``alerts`` of ``defaults``.
        alerts_as_written: the same with its references, for when the file cannot be read.
        told_of: who is told of the tenants in ``errors``.
    """

    path: Path
    home: Path
    tenants: dict[str, Tenant] = field(default_factory=dict)
    errors: dict[str, ConfigError] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    off: frozenset[str] = frozenset()
    retention: RetentionSettings | ConfigError = field(default_factory=RetentionSettings)
    common_alerts: Addresses = ()
    alerts_as_written: list[Any] = field(default_factory=list)
    told_of: Mapping[str, Addresses] = field(default_factory=dict)

    def get(self, name: str) -> Tenant:
        """The tenant called ``name``; ConfigError when it is unknown or its settings are wrong."""
        if name in self.tenants:
            return self.tenants[name]
        if name in self.errors:
            raise self.errors[name]
        raise ConfigError(f"{self.path}: there is no tenant {name!r}{_did_you_mean(name, self)}")

    def enabled(self) -> list[Tenant]:
        """The tenants a schedule or ``--all`` works on."""
        return [tenant for tenant in self.tenants.values() if tenant.enabled]

    def broken(self) -> list[str]:
        """The tenants a schedule would work on, were their settings sound."""
        return [name for name in self.errors if name not in self.off]

    def names(self) -> list[str]:
        """Every tenant the file names, sound or not."""
        return [*self.tenants, *self.errors]

    def how_to_add(self) -> str:
        """What to do when there is no tenant at all."""
        return (
            f"No tenant is configured: write {self.path} with `bc-pipeline connect <tenant>` "
            "(docs/connect.md) or by hand (docs/configuration.md; `bc-pipeline tenants schema` "
            "prints its JSON Schema), or try `make demo`."
        )


def home_directory() -> Path:
    """BC_PIPELINE_HOME as an absolute path, ``./var`` when it is not set."""
    return Path(os.environ.get(HOME_VARIABLE) or "var").expanduser().resolve()


def tenants_file(home: Path) -> Path:
    """BC_PIPELINE_TENANTS as an absolute path, ``<home>/tenants.yaml`` when it is not set."""
    configured = os.environ.get(TENANTS_VARIABLE)
    return Path(configured).expanduser().resolve() if configured else home / "tenants.yaml"


def load(home: Path | None = None, path: Path | None = None) -> Registry:
    """Read the registry.

    Args:
        home: base of relative paths; BC_PIPELINE_HOME when not given.
        path: the file; BC_PIPELINE_TENANTS or ``<home>/tenants.yaml`` when not given. A missing
            file is a registry without tenants.

    Raises:
        ConfigError: the file as a whole cannot be read (not YAML, not a mapping, unknown keys).
    """
    home = (home or home_directory()).resolve()
    path = path or tenants_file(home)
    mended = mend(home)
    if not path.exists():
        return Registry(path=path, home=home)
    document, top = read(path)
    for key in document:
        if key not in ("defaults", "tenants"):
            raise top.inner(key).error("unknown key; 'defaults' and 'tenants' are known")
    defaults = mapping(document.get("defaults"), top.inner("defaults"))
    entries = mapping(document.get("tenants"), top.inner("tenants"))
    tenants: dict[str, Tenant] = {}
    errors: dict[str, ConfigError] = {}
    warnings = [mended] if mended else []
    for key, entry in entries.items():
        try:
            tenant, notes = _read_tenant(path, home, key, entry, defaults, top.lines)
        except ConfigError as error:
            errors[str(key)] = error
        else:
            tenants[tenant.name] = _unless_paused(tenant)
            warnings += notes
    errors |= shared(top, home, tenants.values())
    sound = {name: tenant for name, tenant in tenants.items() if name not in errors}
    off = frozenset(str(key) for key, entry in entries.items() if _is_off(entry, defaults))
    return Registry(
        path=path,
        home=home,
        tenants=sound,
        errors=errors,
        warnings=tuple(dict.fromkeys(warnings)),
        off=off & errors.keys(),
        retention=_common_retention(home, wanted(defaults, Tenant), top.inner("defaults")),
        common_alerts=addresses(home, defaults),
        alerts_as_written=_as_list(defaults.get("alerts")),
        told_of={
            str(key): _alerts(home, entry, defaults)
            for key, entry in entries.items()
            if str(key) in errors
        },
    )


def _unless_paused(tenant: Tenant) -> Tenant:
    """A paused tenant is as good as switched off."""
    if not tenant.enabled or paused(tenant.snapshot_dir) is None:
        return tenant
    return tenant.model_copy(update={"enabled": False})


class _Common(Settings):
    """What of ``defaults`` holds without a tenant."""

    retention: RetentionSettings = RetentionSettings()
    alerts: Addresses = ()


def addresses(home: Path, settings: Mapping[str, Any]) -> Addresses:
    """Who is told, however wrong the rest of the settings is; nobody where ``alerts`` itself is.

    Args:
        home: base of relative paths.
        settings: of a tenant or of ``defaults``, as written.
    """
    place = Place(home, ("alerts",))
    try:
        written = {"alerts": _as_list(settings.get("alerts"))}
        return _Common.model_validate(resolve(wanted(written, Tenant), home, place)).alerts
    except (ValidationError, ConfigError):
        return ()


def _alerts(home: Path, entry: object, defaults: Mapping[str, Any]) -> Addresses:
    own = addresses(home, entry) if isinstance(entry, dict) else ()
    return own or addresses(home, defaults)


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _common_retention(
    home: Path, defaults: Mapping[str, Any], place: Place
) -> RetentionSettings | ConfigError:
    inner = place.inner("retention")
    try:
        values = resolve(mapping(defaults.get("retention"), inner), home, inner)
        return _Common.model_validate({"retention": values}).retention
    except ValidationError as error:
        return ConfigError(_explain(error, place))
    except ConfigError as error:
        return error


def _is_off(entry: object, defaults: Mapping[str, Any]) -> bool:
    """Whether a tenant is switched off, however wrong the rest of its settings is."""
    own = entry.get("enabled") if isinstance(entry, dict) else None
    return str(defaults.get("enabled") if own is None else own).lower() in ("false", "no", "off")


def _read_tenant(
    path: Path,
    home: Path,
    key: object,
    entry: object,
    defaults: Mapping[str, Any],
    lines: Mapping[Keys, int] = MappingProxyType({}),
) -> tuple[Tenant, list[str]]:
    place = Place(path, ("tenants", key), lines)
    if not isinstance(key, str) or not re.fullmatch(TENANT_KEY_PATTERN, key):
        raise place.error(KEY_RULE)
    settings = with_defaults(wanted(mapping(entry, place), Tenant), wanted(defaults, Tenant), place)
    for own in _OWN_FIELDS:
        if own in settings:
            raise place.inner(own).error("unknown key")
    warnings = [
        f"{path}: tenants.{key}.{secret} is written literally; "
        "{env: NAME} or {file: path} keeps it out of the file"
        for secret in _literal_secrets(settings)
    ]
    values = {name: resolve(value, home, place.inner(name)) for name, value in settings.items()}
    return tenant_of(values, home, key, place), warnings


def tenant_of(values: Mapping[str, Any], home: Path, name: str, place: Place) -> Tenant:
    """A tenant from what its entry says, defaults and references resolved.

    Raises:
        ConfigError: the values cannot work; names the keys, never a value.
    """
    values = dict(values)
    directory = values.get("snapshot_dir", f"snapshots/{name}")
    if isinstance(directory, str):
        values["snapshot_dir"] = (home / directory).resolve()
    try:
        return Tenant(**{**values, "name": name, "home": home})
    except ValidationError as error:
        raise ConfigError(_explain(error, place)) from None


def with_defaults(
    entry: Mapping[str, Any], defaults: Mapping[str, Any], place: Place
) -> dict[str, Any]:
    """The tenant's keys over the defaults, section by section."""
    merged: dict[str, Any] = dict(defaults)
    for key, value in entry.items():
        default = merged.get(key)
        if isinstance(value, dict) and isinstance(default, dict) and key in _sections():
            merged[key] = {**default, **value}
        elif value is None and key in _sections():
            merged.setdefault(key, {})
        else:
            merged[key] = value
    for section in _sections():
        if section in merged:
            merged[section] = mapping(merged[section], place.inner(section))
    return merged


def _sections() -> dict[str, type[BaseModel]]:
    """The settings that are themselves groups of settings, by key."""
    return {
        name: info.annotation
        for name, info in Tenant.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
    }


def _literal_secrets(settings: Mapping[str, Any]) -> Iterator[str]:
    for section, model in _sections().items():
        for name, info in model.model_fields.items():
            is_secret = SecretStr in (info.annotation, *get_args(info.annotation))
            if is_secret and isinstance(settings.get(section, {}).get(name), str):
                yield f"{section}.{name}"
    for number, address in enumerate(_as_list(settings.get("alerts"))):
        for name in ("url", "secret"):
            if isinstance(address, dict) and isinstance(address.get(name), str):
                yield f"alerts.{number}.{name}"


# What YAML calls a thing, where pydantic speaks of Python's types.
_WORDS = {
    "tuple_type": "must be a list, such as [A, B]",
    "dict_type": "must be a mapping of keys to values",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "decimal_parsing": "must be a number, with a point before its decimals",
    "decimal_type": "must be a number",
    "string_type": "must be a text",
}


def _explain(error: ValidationError, place: Place) -> str:
    return "; ".join(_explain_one(detail, place) for detail in error.errors(include_url=False))


def _explain_one(detail: ErrorDetails, place: Place) -> str:
    key = place.inner(*(part for part in detail["loc"] if part != "__root__"))
    if detail["type"] == "extra_forbidden":
        return str(key.error(f"unknown key{_similar_key(detail['loc'])}"))
    if detail["type"] == "missing":
        return str(key.error("missing"))
    message = _WORDS.get(detail["type"]) or str(detail["msg"]).removeprefix("Value error, ")
    if isinstance(detail["input"], str) and detail["input"]:
        message = message.replace(repr(detail["input"]), "the value")
    return str(key.error(message))


def _similar_key(location: tuple[object, ...]) -> str:
    model: type[BaseModel] = _sections().get(str(location[0]), Tenant)
    known = list((model if len(location) > 1 else Tenant).model_fields)
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _did_you_mean(name: str, registry: Registry) -> str:
    close = difflib.get_close_matches(name, registry.names(), n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; it has {', '.join(registry.names())}" if registry.names() else ""
