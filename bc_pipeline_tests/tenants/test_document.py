"""tenants.yaml is read as written, and its errors say where (decisions 15, 32)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent, indent
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

FILE = """defaults:
  business_central:
    environment_name: Production
    company: CRONUS
    client_id: app
    client_secret: s
    read_timeout_seconds: soon
tenants:
  good:
    business_central:
      read_timeout_seconds: 5
    optiply: &account
      client_id: a
      client_secret: b
      username: u
      password: p
      account_id: 1
      coupling_id: 2
  broken:
    enabled: true
    business_central: {read_timeout_seconds: 5, company: Other}
    optiply:
      <<: *account
      account_id: two
    sync:
      varient_mode: item
      locations: [AMS]
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)

    def read(text: str) -> str:
        (tmp_path / "tenants.yaml").write_text(text)
        found = load(tmp_path)
        assert list(found.tenants) == ["good"]
        return str(found.errors["broken"])

    return read


@pytest.mark.covers("decision 32")
def test_given_a_broken_tenant_then_each_error_names_key_and_line_and_the_others_go_on(
    broken,
) -> None:
    told = broken(FILE)

    assert "tenants.broken.optiply.account_id: must be a whole number" in told
    assert "(line 24)" in told
    assert (
        "tenants.broken.sync.varient_mode: unknown key; did you mean variant_mode? (line 26)"
    ) in told


@pytest.mark.covers("decision 32")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[AMS]", "{env: NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE is not set (line 27)"),
        ("      <<: *account\n", "", "optiply.client_id: missing (line 22)"),
        ("{read_timeout_seconds: 5, ", "{", "read_timeout_seconds: Input should be a valid number"),
        ("{read_timeout_seconds: 5, ", "{", "(line 7, in defaults)"),
        ("    enabled: true\n", "    enabled: true\n    name: x\n", "name: unknown key (line 21)"),
        ("    enabled: true\n", "    snapshot: x\n", "snapshot: unknown key"),
    ],
)
def test_given_other_mistakes_then_they_name_their_line_too(
    broken, old: str, new: str, told: str
) -> None:
    assert told in broken(FILE.replace(old, new))


@pytest.mark.covers("decision 32")
def test_given_a_shared_account_then_the_error_names_the_line(tmp_path: Path) -> None:
    text = FILE.replace("account_id: two", "account_id: 1").partition("    sync:")[0]
    (tmp_path / "tenants.yaml").write_text(text)

    found = load(tmp_path, tmp_path / "tenants.yaml")

    assert "(line 17)" in str(found.errors["good"])
    assert "(line 24)" in str(found.errors["broken"])


@pytest.mark.covers("decision 32")
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("tenants:\n  acme:\n    optiply:\n      password: 'top-secret\n", "optiply.password"),
        ("tenants:\n  acme:\n    password: *top-secret\n", "line 3, column 15, near tenants.acme"),
        ("tenants:\n  acme:\n    password: !top-secret x\n", "near tenants.acme.password"),
        ("tenants:\n  acme:\n    password: @top-secret\n", "near tenants.acme.password"),
        ("tenants:\n  acme:\n\tpassword: top-secret\n", "line 3, column 1"),
        ("tenants:\n  acme: {password: top-secret\n  globex: {}\n", "expected ',' or '}', but got"),
        ("tenants:\n  acme:\n    a: top-secret\n   b: 1\n", "line 4"),
        ("tenants:\n  acme:\n    password: top: secret\n", "near tenants.acme.password"),
        ("tenants:\n  acme:\n    password: top-secret\0\n", "line 3: it holds a character"),
    ],
)
def test_given_a_file_that_is_no_yaml_then_the_error_names_line_and_key_and_no_value(
    tmp_path: Path, text: str, where: str
) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError) as error:
        load(tmp_path, path)

    told = str(error.value)
    assert f"{path}: not valid YAML at line" in told
    assert where in told
    assert "secret" not in told


@pytest.mark.covers("decision 32")
def test_given_an_unknown_section_then_the_error_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(dedent("# ours\n\ntenant:\n  acme: {}\n"))

    with pytest.raises(ConfigError, match=r"tenant: unknown key.*\(line 3\)"):
        load(tmp_path, path)


def test_given_what_safe_dump_writes_then_it_is_read_back(tmp_path: Path) -> None:
    written = {"words": list(WORDS), "empty": "", "special": "a: b #c"}
    path = tmp_path / "tenants.yaml"
    path.write_text(yaml.safe_dump(written))

    values, _ = document.read(path)

    assert values == written


@pytest.mark.covers("decision 32")
@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("enabled: true", "enabled: nee", "must be true or false"),
        ("locations: [AMS]", "locations: AMS", "must be a list, such as [A, B]"),
        ("locations: [AMS]", "vat_percent_by_tax_group: {HIGH: twenty}", "must be a number"),
    ],
)
def test_given_a_value_of_another_kind_then_the_words_are_those_of_the_file(
    broken, right: str, wrong: str, words: str
) -> None:
    told = broken(FILE.replace(right, wrong))
    assert words in told
    assert "Input should be" not in told


@pytest.mark.covers("decision 32")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "    business",
            "\tbusiness",
            "line 10, column 1, near tenants.good: the line begins with a tab. Indent with spaces",
        ),
        ("    optiply", "   optiply", "Keys that belong together begin in the same column"),
        (
            "client_id: a\n",
            "client_id: a\n      client_id: b\n",
            "stands here twice. Keep one of them",
        ),
        ("client_id: a\n", "client_id: @a\n", "A value with special characters needs quotes"),
    ],
)
def test_given_a_file_yaml_cannot_read_then_the_advice_fits_the_mistake(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    (tmp_path / "tenants.yaml").write_text(FILE.replace(old, new))

    with pytest.raises(ConfigError) as error:
        load(tmp_path, tmp_path / "tenants.yaml")

    assert told in str(error.value)


@pytest.mark.covers("decision 32")
def test_given_a_file_in_another_encoding_then_the_error_says_how_to_save_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "tenants.yaml").write_bytes("tenants: {}  # Café".encode("latin-1"))

    with pytest.raises(ConfigError, match="is not UTF-8; save it as UTF-8"):
        load(tmp_path, tmp_path / "tenants.yaml")


@pytest.mark.parametrize("quick", [document._QuickLoader, document._Loader])
def test_both_ways_of_loading_a_file_read_the_same(quick):
    text = dedent(
        """
        defaults: {business_central: &bc {environment_name: Production, company: "010"}}
        tenants:
          acme:
            business_central:
              <<: *bc
              client_id: 0123
              client_secret: 'it''s'
            enabled: no
            sync: {timezone: ~, locations: [NO, 12:30, 1.10, null]}
            note: |
              two
              lines
        """
    )

    node, document_read = document._read_by(quick, text)

    assert document_read == {
        "defaults": {"business_central": {"environment_name": "Production", "company": "010"}},
        "tenants": {
            "acme": {
                "business_central": {
                    "environment_name": "Production",
                    "company": "010",
                    "client_id": "0123",
                    "client_secret": "it's",
                },
                "enabled": "no",
                "sync": {"timezone": "~", "locations": ["NO", "12:30", "1.10", "null"]},
                "note": "two\nlines\n",
            }
        },
    }
    assert isinstance(document_read["tenants"]["acme"]["sync"]["timezone"], document.Nothing)
    lines: dict[document.Keys, int] = {}
    assert node is not None
    document._note_lines(node, (), lines)
    assert lines["tenants", "acme", "sync", "locations"] == 10
