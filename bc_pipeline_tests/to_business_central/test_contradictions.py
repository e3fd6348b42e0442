"""Lines of one file that contradict each other, from the files to their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.to_business_central.export_types import Pending, Source
from bc_pipeline.to_business_central.pendings import contradictions
from bc_pipeline.to_business_central.unified import Customer
from bc_pipeline_tests.to_business_central.defects.records import (
    bill,
    customer,
    entry,
    payment,
    vendor,
)
from bc_pipeline_tests.to_business_central.defects.world import World
from bc_pipeline_tests.to_business_central.records import BRANCH, HOME, pending

Make = Callable[..., dict[str, Any]]
MASTERS: tuple[tuple[str, Make, str, str], ...] = (
    ("Customers", customer, "customerNumber", "companyName"),
    ("Vendors", vendor, "vendorNumber", "vendorName"),
)


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    yield World(sandbox, tmp_path, monkeypatch)
    sandbox.faults.clear()


@pytest.mark.covers("decision 7")
def test_given_two_contents_for_one_external_id_then_both_fail_with_both_lines_in_every_stream(
    world: World,
) -> None:
    report = world.export(
        Customers=[customer("D7"), customer("D7ok"), customer("D7", companyName="Other")],
        Vendors=[vendor("D7"), vendor("D7ok"), vendor("D7", vendorName="Other")],
        Bills=[bill("D7"), bill("D7ok"), bill("D7", dueDate="2026-09-09")],
        BillPayments=[payment("D7"), payment("D7ok", vendorNumber="x"), payment("D7", amount=9)],
        JournalEntries=[entry("D7"), entry("D7ok"), entry("D7", isDraft=True)],
    )

    refused = [line for line in report.lines if line["externalId"] == "D7"]
    assert len(refused) == 10
    for line in refused:
        assert line["error"]["class"] == "DuplicatedRecord"
        assert "lines 1 and 3" in line["error"]["message"]
        assert "externalId D7" in line["error"]["message"]
    assert report.counts["created"] == 4
    assert not world.rows("customers", number="D7")
    assert not world.rows("vendors", number="D7")
    assert not world.rows("purchaseInvoices", vendorInvoiceNumber="D7")
    assert not world.booked("D7")


@pytest.mark.covers("decision 7")
def test_given_both_contents_in_different_files_then_the_later_one_is_an_update(
    world: World,
) -> None:
    world.export(Customers=[customer("D7-files")])

    report = world.export(Customers=[customer("D7-files", companyName="Later")])

    assert report.counts == {"updated": 1}
    assert world.row("customers", number="D7-FILES")["displayName"] == "Later"


@pytest.mark.covers("decision 7")
def test_given_the_same_record_twice_in_one_file_then_it_is_written_once(world: World) -> None:
    report = world.export(Customers=[customer("D7-same"), customer("D7-same")])

    assert report.counts == {"created": 1, "unchanged": 1}


@pytest.mark.covers("decision 39")
@pytest.mark.parametrize(("stream", "make", "number", "name"), MASTERS)
def test_given_two_numbers_that_differ_in_case_then_the_second_fails_naming_the_first(
    world: World, stream: str, make: Make, number: str, name: str
) -> None:
    records = [
        make(f"{stream}-1", **{number: "HG-C1", name: "First"}),
        make(f"{stream}-2", **{number: " hg-c1", name: "Second"}),
    ]

    report = world.export(**{stream: records})

    assert report.counts == {"created": 1, "quarantined": 1}
    assert report.error(f"{stream}-2") == "DuplicatedRecord"
    assert f"{stream}-1 in line 1" in report.message(f"{stream}-2")
    assert world.row(stream.lower(), number="HG-C1")["displayName"] == "First"


def numbered(external_id: str, number: str | None, line: int, **more: Any) -> Pending:
    return pending(external_id, line=line, record=Customer(customer_number=number), **more)


@pytest.mark.covers("decision 39")
def test_given_one_number_in_two_files_or_companies_then_nothing_is_refused() -> None:
    others = [
        numbered("a", "C1", 1),
        numbered("b", "C1", 2, company=BRANCH),
        numbered("c", "C1", 3, source=Source("Customers.later.jsonl", 1, 3)),
        numbered("d", "C1", 1, source=Source("Customers.jsonl", 2, 1)),
        numbered("e", None, 5),
        numbered("f", None, 6),
    ]

    assert contradictions(others) == {}


@pytest.mark.covers("decision 7", "decision 39")
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["C1", "c1 ", "C2"]), st.integers(0, 1)),
        max_size=8,
    )
)
def test_what_is_left_of_a_file_has_one_content_for_a_key_and_one_key_for_a_number(
    told: list[tuple[str, str, int]],
) -> None:
    pendings = [
        pending(key, f"h{content}", line, record=Customer(customer_number=number))
        for line, (key, number, content) in enumerate(told, start=1)
    ]

    refused = contradictions(pendings)

    left = [one for one in pendings if one.source not in refused]
    contents = {(one.key, one.payload_hash) for one in left}
    keys = {(one.record.customer_number.strip().upper(), one.key) for one in left}
    assert len(contents) == len({key for key, _ in contents})
    assert len(keys) == len({number for number, _ in keys})
    assert all(one.company == HOME for one in left)
