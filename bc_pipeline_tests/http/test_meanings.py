"""What answers mean, for both systems, in one table."""

from __future__ import annotations

import pytest

from bc_pipeline.http.meanings import REFUSED, TABLE, Meaning, System, meaning

BC, OPTIPLY = "business_central", "optiply"


@pytest.mark.parametrize("system", [BC, OPTIPLY])
def test_no_access_is_for_a_person_to_mend(system: System):
    for status in (401, 403):
        assert meaning(system, status) == Meaning(no_access=True)


@pytest.mark.parametrize("system", [BC, OPTIPLY])
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_their_trouble_passes_and_leaves_doubt_about_a_write(system: System, status: int):
    found = meaning(system, status)

    assert found.repeat
    assert found.doubt


@pytest.mark.parametrize("system", [BC, OPTIPLY])
def test_too_many_requests_did_nothing_and_may_be_repeated(system: System):
    assert meaning(system, 429) == Meaning(repeat=True)


def test_what_bc_has_not_implemented_is_an_answer():
    assert meaning(BC, 501) == REFUSED
    assert meaning(OPTIPLY, 501).repeat


def test_time_that_ran_out_asks_for_less_at_once():
    assert {status for status in range(400, 600) if meaning(BC, status).too_slow} == {408, 504}


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (409, "Internal_ServerError", "A deadlock was found. Please retry."),
        (400, None, "The table is busy. Please try again later."),
    ],
)
def test_a_lost_lock_of_bc_is_told_by_its_words(status: int, code: str | None, message: str):
    assert meaning(BC, status, code, message) == Meaning(repeat=True)
    assert meaning(BC, status, code, "The item is blocked.") == REFUSED
    assert meaning(OPTIPLY, status, code, message) == REFUSED


def test_every_row_counts_for_something():
    for place, row in enumerate(TABLE):
        system: System = row.system or BC
        statuses = [status for status in range(400, 1000) if status in row.statuses]
        earlier = [
            status
            for status in statuses
            if any(other.fits(system, status, None, "") for other in TABLE[:place])
        ]
        assert len(earlier) < len(statuses)
