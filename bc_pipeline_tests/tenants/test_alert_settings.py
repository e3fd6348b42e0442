"""Who is told: addresses that are safe, and that no error quotes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bc_pipeline.tenants import registry
from bc_pipeline_tests.alerts.receiver import SECRET
from bc_pipeline_tests.orchestration.conftest import write_tenants

HOOK = {"url": "https://hooks.example.com/s3cr3t-path", "secret": SECRET}


def with_alerts(home: Path, *alerts: dict[str, Any]) -> registry.Registry:
    write_tenants(home, acme={"alerts": list(alerts)})
    return registry.load(home, home / "tenants.yaml")


def test_a_webhook_and_an_address_of_apprise(tmp_path: Path):
    found = with_alerts(tmp_path, HOOK, {"url": "slack://a/b/c", "on": ["blocked", "digest"]})

    hook, slack = found.get("acme").alerts
    assert (hook.is_webhook, slack.is_webhook) == (True, False)
    assert hook.wants("slow")
    assert slack.wants("blocked")
    assert not slack.wants("failed")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ({"url": "http://hooks.example.com/s3cr3t", "secret": SECRET}, "url is not encrypted"),
        ({"url": "json://hooks.example.com/s3cr3t"}, "url is not encrypted: write jsons://"),
        ({"url": "https://hooks.example.com/s3cr3t"}, "secret is missing"),
        ({"url": "hooks.example.com/s3cr3t"}, "url has no scheme"),
        ({"url": "https:///s3cr3t", "secret": SECRET}, "url names no host"),
        ({"url": "slack://s3cr3t/b/c", "secret": SECRET}, "secret is for webhooks"),
        ({**HOOK, "secret": "whsec_s3cr3t!"}, "is no secret of a webhook"),
        ({**HOOK, "secret": "whsec_"}, "is no secret of a webhook"),
        ({**HOOK, "on": ["everything"]}, "'failed'"),
        ({**HOOK, "digest_hour": 24}, "less than or equal to 23"),
        ({**HOOK, "urls": "https://s3cr3t"}, "unknown key"),
    ],
)
def test_one_that_cannot_work_is_a_mistake_that_is_told_without_it(
    tmp_path: Path, address: dict[str, Any], problem: str
):
    error = str(with_alerts(tmp_path, address).errors["acme"])

    assert problem in error
    assert "alerts" in error
    assert "s3cr3t" not in error


def test_written_as_it_is_it_works_with_a_warning_and_by_reference_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOOK_URL", HOOK["url"])
    (tmp_path / "hook.secret").write_text(SECRET)
    by_reference = {"url": {"env": "HOOK_URL"}, "secret": {"file": "hook.secret"}}

    literal, referred = with_alerts(tmp_path, HOOK), with_alerts(tmp_path, by_reference)

    assert [text.split()[1] for text in literal.warnings if "alerts" in text] == [
        "tenants.acme.alerts.0.url",
        "tenants.acme.alerts.0.secret",
    ]
    assert not [text for text in referred.warnings if "alerts" in text]
    assert referred.get("acme").alerts == literal.get("acme").alerts


def test_given_wrong_settings_then_it_is_still_known_who_is_told(tmp_path: Path):
    write_tenants(tmp_path, acme={"sync": {"typo": 1}, "alerts": [HOOK]}, globex={"nonsense": 1})
    document = yaml.safe_load((tmp_path / "tenants.yaml").read_text())
    document["defaults"] = {"alerts": [{"url": "slack://a/b/c"}]}
    (tmp_path / "tenants.yaml").write_text(yaml.safe_dump(document))

    found = registry.load(tmp_path, tmp_path / "tenants.yaml")

    assert set(found.errors) == {"acme", "globex"}
    assert [each.scheme for each in found.told_of["acme"]] == ["https"]
    assert [each.scheme for each in found.told_of["globex"]] == ["slack"]
    assert [each.scheme for each in found.common_alerts] == ["slack"]
