"""Customers and vendors: what the reference gets wrong and we do not (target_behaviour.md 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld, Sent


def vendor(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "externalId": f"v{number}",
        "vendorNumber": f"V-{number}",
        "vendorName": f"Vendor {number}",
        **fields,
    }


def by_number(world: AccountingWorld) -> dict[str, str]:
    return {row["number"]: row["id"] for row in world.rows("vendors")}


@pytest.mark.parametrize("bad", [1, 2, 3])
def test_d3_answers_are_matched_by_part_id(world: AccountingWorld, bad: int) -> None:
    records = [
        vendor(n, **({"phoneNumbers": [{"phoneNumber": "call me"}]} if n == bad else {}))
        for n in (1, 2, 3)
    ]

    result = world.run("vendors", *records)

    ids = by_number(world)
    assert result.counts == {"created": 2, "quarantined": 1}
    for n in {1, 2, 3} - {bad}:
        assert result.ends[f"v{n}"]["id"] == ids[f"V-{n}"]
    assert result.ends[f"v{bad}"]["state"] == "failed"
    assert "letters" in result.ends[f"v{bad}"]["reason"]


def test_d3_a_throttled_part_costs_nobody_else_its_answer(world: AccountingWorld) -> None:
    world.sandbox.faults.add(
        "bc", action="throttled", method="POST", path=r"/vendors$", operation=True
    )

    result = world.run("vendors", *(vendor(n) for n in (1, 2, 3)))

    ids = by_number(world)
    assert result.counts == {"created": 3}
    assert all(result.ends[f"v{n}"]["id"] == ids[f"V-{n}"] for n in (1, 2, 3))


def test_d3_a_part_that_stays_throttled_is_held_and_written_next_time(
    world: AccountingWorld,
) -> None:
    throttled = world.sandbox.faults.add(
        "bc", action="throttled", method="POST", path=r"/vendors$", operation=True, times=None
    )
    records = [vendor(n) for n in (1, 2)]
    assert world.run("vendors", *records).counts == {"deferred": 2}

    world.sandbox.faults.remove(throttled)

    assert world.run("vendors", *records).counts == {"created": 2}


@pytest.mark.parametrize("action", ["unavailable", "throttled", "status"])
def test_d4_a_failed_look_up_never_means_that_nothing_exists(
    world: AccountingWorld, action: Any
) -> None:
    world.sandbox.faults.add(
        "bc", action=action, method="GET", path=r"/vendors\?", operation=True, times=None
    )

    result = world.run("vendors", vendor(1), vendor(2, vendorNumber="10000"))

    assert result.counts == {"deferred": 2}
    assert world.operations("POST", "vendors") == []
    assert "could not be looked up" in result.problems[0].reason


@pytest.mark.parametrize(("status", "counts"), [(429, {"deferred": 2}), (503, {"created": 2})])
def test_d11_the_status_of_the_batch_itself_counts(
    world: AccountingWorld, status: int, counts: dict[str, int]
) -> None:
    """429: certainly nothing was done. 503: perhaps, so the second try follows a look."""
    world.sandbox.faults.add(
        "bc",
        action="status",
        status=status,
        method="POST",
        path=r"\$batch",
        after=1,
        times=None if status == 429 else 1,
    )

    result = world.run("vendors", vendor(1), vendor(2))

    assert result.counts == counts
    assert len(world.rows("vendors", displayName="Vendor 1")) <= 1


@pytest.mark.parametrize("action", ["not_json", "truncate", "drop", "apply_then_drop"])
def test_b4_an_unusable_answer_ends_neither_the_run_nor_the_records(
    world: AccountingWorld, action: Any
) -> None:
    world.sandbox.faults.add("bc", action=action, method="POST", path=r"\$batch", after=1)

    result = world.run("vendors", *(vendor(n) for n in (1, 2, 3)))

    assert result.counts == {"created": 3}
    assert len(world.rows("vendors")) == 7 + 3


def test_b5_retry_after_is_kept_and_the_file_goes_through(world: AccountingWorld) -> None:
    world.sandbox.faults.add(
        "bc", action="throttled", method="POST", path=r"\$batch", retry_after=0.01, times=2
    )

    assert world.run("vendors", vendor(1)).counts == {"created": 1}


@pytest.mark.parametrize("number", ["A&B", "A#1", "1+1", "50%", "O'BRIEN", "A B", "É1"])
def test_b9_b10_any_character_in_a_number_is_found_again(
    world: AccountingWorld, number: str
) -> None:
    world.run("vendors", vendor(1, vendorNumber=number))

    result = world.run("vendors", vendor(2, vendorNumber=number, vendorName="Second"))

    assert result.counts == {"updated": 1}
    assert len(world.rows("vendors", displayName="Second")) == 1


def test_b12_upper_and_lower_case_are_the_same_number(world: AccountingWorld) -> None:
    world.run("vendors", vendor(1, vendorNumber="CUST01"))
    (row,) = world.rows("vendors", number="CUST01")

    result = world.run(
        "vendors",
        vendor(2, vendorNumber="cust01", vendorName="Second"),
        {"externalId": "v3", "id": "{" + row["id"].upper() + "}", "website": "w.example"},
    )

    assert result.counts == {"updated": 2}
    (row,) = world.rows("vendors", number="CUST01")
    assert (row["displayName"], row["website"]) == ("Second", "w.example")


def test_c9_a_dimension_given_twice_is_sent_once(world: AccountingWorld) -> None:
    world.run(
        "vendors",
        vendor(
            1,
            departmentNumber="SALES",
            dimensions=[
                {"number": "department", "value": "Sales"},
                {"number": "DEPARTMENT", "valueNumber": "sales"},
            ],
        ),
    )

    (post,) = world.operations("POST", "vendors")
    assert len(post.body["defaultDimensions"]) == 1


def test_c9_a_dimension_given_with_two_values_is_an_error(world: AccountingWorld) -> None:
    listed = [{"number": "DEPARTMENT", "valueNumber": "ADM"}]

    result = world.run("vendors", vendor(1, departmentNumber="SALES", dimensions=listed), vendor(2))

    assert result.counts == {"created": 1, "quarantined": 1}
    assert result.ends["v1"]["error"] == "InvalidDimensionValue"


def test_c11_phones_and_addresses_without_a_type_are_no_error(world: AccountingWorld) -> None:
    result = world.run(
        "vendors",
        vendor(1, phoneNumbers=[{"phoneNumber": "1"}], addresses=[{"line1": "A"}, {"line1": "B"}]),
    )

    (row,) = world.rows("vendors", number="V-1")
    assert result.counts == {"created": 1}
    assert (row["phoneNumber"], row["addressLine1"]) == ("1", "A")


def test_c16_two_records_with_one_number_make_one_vendor(world: AccountingWorld) -> None:
    result = world.run(
        "vendors",
        vendor(1, vendorNumber="same", departmentNumber="SALES"),
        vendor(2, vendorNumber="SAME", vendorName="Last", departmentNumber="ADM"),
        vendor(3),
    )

    (row,) = world.rows("vendors", number="SAME")
    assert result.counts == {"created": 2, "updated": 1}
    assert row["displayName"] == "Last"
    assert world.default_dimensions(row["id"]) == {"DEPARTMENT": "ADM"}
    assert result.ends["v1"]["id"] == result.ends["v2"]["id"] == row["id"]


def test_c16_a_number_that_somebody_takes_at_the_same_moment_is_updated(
    world: AccountingWorld,
) -> None:
    theirs = {"id": "99999999-0000-0000-0000-000000000001", "displayName": "Theirs"}
    between_look_and_post = 4
    world.before_request(
        between_look_and_post, lambda: world.add("vendors", number="V-1", **theirs)
    )
    result = world.run("vendors", vendor(1, departmentNumber="ADM"))

    assert result.counts == {"updated": 1}
    (row,) = world.rows("vendors", number="V-1")
    assert row["displayName"] == "Vendor 1"


def test_an_update_with_dimensions_is_done_as_a_whole_or_not_at_all(world: AccountingWorld) -> None:
    """One bad record inside a transaction of many fails alone."""
    world.run("vendors", *(vendor(n, departmentNumber="SALES") for n in range(10)))
    changed = [
        vendor(n, vendorName=f"New {n}", departmentNumber="ADM" if n != 4 else "PROD")
        for n in range(10)
    ]

    result = world.run("vendors", *changed)

    assert result.counts == {"updated": 9, "quarantined": 1}
    assert "blocked" in result.ends["v4"]["reason"]
    for n in range(10):
        (row,) = world.rows("vendors", number=f"V-{n}")
        expected = ("Vendor 4", "SALES") if n == 4 else (f"New {n}", "ADM")
        assert (row["displayName"], world.default_dimensions(row["id"])["DEPARTMENT"]) == expected


def test_a_record_changed_by_somebody_else_meanwhile_is_looked_at_again(
    world: AccountingWorld,
) -> None:
    world.run("vendors", vendor(1))
    (row,) = world.rows("vendors", number="V-1")
    between_look_and_patch = 3
    world.before_request(
        between_look_and_patch,
        lambda: world.company.modify("vendors", row["id"], website="theirs.example"),
    )
    result = world.run("vendors", vendor(1, vendorName="Ours"))

    (row,) = world.rows("vendors", number="V-1")
    assert result.counts == {"updated": 1}
    assert (row["displayName"], row["website"]) == ("Ours", "theirs.example")


def test_a_record_others_change_again_and_again_waits_for_another_run(
    world: AccountingWorld,
) -> None:
    world.run("vendors", vendor(1))
    (row,) = world.rows("vendors", number="V-1")

    def intercept(request: Sent, send: Callable[[], Any]) -> Any:
        if request.writes:
            world.company.modify("vendors", row["id"], website="theirs.example")
        return send()

    world.intercept = intercept
    result = world.run("vendors", vendor(1, vendorName="Ours"))
    world.intercept = None

    assert result.counts == {"deferred": 1}
    assert world.run("vendors", vendor(1, vendorName="Ours")).counts == {"updated": 1}
