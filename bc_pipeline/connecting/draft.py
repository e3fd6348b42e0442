"""The entry of a tenant while it is being found out: what tenants.yaml says already, what was given
and answered since, and a tenant made of it that systems can be asked with. Nothing is written."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bc_pipeline.errors import ConfigError
from bc_pipeline.snapshot.store import FILE_NAME
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.document import Place, mapping, read, wanted
from bc_pipeline.tenants.references import is_reference, resolve
from bc_pipeline.tenants.settings import TENANT_KEY_PATTERN, Tenant
from bc_pipeline.tenants.tenant_config import FILE_NAME as MAPPINGS

Way = tuple[str, ...]
"""A key below the tenant: ``("optiply", "account_id")``."""

_UNKNOWN: Mapping[Way, object] = {
    ("business_central", "environment_name"): "(not known yet)",
    ("business_central", "company"): "(not known yet)",
    ("business_central", "client_id"): "(not known yet)",
    ("business_central", "client_secret"): "(not known yet)",
    ("optiply", "client_id"): "(not known yet)",
    ("optiply", "client_secret"): "(not known yet)",
    ("optiply", "username"): "(not known yet)",
    ("optiply", "password"): "(not known yet)",
    ("optiply", "account_id"): 0,
    ("optiply", "coupling_id"): 0,
}
"""Stands in for what a tenant must have and nobody has told yet."""


@dataclass
class Draft:
    """One tenant on its way into tenants.yaml.

    Attributes:
        name: its key.
        file: tenants.yaml.
        home: BC_PIPELINE_HOME.
        work: a private directory for tokens and the state of a dry run, gone afterwards.
        existed: whether the file has an entry of this name.
        changes: what is to be written, by way; secrets as such.
    """

    name: str
    file: Path
    home: Path
    work: Path
    existed: bool
    _settings: Mapping[str, Any] = field(repr=False)
    _place: Place = field(repr=False)
    changes: dict[Way, Any] = field(default_factory=dict, repr=False)

    def raw(self, *way: str) -> object:
        """What the file says, reference or value; None where it says nothing."""
        value: object = self._settings
        for key in way:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def known(self, *way: str) -> Any:  # noqa: ANN401 - any setting
        """What was given, else what the file says, secrets as their text; None: nothing, or a
        reference that leads nowhere."""
        if way in self.changes:
            value = self.changes[way]
            return value.get_secret_value() if isinstance(value, SecretStr) else value
        raw = self.raw(*way)
        try:
            return resolve(raw, self.home, self._place)
        except ConfigError:
            return None

    def text(self, *way: str) -> str | None:
        """As ``known``; of a setting that is one text."""
        value = self.known(*way)
        return None if value is None else str(value)

    def put(self, value: object, *way: str) -> None:
        """Give a setting a value, or take it away (None); one that it has already is no change."""
        if value is None and self.raw(*way) is None:
            self.changes.pop(way, None)
        elif self.known(*way) != _plain(value):
            self.changes[way] = value

    def tenant(self, *, complete: bool = False, work: bool = True) -> Tenant:
        """The tenant as far as it is known.

        Args:
            complete: what is missing is an error, not made up.
            work: its tokens and state are those of the trial, not of the installation.

        Raises:
            ConfigError: a value cannot work, or is missing; names the key.
        """
        values: dict[str, Any] = {}
        for key, value in self._settings.items():
            values[key] = self._resolved(value)
        for way, value in {**({} if complete else _UNKNOWN), **self.changes}.items():
            *sections, key = way
            place = values
            for section in sections:
                place = place.setdefault(section, {})
                if not isinstance(place, dict):
                    named = self._place.inner(*sections)
                    raise named.error("must be a mapping of keys to values")
            if way in self.changes or place.get(key) is None:
                place[key] = _plain(value)
            if place[key] is None:
                del place[key]
        tenant = registry.tenant_of(values, self.home, self.name, self._place)
        if not work:
            return tenant
        return tenant.model_copy(
            update={"home": self.work, "snapshot_dir": self._state_directory(tenant.snapshot_dir)}
        )

    def _state_directory(self, own: Path) -> Path:
        """Where a dry run finds the state to go on from, and the dimension mappings: a tenant
        without state gets an empty one."""
        if (own / FILE_NAME).exists():
            return own
        directory = self.work / "snapshot"
        mappings = own / MAPPINGS
        if mappings.exists() and not (directory / MAPPINGS).exists():
            directory.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(mappings, directory / MAPPINGS)
        return directory

    def _resolved(self, value: object) -> object:
        """Without what leads nowhere: that is asked for anew."""
        if isinstance(value, dict) and not is_reference(value):
            inner = {key: self._resolved(each) for key, each in value.items()}
            return {key: each for key, each in inner.items() if each is not None}
        try:
            return resolve(value, self.home, self._place)
        except ConfigError:
            return None


def begin(name: str, work: Path) -> Draft:
    """The draft of a tenant, from tenants.yaml where that knows it.

    Raises:
        ConfigError: the name cannot be a tenant's, or the file cannot be read.
    """
    home = registry.home_directory()
    file = registry.tenants_file(home)
    document, top = read(file) if file.exists() else ({}, Place(file))
    place = top.inner("tenants", name)
    if not re.fullmatch(TENANT_KEY_PATTERN, name):
        raise place.error(registry.KEY_RULE)
    entries = mapping(document.get("tenants"), top.inner("tenants"))
    defaults = mapping(document.get("defaults"), top.inner("defaults"))
    entry = wanted(mapping(entries.get(name), place), Tenant)
    settings = registry.with_defaults(entry, wanted(defaults, Tenant), place)
    return Draft(name, file, home, work, name in entries, settings, place)


def _plain(value: object) -> Any:  # noqa: ANN401 - any setting
    return value.get_secret_value() if isinstance(value, SecretStr) else value
