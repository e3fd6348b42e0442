"""The lock between machines, as far as it goes without a PostgreSQL; with one:
``machines/test_machines.py``."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bc_pipeline.errors import ConfigError
from bc_pipeline.snapshot.lock import tenant_lock
from bc_pipeline.snapshot.shared_lock import DATABASE_VARIABLE, ID_FILE, lock_key

PASSWORD = "s3cr3t-of-postgres"


def test_given_another_mount_point_then_the_key_is_the_same_and_another_tenants_is_not(
    tmp_path: Path,
):
    volume = tmp_path / "volume"
    (volume / "acme").mkdir(parents=True)
    (volume / "globex").mkdir()
    (tmp_path / "mounted").symlink_to(volume, target_is_directory=True)

    assert lock_key(volume / "acme") == lock_key(tmp_path / "mounted" / "acme")
    assert lock_key(volume / "acme") != lock_key(volume / "globex")
    assert -(2**63) <= lock_key(volume / "acme") < 2**63


def test_given_many_first_runs_at_once_then_they_agree_on_one_key(tmp_path: Path):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lock_key, [tmp_path] * 64))

    assert len(keys) == 1
    assert [each.name for each in tmp_path.iterdir()] == [ID_FILE]


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://bc:{PASSWORD}@db/dagster",
        f"postgresql+psycopg://bc:{PASSWORD}@db/dagster",
        f"db bc {PASSWORD}",
    ],
)
def test_given_another_scheme_then_it_says_how_to_write_it_and_keeps_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
):
    monkeypatch.setenv(DATABASE_VARIABLE, url)

    told = pytest.raises(ConfigError, match=r"postgresql\+psycopg2://user")
    with told as error, tenant_lock(tmp_path):
        pass

    assert PASSWORD not in str(error.value)
    monkeypatch.delenv(DATABASE_VARIABLE)
    with tenant_lock(tmp_path):  # and the lock on the file is free again
        pass


def test_given_no_database_then_nothing_of_it_is_imported_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    script = (
        "import sys; from pathlib import Path; from bc_pipeline.snapshot.lock import tenant_lock\n"
        "with tenant_lock(Path(sys.argv[1])): print([m for m in sys.modules if 'psycopg' in m])"
    )

    done = subprocess.run([sys.executable, "-c", script, f"{tmp_path}"], capture_output=True)

    assert done.stdout.strip() == b"[]", done.stderr
    assert not (tmp_path / ID_FILE).exists()
