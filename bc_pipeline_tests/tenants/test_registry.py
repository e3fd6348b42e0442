"""The registry reads tenants.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.registry import load
from bc_pipeline.tenants.retention_settings import RetentionSettings

BUSINESS_CENTRAL = (
    "{environment_name: Production, company: CRONUS, client_id: bc-app, client_secret: bc-secret}"
)
OPTIPLY = (
    "{client_id: op-app, client_secret: op-secret, username: user, password: op-password, "
    "account_id: 1, coupling_id: 2}"
)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))

    def write_file(text: str) -> Path:
        path = tmp_path / "tenants.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write_file


def tenant(name: str, extra: str = "") -> str:
    """A tenant with a company and an account of its own."""
    company = BUSINESS_CENTRAL.replace("CRONUS", f"CRONUS {name.replace('/', ' ')}")
    account = OPTIPLY.replace("account_id: 1", f"account_id: {sum(map(ord, name))}")
    return f"  {name}:\n    business_central: {company}\n    optiply: {account}\n" + "".join(
        f"    {line}\n" for line in extra.splitlines()
    )


def test_given_no_file_then_there_are_no_tenants_and_the_registry_says_what_to_do(
    write, tmp_path: Path
):
    found = load()

    assert found.names() == []
    assert str(tmp_path / "tenants.yaml") in found.how_to_add()


@pytest.mark.parametrize("text", ["", "tenants:\n", "tenants: {}\n", "defaults:\n"])
def test_given_an_empty_file_then_there_are_no_tenants(write, text: str):
    write(text)

    assert load().names() == []


def test_given_a_tenant_then_paths_are_absolute_below_home(write, tmp_path: Path):
    write("tenants:\n" + tenant("acme"))

    acme = load().get("acme")

    assert acme.name == "acme"
    assert acme.home == tmp_path
    assert acme.snapshot_dir == tmp_path / "snapshots" / "acme"


def test_given_bc_pipeline_tenants_then_that_file_is_read(write, tmp_path: Path, monkeypatch):
    other = tmp_path / "elsewhere.yaml"
    other.write_text("tenants:\n" + tenant("acme"))
    monkeypatch.setenv("BC_PIPELINE_TENANTS", str(other))

    found = load()

    assert list(found.tenants) == ["acme"]
    assert found.path == other


def test_given_defaults_then_each_key_stands_in_for_the_tenants_missing_one(write):
    write(
        "defaults:\n"
        f"  business_central: {BUSINESS_CENTRAL}\n"
        f"  optiply: {OPTIPLY}\n"
        "  sync: {variant_mode: variant, deduct_sales_orders: false}\n"
        "tenants:\n"
        "  acme:\n"
        "    business_central: {company: My Company}\n"
        "    sync: {variant_mode: item}\n"
        "  globex:\n"
        "    optiply: {account_id: 2}\n"
    )

    found = load()

    assert found.get("acme").business_central.company == "My Company"
    assert found.get("acme").business_central.client_id == "bc-app"
    assert found.get("acme").sync.variant_mode == "item"
    assert found.get("acme").sync.deduct_sales_orders is False
    assert found.get("globex").sync.variant_mode == "variant"


def test_given_references_then_values_come_from_environment_and_stripped_file(
    write, tmp_path: Path, monkeypatch
):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "acme.refresh_token").write_text("\ufeff seed-token \n", "utf-8")
    monkeypatch.setenv("ACME_SECRET", "from-environment")
    monkeypatch.setenv("ACME_ACCOUNT", "77")
    write(
        """
        tenants:
          acme:
            business_central:
              environment_name: Production
              company: CRONUS
              client_id: bc-app
              client_secret: {env: ACME_SECRET}
              refresh_token: {file: secrets/acme.refresh_token}
            optiply:
              client_id: a
              client_secret: {env: ACME_SECRET}
              username: u
              password: {env: ACME_SECRET}
              account_id: {env: ACME_ACCOUNT}
              coupling_id: 2
        """
    )

    found = load()
    acme = found.get("acme")

    assert acme.business_central.client_secret.get_secret_value() == "from-environment"
    assert acme.business_central.refresh_token is not None
    assert acme.business_central.refresh_token.get_secret_value() == "seed-token"
    assert acme.optiply.account_id == 77
    assert found.warnings == ()


def test_given_literal_secrets_then_a_warning_names_each_key_and_no_value(write):
    write("tenants:\n" + tenant("acme"))

    warnings = load().warnings

    assert [warning.split(" ")[1] for warning in warnings] == [
        "tenants.acme.business_central.client_secret",
        "tenants.acme.optiply.client_secret",
        "tenants.acme.optiply.password",
    ]
    assert not any("-secret" in warning or "op-password" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("{env: NOT_SET_ANYWHERE}", "the environment variable NOT_SET_ANYWHERE is not set"),
        ("{file: secrets/none}", "secrets/none cannot be read"),
        ("{file: empty}", "empty is empty"),
    ],
)
def test_given_a_reference_to_nothing_then_the_error_names_tenant_key_and_target(
    write, tmp_path: Path, reference: str, complaint: str
):
    (tmp_path / "empty").write_text(" \n")
    path = write(
        f"tenants:\n  acme:\n    business_central: {BUSINESS_CENTRAL}\n"
        f"    optiply: {OPTIPLY.replace('op-password', reference)}\n"
    )

    with pytest.raises(ConfigError) as error:
        load().get("acme")

    assert str(path) in str(error.value)
    assert "tenants.acme.optiply.password" in str(error.value)
    assert complaint in str(error.value)


def test_given_one_broken_tenant_then_the_others_are_there_and_it_has_its_own_error(write):
    path = write(
        "tenants:\n" + tenant("good") + "  broken:\n    business_central: {company: x}\n"
        f"    optiply: {OPTIPLY}\n" + tenant("fine")
    )

    found = load()

    assert list(found.tenants) == ["good", "fine"]
    message = str(found.errors["broken"])
    assert f"{path}: tenants.broken.business_central.environment_name: missing" in message
    assert "business_central.client_secret: missing" in message
    with pytest.raises(ConfigError, match="environment_name"):
        found.get("broken")


@pytest.mark.covers("decision 36")
@pytest.mark.parametrize("section", ["business_central", "optiply"])
@pytest.mark.parametrize("key", ["api_url", "login_url"])
@pytest.mark.parametrize("url", ["http://api.example.com", "api.example.com"])
def test_given_an_address_that_is_not_encrypted_or_has_no_scheme_then_the_key_is_named(
    write, section: str, key: str, url: str
):
    write("tenants:\n" + tenant("acme").replace("client_id: ", f"{key}: {url}, client_id: "))

    message = str(load().errors["acme"])

    assert f"tenants.acme.{section}.{key}: " in message
    assert "https" in message


def test_given_a_misspelt_key_then_the_error_suggests_the_right_one(write):
    write("tenants:\n" + tenant("acme", "sync: {varient_mode: item}\nenabeld: true"))

    message = str(load().errors["acme"])

    assert "tenants.acme.sync.varient_mode: unknown key; did you mean variant_mode?" in message
    assert "tenants.acme.enabeld: unknown key; did you mean enabled?" in message


@given(value=st.text(alphabet="abcdefghjkmnpqrstuvwxyz", min_size=12, max_size=30))
def test_given_any_wrong_value_then_the_error_does_not_repeat_it(value: str):
    settings = {
        "business_central": {
            "environment_name": "Production",
            "company": "CRONUS",
            "client_id": "a",
            "client_secret": {value: value},
            "max_concurrent_requests": value,
        },
        "optiply": {"account_id": value, "coupling_id": [value], "password": {"a": value}},
        "sync": {"timezone": value, "variant_mode": value},
    }

    with pytest.raises(ConfigError) as error:
        registry._read_tenant(Path("tenants.yaml"), Path("/home"), "acme", settings, {})

    assert value not in str(error.value)
    assert "tenants.acme.sync.timezone" in str(error.value)


@pytest.mark.parametrize("key", ["Acme", "-acme", "a" * 64, "a/b"])
def test_given_a_key_that_is_no_partition_key_then_it_is_refused(write, key: str):
    write("tenants:\n" + tenant(key))

    assert load().tenants == {}
    assert "a tenant's key is 1 to 63" in str(load().errors[key])


def test_given_two_tenants_on_one_snapshot_dir_then_both_are_refused(write):
    write(
        "tenants:\n"
        + tenant("one", "snapshot_dir: snapshots/x")
        + tenant("two", "snapshot_dir: snapshots/y/../x")
        + tenant("three")
    )

    found = load()

    assert list(found.tenants) == ["three"]
    assert "one, two share one directory" in str(found.errors["two"])


def test_given_the_same_tenant_twice_then_the_file_is_refused(write):
    path = write("tenants:\n" + tenant("acme") + tenant("acme"))

    with pytest.raises(ConfigError, match="'acme' stands here twice") as error:
        load()
    assert f"{path}: not valid YAML at line 5, column 3" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "tenants:\n  acme:\n    password: 'top-secret\n",
        "tenants: [top-secret]\n",
        "tenant: {password: top-secret}\n",
        "tenants:\n\tacme: top-secret\n",
        "top-secret",
    ],
)
def test_given_a_file_that_cannot_be_read_then_the_error_names_it_and_shows_no_content(
    write, text: str
):
    path = write(text)

    with pytest.raises(ConfigError) as error:
        load()

    assert str(path) in str(error.value)
    assert "top-secret" not in str(error.value)


def test_given_an_unknown_tenant_then_the_error_suggests_a_known_one(write):
    write("tenants:\n" + tenant("acme"))

    with pytest.raises(ConfigError, match=r"no tenant 'acne'; did you mean acme?"):
        load().get("acne")


def test_given_a_disabled_tenant_then_it_is_known_but_not_worked_on(write):
    write("tenants:\n" + tenant("acme", "enabled: false") + tenant("globex"))

    found = load()

    assert found.names() == ["acme", "globex"]
    assert [each.name for each in found.enabled()] == ["globex"]


def test_given_retention_in_defaults_then_tenants_have_it_and_may_differ(write):
    write(
        "defaults:\n  retention: {runs: 10, failed_days: 7}\ntenants:\n"
        + tenant("acme")
        + tenant("globex", "retention: {runs: 3}")
    )

    found = load()

    assert isinstance(found.retention, RetentionSettings)
    assert (found.retention.runs, found.retention.history_days) == (10, 90)
    assert found.get("acme").retention.runs == 10
    assert found.get("globex").retention.runs == 3
    assert found.get("globex").retention.failed_days == 7


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{rusn: 3}", r"defaults.retention.rusn: unknown key; did you mean runs\? \(line 2"),
        ("{runs: 0}", "greater than or equal to 1"),
        ("50", "must be a mapping"),
        ("{runs: {env: NOT_SET_ANYWHERE}}", "NOT_SET_ANYWHERE is not set"),
    ],
)
def test_given_wrong_retention_in_defaults_then_it_says_so(write, text: str, complaint: str):
    write(f"defaults:\n  retention: {text}\n")

    found = load().retention

    assert isinstance(found, ConfigError)
    assert re.search(complaint, str(found))
