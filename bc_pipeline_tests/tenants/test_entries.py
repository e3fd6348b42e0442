"""An entry written into tenants.yaml leaves everything else as it is."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
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


@pytest.mark.parametrize("text", ["? q", "x\u0085y", "a\u2028b", "\ufeffa", "x\ty", "-", "=", "<<"])
def test_given_a_text_that_yaml_has_a_meaning_for_then_it_is_read_as_it_was_meant(
    tmp_path: Path, text: str
):
    change = {("sync", "locations"): [text], ("business_central", "company"): text}

    tenants = said(tmp_path, changed(FILE, "new", change))["tenants"]

    assert tenants["new"] == {  # type: ignore[index]
        "sync": {"locations": [text]},
        "business_central": {"company": text},
    }


def test_given_marks_of_a_document_then_they_stay():
    marked = f"---\n{FILE}...\n"

    after = changed(marked, "acme", {("business_central", "client_id"): "020"})

    assert after == marked.replace("client_id: 010", "client_id: 020")


@pytest.mark.parametrize("mark", [b"", BOM_UTF8])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_given_a_file_from_another_system_then_its_line_ends_and_its_mark_stay(
    tmp_path: Path, mark: bytes, ends: bytes
):
    path = tmp_path / "tenants.yaml"
    before = mark + FILE.encode().replace(b"\n", ends)
    path.write_bytes(before)

    write(path, "acme", {("business_central", "client_id"): "020"}, lambda trial: None)

    assert path.read_bytes() == before.replace(b"client_id: 010", b"client_id: 020")


@pytest.mark.parametrize(
    "text",
    [
        "defaults:\n  optiply: &a {client_id: x}\ntenants:\n  acme:\n    optiply: *a\n",
        "tenants:\n  base: &b {optiply: {client_id: x}}\n  acme:\n    <<: *b\n",
        "tenants:\n  base: &b\n    optiply: {client_id: x}\n  acme: *b\n",
    ],
)
def test_given_an_alias_to_what_others_use_then_nothing_is_changed(tmp_path: Path, text: str):
    path = tmp_path / "tenants.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError, match="Write the entry by hand"):
        write(path, "acme", {("optiply", "username"): "api"}, lambda trial: None)
    assert path.read_text() == text


def test_given_a_disk_without_modes_or_a_lost_directory_entry_then_what_is_written_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "tenants.yaml"
    path.write_text(FILE, "utf-8")

    def refuse(*given: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    monkeypatch.setattr("bc_pipeline.tenants.files._sync_directory", refuse)

    write(path, "new", NEW, lambda trial: None)

    assert "new:" in path.read_text("utf-8")


@pytest.mark.skipif(not hasattr(os, "chown"), reason="files have no owner here")
def test_given_somebody_elses_file_then_it_stays_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "tenants.yaml"
    path.write_text(FILE, "utf-8")
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((user, group)))

    write(path, "new", NEW, lambda trial: None)

    owner = path.stat()
    assert given == [(owner.st_uid, owner.st_gid)]
