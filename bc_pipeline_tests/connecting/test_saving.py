"""What connecting has found out is written as a whole, or not at all, and next to others."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from pydantic import SecretStr

from bc_pipeline.connecting import saving
from bc_pipeline.connecting.draft import Draft, begin
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import entries, registry, undo

TENANT = """\
    enabled: false
    business_central:
      environment_name: Production
      company: {name}
      client_id: app
      client_secret: {{file: secrets/{secret}}}
    optiply: {{client_id: c, client_secret: s, username: u, password: p, account_id: {id},
      coupling_id: {id}}}
"""
BETA = TENANT.format(name="Beta", secret="beta.client_secret", id=2)
SHARES = TENANT.format(name="Beta", secret="acme.client_secret", id=2)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
    (tmp_path / "secrets").mkdir()
    for name in ("acme", "beta"):
        (tmp_path / "secrets" / f"{name}.client_secret").write_text("hush")
    return tmp_path


def new(home: Path) -> Draft:
    draft = begin("acme", home / "work")
    draft.put("false", "enabled")
    draft.put(SecretStr("another"), "business_central", "client_secret")
    return draft


def test_given_another_tenant_that_is_written_at_the_same_time_then_both_are_there(home: Path):
    file = home / "tenants.yaml"
    file.write_text("tenants:\n")
    draft, ends = new(home), list[object]()

    def save() -> None:
        try:
            ends.append(saving.save(draft, complete=False))
        except ConfigError as error:
            ends.append(error)

    with FileLock(home / ".tenants.yaml.lock"):
        thread = threading.Thread(target=save)
        thread.start()
        thread.join(0.3)
        file.write_text(f"tenants:\n  beta:\n{BETA}")
    thread.join(20)

    assert isinstance(ends[0], list), ends
    assert set(registry.load().names()) == {"acme", "beta"}


def test_given_a_secret_file_that_another_tenant_uses_then_it_keeps_its_secret(home: Path):
    (home / "tenants.yaml").write_text(f"tenants:\n  beta:\n{SHARES}")

    with pytest.raises(ConfigError, match=r"would change those of beta"):
        saving.save(new(home), complete=False)
    assert (home / "secrets" / "acme.client_secret").read_text() == "hush"
    assert registry.load().names() == ["beta"]


def killed_before_change(number: int, home: Path) -> bool:
    """Whether saving, in a process of its own, was killed right before it changed that file of all
    the files it changes; else it came to its end."""
    child = os.fork()
    if child == 0:
        seen = itertools.count()

        def fatal(change: Any) -> Any:
            def changed(*given: Any, **named: Any) -> Any:
                if next(seen) == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return change(*given, **named)

            return changed

        for name in ("replace", "unlink"):
            setattr(Path, name, fatal(getattr(Path, name)))
        draft = new(home)
        draft.put(SecretStr("new password"), "optiply", "password")
        draft.put("new user", "optiply", "username")
        saving.save(draft, complete=False)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_whenever_it_is_killed_the_next_one_finds_the_old_pair_or_the_new_one(home: Path):
    file, secrets = home / "tenants.yaml", home / "secrets"
    old = f"tenants:\n  acme:\n{SHARES.replace('p,', '{{file: secrets/acme.optiply_password}},')}"
    old = old.replace("{{", "{").replace("}}", "}")
    found = set[tuple[str, ...]]()
    number = 0
    while True:
        file.write_text(old)
        (secrets / "acme.client_secret").write_text("hush")
        (secrets / "acme.optiply_password").write_text("old password")
        if not killed_before_change(number, home):
            break
        warnings = registry.load().warnings
        said = any("connecting was ended halfway" in each for each in warnings)
        user = "new user" in file.read_text()
        pair = tuple(path.read_text() for path in sorted(secrets.glob("acme.*")))
        found.add((str(user), *pair))
        assert said == (not user and number > 0) or not said, number
        assert not (secrets / undo.NOTE).exists()
        number += 1

    assert number >= 4
    assert found == {
        ("False", "hush", "old password"),
        ("True", "another", "new password"),
    }


def test_given_somebody_is_connecting_then_a_reader_leaves_the_secrets_alone(home: Path):
    (home / "tenants.yaml").write_text(f"tenants:\n  beta:\n{BETA}")
    path = home / "secrets" / "acme.client_secret"

    with (
        entries.locked(home / "tenants.yaml"),
        undo.replaced(home, home / "tenants.yaml", {path: b"another"}),
    ):
        assert registry.load().names() == ["beta"]
        assert path.read_text() == "another"

    assert path.read_text() == "another"
