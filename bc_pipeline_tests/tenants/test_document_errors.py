"""Where an error of tenants.yaml is: its file, line and key (decision 32)."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import document
from bc_pipeline.tenants.registry import load

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
