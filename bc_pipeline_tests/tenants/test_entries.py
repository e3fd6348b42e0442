"""An entry written into tenants.yaml leaves everything else as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.document import read
from bc_pipeline.tenants.entries import changed, write

FILE = """\
# Ours. Ask Eva before you change it.
defaults:   # for all
  business_central: {environment_name: Production}

tenants:
  acme:            # the first one
    enabled: no    # until Monday
    business_central:
      company: 'CRONUS NL'           # its name
      client_id: 010
      client_secret: {env: ACME}
    exports:
      export_start: 2026-01-01T00:00:00Z
    sync:
      locations: [AMS, 1.10]
      buy_order_statuses:
      - Draft
      - Open

  # the second one
  beta: {sync: {timezone: Europe/Amsterdam, locations: [12:30, "~", NULL]}}
"""
NEW = {
    ("business_central", "company"): "no",
    ("business_central", "client_secret"): {"file": "secrets/new.client_secret"},
    ("sync", "locations"): ["", "010", "A: B"],
    ("optiply", "username"): "x # y",
    ("enabled",): "false",
}


def said(tmp_path: Path, text: str) -> dict[str, object]:
    """What the registry reads of a file."""
    path = tmp_path / "read.yaml"
    path.write_text(text, "utf-8")
    return read(path)[0]


def test_given_comments_and_odd_values_when_an_entry_is_added_then_only_lines_are_added():
    after = changed(FILE, "new", NEW)

    assert after.startswith(FILE)


def test_given_an_entry_then_the_registry_reads_the_texts_that_were_meant(tmp_path: Path):
    entry = said(tmp_path, changed(FILE, "new", NEW))["tenants"]["new"]  # type: ignore[index]

    assert entry == {
        "business_central": {
            "company": "no",
            "client_secret": {"file": "secrets/new.client_secret"},
        },
        "sync": {"locations": ["", "010", "A: B"]},
        "optiply": {"username": "x # y"},
        "enabled": "false",
    }


def test_given_an_entry_that_is_there_then_only_the_lines_of_its_keys_change():
    after = changed(FILE, "acme", {("business_central", "client_id"): "020"})

    assert after == FILE.replace("client_id: 010", "client_id: 020")


def test_given_a_key_that_is_taken_away_then_its_line_is_gone():
    after = changed(FILE, "acme", {("business_central", "client_id"): None})

    assert after == FILE.replace("      client_id: 010\n", "")


@pytest.mark.parametrize("text", ["", "tenants:\n", "tenants: {}\n", "# nothing yet\n"])
def test_given_a_file_without_tenants_then_the_entry_is_the_first(tmp_path: Path, text: str):
    after = changed(text, "new", {("optiply", "account_id"): "7"})

    assert said(tmp_path, after) == {"tenants": {"new": {"optiply": {"account_id": "7"}}}}


@pytest.mark.parametrize("text", ["tenants: [a]\n", "- a\n", "tenants:\n  new: x\n", "a: [\n"])
def test_given_no_place_for_an_entry_then_it_is_refused(text: str):
    with pytest.raises(ConfigError):
        changed(text, "new", NEW)


def test_given_a_check_that_refuses_then_the_file_is_as_it_was(tmp_path: Path):
    path = tmp_path / "tenants.yaml"
    path.write_text(FILE, "utf-8")

    def refuse(trial: Path) -> None:
        assert "new:" in trial.read_text("utf-8")
        raise ConfigError("no")

    with pytest.raises(ConfigError):
        write(path, "new", NEW, refuse)
    assert path.read_text("utf-8") == FILE
    assert [each.name for each in tmp_path.iterdir() if "trial" in each.name] == []


def test_given_a_link_and_a_mode_then_both_stay(tmp_path: Path):
    real = tmp_path / "real.yaml"
    real.write_text(FILE, "utf-8")
    real.chmod(0o640)
    link = tmp_path / "tenants.yaml"
    link.symlink_to(real)

    write(link, "new", NEW, lambda trial: None)

    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "new:" in real.read_text("utf-8")
