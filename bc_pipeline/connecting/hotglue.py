"""A tenant of HotGlue's taps and targets, taken over: its flat ``config.json`` and its snapshot
folder become an entry of tenants.yaml. What has no counterpart is told, never dropped silently."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bc_pipeline.connecting import account, saving
from bc_pipeline.connecting.draft import Draft, Way
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.document import unreadable
from bc_pipeline.tenants.tenant_config import FILE_NAME as MAPPINGS
from bc_pipeline.tenants.tenant_config import load_dimension_mappings

_BC = "business_central"

CARRIED: Mapping[str, Way] = {
    "client_id": (_BC, "client_id"),
    "client_secret": (_BC, "client_secret"),
    "redirect_uri": (_BC, "redirect_uri"),
    "refresh_token": (_BC, "refresh_token"),
    "environment_name": (_BC, "environment_name"),
    "tenant_id": (_BC, "entra_tenant"),
    "export_reference_number": ("exports", "export_reference_number"),
    "username": ("optiply", "username"),
    "password": ("optiply", "password"),
    "account_id": ("optiply", "account_id"),
    "coupling_id": ("optiply", "coupling_id"),
}
"""Key of HotGlue -> our setting."""

LEFT: Mapping[str, str] = {
    "access_token": "a new one is asked for",
    "expires_in": "a new token is asked for",
    "start_date": "the first sync reads everything that is needed; later ones what has changed",
    "user_agent": "has no counterpart",
    "report_periods": "has no counterpart",
    "enable_odata_discovery": "published pages are named one by one (item_page_name and others); "
    "`bc-pipeline connect` looks for them",
    "odata_discovery_include_prefixes": "as enable_odata_discovery",
    "odata_discovery_exclude_prefixes": "as enable_odata_discovery",
}
"""Keys of HotGlue that are left behind, and why that does no harm."""

_TOOK_TWO = ("company_ids", "export_company_id", "full_url", "snapshot_dir")
_URL = re.compile(r"(?P<api>https?://.+?)/v2\.0/(?P<environment>[^/]+)/api/v2\.0/?")


@dataclass
class Taken:
    """What became of a configuration.

    Attributes:
        settings: ways of the settings it has given.
        left: what was not carried over -> why.
        missing: settings a tenant needs that it did not tell.
        files: written.
    """

    settings: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "settings": self.settings,
            "not_carried_over": self.left,
            "missing": self.missing,
            "written": self.files,
        }


def take(draft: Draft, file: Path, folder: Path | None, credentials: str | None) -> Taken:
    """Put a configuration into the draft.

    Args:
        draft: of the tenant to be, which tenants.yaml does not know yet.
        file: HotGlue's ``config.json``.
        folder: its snapshot folder; None: the one that ``snapshot_dir`` names.
        credentials: Optiply's, as ``account.read_credentials`` takes them.

    Raises:
        ConfigError: the file cannot be read, or a value cannot work.
    """
    config = _read(file)
    taken = Taken()
    for key, value in config.items():
        if value in (None, ""):
            continue
        if key in CARRIED:
            _put(draft, CARRIED[key], value)
        elif key in LEFT:
            taken.left[key] = LEFT[key]
        elif key not in _TOOK_TWO:
            taken.left[key] = "is not known here"
    _environment(draft)
    _company(draft, config, taken)
    _url(draft, config, taken)
    if credentials is not None:
        account.put_credentials(draft, credentials)
    named = config.get("snapshot_dir")
    _folder(draft, folder or (Path(str(named)) if named else None), taken)
    taken.settings = sorted(".".join(way) for way in draft.changes)
    taken.missing = [
        f"{section}.{key}"
        for section, keys in (
            (_BC, ("environment_name", "company", "client_id", "client_secret")),
            ("optiply", (*account.NEEDED, "account_id")),
        )
        for key in keys
        if draft.text(section, key) is None
    ]
    if taken.missing:
        draft.put("false", "enabled")
    return taken


def save(draft: Draft, taken: Taken) -> None:
    """Write the entry, its secrets and its dimension mappings.

    Raises:
        ConfigError, TenantBusy, OSError: as ``saving.save``.
    """
    mappings = draft.work / "snapshot" / MAPPINGS
    taken.files = saving.save(draft, complete=not taken.missing)
    if mappings.exists():
        directory = draft.tenant(work=False).snapshot_dir
        if not (directory / MAPPINGS).exists():
            directory.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(mappings, directory / MAPPINGS)
            taken.files.append(str(directory / MAPPINGS))


def _read(file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {unreadable(error)}") from None
    except ValueError:
        raise ConfigError(f"{file}: is no valid JSON") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{file}: must be an object of keys and values")
    return config


def _put(draft: Draft, way: Way, value: object) -> None:
    text = str(value).lower() if isinstance(value, bool) else str(value).strip()
    draft.put(SecretStr(text) if way in saving.SECRET_FILES else text, *way)


def _environment(draft: Draft) -> None:
    """HotGlue cuts off what stands behind a question mark."""
    name = draft.text(_BC, "environment_name")
    if name and "?" in name:
        draft.put(name.partition("?")[0], _BC, "environment_name")


def _company(draft: Draft, config: Mapping[str, Any], taken: Taken) -> None:
    given = config.get("company_ids") or []
    each = given if isinstance(given, list) else str(given).split(",")
    companies = [str(company).strip() for company in each if str(company).strip()]
    exported = str(config.get("export_company_id") or "").strip()
    if len(companies) > 1:
        listed = ", ".join(companies)
        taken.left["company_ids"] = (
            f"names {len(companies)} companies ({listed}), and a tenant is one. "
            f"{f'Taken is that of export_company_id, {exported}' if exported else 'None is taken'}"
            "; connect a tenant for each of the others"
        )
        companies = []
    elif companies and exported and companies[0].casefold() != exported.casefold():
        taken.left["export_company_id"] = (
            f"{exported} is another company than company_ids names, which is taken"
        )
    if chosen := next(iter(companies), exported):
        draft.put(chosen, _BC, "company")


def _url(draft: Draft, config: Mapping[str, Any], taken: Taken) -> None:
    url = str(config.get("full_url") or "").strip()
    if not url:
        return
    found = _URL.fullmatch(url)
    if found is None:
        taken.left["full_url"] = "is not <server>/v2.0/<environment>/api/v2.0/"
        return
    draft.put(found["api"], _BC, "api_url")
    if draft.text(_BC, "environment_name") is None:
        draft.put(found["environment"], _BC, "environment_name")


def _folder(draft: Draft, folder: Path | None, taken: Taken) -> None:
    """Dimension mappings come along; what HotGlue remembers of records does not."""
    if folder is None:
        return
    if not folder.is_dir():
        taken.left["snapshot_dir"] = f"{folder} is not there, so no {MAPPINGS} was looked for"
        return
    if (folder / MAPPINGS).exists():
        load_dimension_mappings(folder)  # refused here rather than by the first run
        target = draft.work / "snapshot"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / MAPPINGS, target / MAPPINGS)
    others = sorted(each.name for each in folder.iterdir() if each.name != MAPPINGS)
    if others:
        shown = ", ".join(others[:5]) + (" and others" if len(others) > 5 else "")
        taken.left["snapshots"] = (
            f"{len(others)} files of {folder} ({shown}): the first sync finds what was sent before "
            "in Optiply itself, by its remote id, and takes it over"
        )
