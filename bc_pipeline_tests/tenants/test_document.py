"""tenants.yaml is read as written, and its errors say where (decisions 15, 32)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import document
from bc_pipeline.tenants.registry import load
from bc_pipeline.tenants.settings import Tenant

SETTINGS = """
business_central:
  environment_name: Production
  company: {company}
  client_id: {client_id}
  client_secret: {client_secret}
  item_page_name: {item_page_name}
optiply:
  client_id: a
  client_secret: b
  username: {username}
  password: {password}
  account_id: {account_id}
  coupling_id: 2
sync: {sync}
exports: {exports}
"""
SOUND = {
    "company": "CRONUS",
    "client_id": "app",
    "client_secret": "s",
    "item_page_name": "null",
    "username": "user",
    "password": "p",
    "account_id": "1",
    "sync": "{}",
    "exports": "{}",
}


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)

    def read(**written: str) -> Tenant:
        text = SETTINGS.format(**{**SOUND, **written})
        (tmp_path / "tenants.yaml").write_text(f"tenants:\n  acme:\n{indent(text, '    ')}")
        return load(tmp_path).get("acme")

    return read


WORDS = (
    *("0123", "0020457", "1_000", "12:30", "1.10", "1e3", "0x1F", "0b11", "010", "+31", "-0", ".5"),
    *("1.", "no", "NO", "yes", "on", "off", "y", "n", "true", "False"),
    *("2026-01-31", "2026-01-31 12:00:00", ".inf", ".NaN", "=", "190:20:30", "0o17"),
)


@pytest.mark.covers("decision 15")
@pytest.mark.parametrize("word", WORDS)
def test_given_a_word_without_quotes_then_a_text_is_that_word(tenant, word: str) -> None:
    found = tenant(
        client_id=word,
        password=word,
        company=word,
        username=word,
        sync=f"{{locations: [{word}, AMS], quantity_scale: {{{word}: 1000}}}}",
        exports=f"{{buy_order_dimensions: {{{word}: {word}}}}}",
    )

    assert found.business_central.client_id == word
    assert found.business_central.company == word
    assert found.optiply.username == word
    assert found.optiply.password.get_secret_value() == word
    assert found.sync.locations == (word, "AMS")
    assert found.sync.quantity_scale == {word: 1000}
    assert found.exports.buy_order_dimensions == {word: word}


@pytest.mark.covers("decision 15")
@given(word=st.from_regex(r"[0-9a-zA-Z_.][0-9a-zA-Z_.:+-]{0,10}[0-9a-zA-Z]", fullmatch=True))
def test_given_any_word_without_quotes_then_it_is_read_as_written(
    word: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "words.yaml"
    path.write_text(f"key: {word}\nlist: [{word}]\n{word}: 1\n")

    values, _ = document.read(path)

    assert values["key"] == values["list"][0] == word
    assert values[word] == "1"


@pytest.mark.covers("decision 15")
@pytest.mark.parametrize("word", ["null", "~", "Null", ""])
def test_given_nothing_where_nothing_is_known_then_it_is_nothing(tenant, word: str) -> None:
    assert tenant(item_page_name=word).business_central.item_page_name is None
    assert tenant(sync=word, exports=word).sync.locations == ()


@pytest.mark.covers("decision 15")
def test_given_quotes_then_nothing_is_a_text_too(tenant) -> None:
    assert tenant(item_page_name='"null"').business_central.item_page_name == "null"


@pytest.mark.covers("decision 15")
@pytest.mark.parametrize("word", ["null", "NULL", "Null", "~"])
def test_given_a_word_for_nothing_then_it_is_a_text_only_in_lists_and_as_a_key(
    tenant, word: str
) -> None:
    found = tenant(sync=f"{{locations: [{word}], quantity_scale: {{{word}: 1000}}}}")

    assert found.sync.locations == (word,)
    assert found.sync.quantity_scale == {word: 1000}
    with pytest.raises(ConfigError, match=r"tenants\.acme\.business_central\.company"):
        tenant(company=word)


@pytest.mark.covers("decision 15")
def test_given_an_empty_required_value_then_it_is_an_error(tenant) -> None:
    with pytest.raises(ConfigError, match=r"tenants\.acme\.optiply\.password"):
        tenant(password="")
    with pytest.raises(ConfigError, match=r"tenants\.acme\.sync\.locations"):
        tenant(sync="{locations: [AMS, !!null '']}")


@pytest.mark.covers("decision 15")
@pytest.mark.parametrize(
    ("sync", "field", "value"),
    [
        ("read_overlap_seconds: 900", "read_overlap_seconds", 900),
        ("read_overlap_seconds: 1_000", "read_overlap_seconds", 1000),
        ("deduct_sales_orders: no", "deduct_sales_orders", False),
        ("deduct_sales_orders: off", "deduct_sales_orders", False),
        ("pull_all_orders: Yes", "pull_all_orders", True),
        ("completed_only: false", "pull_all_orders", True),
        ("completed_only: on", "pull_all_orders", False),
        (
            "vat_percent_by_tax_group: {010: 21, LAAG: 9.0}",
            "vat_percent_by_tax_group",
            {"010": Decimal(21), "LAAG": Decimal("9.0")},
        ),
    ],
)
def test_given_numbers_and_yes_or_no_where_they_are_wanted_then_they_are_understood(
    tenant, sync: str, field: str, value: Any
) -> None:
    assert getattr(tenant(sync=f"{{{sync}}}").sync, field) == value


@pytest.mark.covers("decision 15")
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31 13:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("null", None),
    ],
)
def test_given_a_date_then_it_is_that_date(tenant, written: str, value: Any) -> None:
    assert tenant(exports=f"{{export_start: {written}}}").exports.export_start == value


@pytest.mark.parametrize("written", ["20260131", "1769817600"])
def test_given_a_number_as_a_date_then_it_is_refused(tenant, written: str) -> None:
    with pytest.raises(ConfigError, match="a date such as 2026-01-31"):
        tenant(exports=f"{{export_start: {written}}}")


@pytest.mark.covers("decision 39")
@pytest.mark.parametrize("key", ["quantity_scale", "vat_percent_by_tax_group"])
def test_given_one_code_in_two_cases_then_it_is_refused_with_its_key(tenant, key: str) -> None:
    """Each item would count as several: its row is joined once for each of them."""
    with pytest.raises(ConfigError, match=rf"sync\.{key}: names 'KG' twice"):
        tenant(sync=f"{{{key}: {{KG: 1, kg: 2}}}}")


@pytest.mark.parametrize("word", ["maybe", "null", "21"])
def test_given_a_word_that_is_no_yes_or_no_then_the_error_does_not_repeat_it(tenant, word) -> None:
    with pytest.raises(ConfigError, match="completed_only should be true or false") as error:
        tenant(sync=f"{{completed_only: {word}}}")
    assert "input_value" not in str(error.value)


@pytest.mark.covers("decision 15")
@pytest.mark.parametrize("key", ["010", "12", "1_000", "no", "null"])
def test_given_a_tenant_called_like_a_number_then_that_is_its_name(
    tmp_path: Path, key: str
) -> None:
    text = SETTINGS.format(**SOUND)
    (tmp_path / "tenants.yaml").write_text(f"tenants:\n  {key}:\n{indent(text, '    ')}")

    assert load(tmp_path, tmp_path / "tenants.yaml").names() == [key]


def test_given_anchors_and_merge_keys_then_they_work_as_before(tmp_path: Path) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text("defaults: &all {a: 010, b: no}\ntenants: {acme: {<<: *all, b: 1}}\n")

    values, _ = document.read(path)

    assert values["tenants"] == {"acme": {"a": "010", "b": "1"}}


# --- where an error is ---------------------------------------------------------------------------


def test_given_what_safe_dump_writes_then_it_is_read_back(tmp_path: Path) -> None:
    written = {"words": list(WORDS), "empty": "", "special": "a: b #c"}
    path = tmp_path / "tenants.yaml"
    path.write_text(yaml.safe_dump(written))

    values, _ = document.read(path)

    assert values == written
