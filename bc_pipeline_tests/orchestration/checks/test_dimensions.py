"""Dimensions that a tenant's mapping names are there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bc_pipeline.business_central.lookup.dimensions import MappingFinding
from bc_pipeline.orchestration.checks import dimensions, outbound
from bc_pipeline.orchestration.checks.check import CheckInput, Finding, outcome
from bc_pipeline.to_business_central.export_types import Preparation
from bc_pipeline_tests.orchestration.checks.given import about, dimensions_were_read


def dimension(given: CheckInput, *codes: str) -> None:
    dimensions_were_read(given)
    for code in codes:
        given.cursor.execute("INSERT INTO bc.dimensions (id, code) VALUES (?, ?)", [code, code])


def configure(given: CheckInput, text: str) -> None:
    (given.tenant.snapshot_dir / "tenant-config.json").write_text(text)


def dimension_finding(given: CheckInput) -> Finding:
    return dimensions.dimension_mappings_exist(about(given, "bc/dimensions"))


def test_given_all_mapped_dimensions_exist_then_the_check_passes(given: CheckInput):
    dimension(given, "CLASS", "DEPARTMENT", "AREA")

    assert dimension_finding(given).passed


def test_given_only_the_default_names_a_missing_dimension_then_it_is_a_warning(given: CheckInput):
    dimension(given, "DEPARTMENT")

    finding = dimension_finding(given)

    assert outcome(finding, "error") == "warned"
    assert "class -> CLASS" in finding.description


def test_given_the_tenants_file_names_a_missing_dimension_then_it_is_an_error(given: CheckInput):
    dimension(given, "DEPARTMENT")
    configure(given, '{"dynamics-bc": {"dimension_mappings": {"class": "CLASS"}}}')

    finding = dimension_finding(given)

    assert outcome(finding, "error") == "failed"
    assert "tenant-config.json" in finding.description


def test_given_a_code_in_lower_case_then_it_is_the_same_code(given: CheckInput):
    """Business Central keeps codes in capitals; the writers find the dimension too."""
    dimension(given, "CLASS")
    configure(given, '{"dynamics-bc": {"dimension_mappings": {"class": "class"}}}')

    assert dimension_finding(given).passed


def test_given_an_empty_mapping_then_nothing_is_missing(given: CheckInput):
    configure(given, '{"dynamics-bc": {}}')

    assert dimension_finding(given).passed


def test_given_an_unreadable_file_then_the_check_fails_and_names_it(given: CheckInput):
    configure(given, "{")

    finding = dimension_finding(given)

    assert outcome(finding, "warn") == "failed"
    assert "tenant-config.json" in finding.description


def test_given_a_blocked_mapped_dimension_then_the_check_fails(given: CheckInput):
    dimension(given, "CLASS")
    given.cursor.execute("UPDATE bc.dimensions SET blocked = true")
    configure(given, '{"dynamics-bc": {"dimension_mappings": {"class": "CLASS"}}}')

    finding = dimension_finding(given)

    assert outcome(finding, "error") == "failed"
    assert "class -> CLASS is blocked" in finding.description


REGION = '{"dynamics-bc": {"dimension_mappings": {"region": "REGION"}}}'


def before_writing(given: CheckInput, preparation: Preparation | None) -> Finding:
    return outbound.mappings_exist(
        replace(about(given, "outbound/customers"), preparation=preparation)
    )


def test_given_dimensions_that_were_never_read_then_nothing_is_said_to_be_missing(
    given: CheckInput,
):
    configure(given, REGION)

    assert before_writing(given, None).passed
    assert dimension_finding(given).passed


def test_given_a_missing_mapped_dimension_then_it_is_an_error_unless_a_run_has_nothing_to_write(
    given: CheckInput,
):
    dimensions_were_read(given)
    configure(given, REGION)

    stored = before_writing(given, None)
    with_nothing_waiting = before_writing(given, Preparation("outbound/customers"))

    assert outcome(stored, "error") == "failed"
    assert outcome(with_nothing_waiting, "error") == "warned"
    assert "Nothing waits" in with_nothing_waiting.description


@pytest.mark.parametrize(("is_default", "told"), [(False, "failed"), (True, "warned")])
def test_what_the_run_has_found_counts_more_than_the_mirror(
    given: CheckInput, is_default: bool, told: str
):
    found = MappingFinding({"region": "REGION"}, {}, is_default, "CRONUS")

    finding = before_writing(given, Preparation("outbound/customers", 1, found))

    assert outcome(finding, "error") == told
    assert "region -> REGION" in finding.description
