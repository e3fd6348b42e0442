"""tenant-config.json gives the dimension mapping (target_behaviour.md 1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.tenant_config import load_dimension_mappings

DEFAULT = {"class": "CLASS", "department": "DEPARTMENT"}


def write(directory: Path, text: str) -> None:
    (directory / "tenant-config.json").write_text(text, encoding="utf-8")


def test_given_no_file_then_the_default_mapping_holds(tmp_path: Path):
    found = load_dimension_mappings(tmp_path)

    assert found.codes == DEFAULT
    assert found.is_default


@pytest.mark.parametrize("text", ["{}", '{"another-connector": {"x": 1}}', "\ufeff{}"])
def test_given_a_file_without_our_section_then_the_default_mapping_holds(tmp_path: Path, text: str):
    write(tmp_path, text)

    found = load_dimension_mappings(tmp_path)

    assert found.codes == DEFAULT
    assert found.is_default


def test_given_our_section_without_mappings_then_the_mapping_is_empty(tmp_path: Path):
    write(tmp_path, '{"dynamics-bc": {}}')

    found = load_dimension_mappings(tmp_path)

    assert found.codes == {}
    assert not found.is_default


def test_given_mappings_then_exactly_they_hold(tmp_path: Path):
    write(tmp_path, '{"dynamics-bc": {"dimension_mappings": {"project": "PROJEKT"}}}')

    found = load_dimension_mappings(tmp_path)

    assert found.codes == {"project": "PROJEKT"}
    assert not found.is_default


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"dynamics-bc": null}', "dynamics-bc: must be an object, not null"),
        ('{"dynamics-bc": []}', "dynamics-bc: must be an object, not a list"),
        (
            '{"dynamics-bc": {"dimension_mappings": null}}',
            "dynamics-bc.dimension_mappings: must be an object, not null",
        ),
        (
            '{"dynamics-bc": {"dimension_mapping": {}}}',
            "dynamics-bc.dimension_mapping: unknown key",
        ),
        (
            '{"dynamics-bc": {"dimension_mappings": {"class": 5}}}',
            "dynamics-bc.dimension_mappings.class: must be a dimension code, not a number",
        ),
        (
            '{"dynamics-bc": {"dimension_mappings": {"class": true}}}',
            "must be a dimension code, not true or false",
        ),
        (
            '{"dynamics-bc": {"dimension_mappings": {"class": " "}}}',
            "dynamics-bc.dimension_mappings.class: the dimension code is empty",
        ),
        (
            '{"dynamics-bc": {"dimension_mappings": {"": "CLASS"}}}',
            "the record field prefix is empty",
        ),
        (
            '{"dynamics-bc": {"dimension_mappings": {"class": "A", "class": "B"}}}',
            "class: the key stands there twice",
        ),
        ('{"dynamics_bc": {}}', "dynamics_bc: unknown key"),
        ('{"dimension_mappings": {}}', "dimension_mappings: unknown key"),
        ("{", "not valid JSON at line 1, column 2"),
        ("[]", "must be a JSON object"),
    ],
)
def test_given_a_file_that_cannot_be_meant_then_the_error_names_file_and_key(
    tmp_path: Path, text: str, complaint: str
):
    write(tmp_path, text)

    with pytest.raises(ConfigError) as error:
        load_dimension_mappings(tmp_path)

    assert str(tmp_path / "tenant-config.json") in str(error.value)
    assert complaint in str(error.value)
