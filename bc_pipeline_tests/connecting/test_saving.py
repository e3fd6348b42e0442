"""What connecting has found out is written as a whole, or not at all, and next to others."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from filelock import FileLock
from pydantic import SecretStr

from bc_pipeline.connecting import saving
from bc_pipeline.connecting.draft import Draft, begin
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import registry

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
