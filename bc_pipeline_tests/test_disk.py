"""What people are told when a file cannot be written."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import duckdb
import pytest

from bc_pipeline import disk
from bc_pipeline.errors import CannotStore, RequestFailed
from bc_pipeline_tests.full_disk import no_file_beyond


@pytest.mark.parametrize(
    "number, words",
    [
        (errno.ENOSPC, ("the disk is full", "Make room")),
        (errno.EDQUOT, ("the quota is used up", "have the quota raised")),
        (errno.EROFS, ("the file system is read-only", "mounted for writing")),
        (errno.EFBIG, ("a file may not become any larger", "Raise the limit")),
        (errno.EACCES, ("may not write there", "chown")),
    ],
)
def test_it_says_what_happened_where_and_what_to_do(
    number: int, words: tuple[str, ...], tmp_path: Path
):
    file = tmp_path / "acme" / "snapshot.duckdb"
    for error in (
        OSError(number, os.strerror(number), str(file)),
        duckdb.IOException(f'IO Error: Could not write file "{file}": {os.strerror(number)}'),
    ):
        told = str(disk.cannot_store(error, Path("/elsewhere")))

        assert told.startswith(f"{file.parent} cannot be written: ")
        assert [each for each in words if each not in told] == []
        assert told.endswith(disk.GOES_ON)


def test_given_the_error_names_no_file_then_it_is_the_directory_it_was_meant_for(tmp_path: Path):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert str(disk.cannot_store(error, tmp_path)).startswith(f"{tmp_path} cannot be written")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        PermissionError(errno.EACCES, "a firewall"),
        FileNotFoundError(errno.ENOENT, "none", "/x"),
        RequestFailed("Optiply says: no space left on device"),
        duckdb.CatalogException("Table does not exist"),
    ],
)
def test_what_means_something_else_is_left_alone(error: Exception, tmp_path: Path):
    assert disk.cannot_store(error, tmp_path) is None


def test_what_caused_an_error_counts(tmp_path: Path):
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise ValueError("the rows") from error
    except ValueError as outer:
        assert isinstance(disk.cannot_store(outer, tmp_path), CannotStore)


def test_given_sqlite_says_next_to_nothing_then_it_is_tried(tmp_path: Path):
    vague = sqlite3.OperationalError("disk I/O error")

    assert disk.cannot_store(vague, tmp_path) is None
    with no_file_beyond(0):
        assert "cannot be written" in str(disk.cannot_store(vague, tmp_path))


def test_a_directory_is_tried_and_nothing_stays_behind(tmp_path: Path):
    assert disk.tried(tmp_path) is None
    with no_file_beyond(disk.TRIED_BYTES - 1):
        assert "may not become any larger" in str(disk.tried(tmp_path / "not" / "yet"))
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_is_told_before_it_is_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert disk.scarce(tmp_path) is None
    monkeypatch.setattr(disk, "SCARCE_BYTES", 1 << 60)

    assert "is nearly full: " in str(disk.scarce(tmp_path))
