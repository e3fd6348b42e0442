from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.business_central import client
from bc_pipeline.business_central.lookup.reference_data import Index, ReferenceData
from bc_pipeline.catalogue.entities import REFERENCE
from bc_pipeline.errors import ConfigError, PipelineError, ReadFailed, RecordError, RequestFailed
from bc_pipeline_tests.business_central.fake import World, error, make_bc, page
from bc_pipeline_tests.business_central.lookup.reference_rows import (
    CLASS,
    EAST,
    OFFICE,
    SHOP,
    Company,
    dimension,
    value,
)
from bc_pipeline_tests.reading.reads import read

OTHER = client.Company("22222222-2222-2222-2222-222222222222", "OTHER", "Other")
PAGES = {"dimensions_page_name": "Dimensions", "dimension_values_page_name": "Dimension_Values"}


@pytest.fixture
def company(world: World) -> Company:
    return Company(world.fake)


@pytest.fixture
def reference(world: World, company: Company) -> ReferenceData:
    return ReferenceData(world.bc, world.bc.company, snapshot=world.snapshot, run_no=7)


@pytest.fixture
def with_pages(world: World, company: Company) -> Callable[[], ReferenceData]:
    """Reference data of a tenant that has published the pages that show what is blocked."""
    company.pages = {
        "Dimensions": [{"Code": "CLASS", "Name": "Class", "Blocked": False}],
        "Dimension_Values": [
            {
                "Dimension_Code": "CLASS",
                "Code": code,
                "Name": "",
                "Dimension_Value_Type": kind,
                "Blocked": blocked,
            }
            for code, kind, blocked in (("SHOP", "Standard", True), ("HQ", "Begin-Total", False))
        ],
    }

    def make() -> ReferenceData:
        bc = make_bc(world.fake, world.home, **PAGES)
        return ReferenceData(bc, bc.company, snapshot=world.snapshot)

    return make


# --- loading ---------------------------------------------------------------------------------


def test_given_several_kinds_then_one_batch_of_the_config_company_brings_them(
    world, company, reference
):
    """target_behaviour.md 10 C2: not one call per kind and company."""
    before = world.bc.counter.total
    reference.need(*REFERENCE)
    reference.need("dimensions", "accounts")

    assert world.bc.counter.total - before == 1
    (parts,) = company.batches.received
    assert {part["url"].split("(")[1].split(")")[0] for part in parts} == {world.bc.company.id}
    assert [part["url"].split("/")[1].split("?")[0] for part in parts] == [
        kind.path for kind in REFERENCE.values()
    ]


def test_given_further_kinds_later_then_just_these_are_read(company, reference):
    reference.need("dimensions", "accounts")
    reference.need("dimensions", "currencies", "locations")

    assert [
        [part["url"].split("/")[1].split("?")[0] for part in parts]
        for parts in company.batches.received
    ] == [["dimensions", "accounts"], ["locations", "currencies"]]


def test_given_one_kind_then_a_plain_get_brings_it(world, company, reference):
    reference.need("accounts")

    assert company.batches.received == []
    assert world.fake.requests_of("accounts")[0].query["$select"].startswith("id,number")


def test_given_many_threads_then_it_is_read_once(world, company, reference):
    threads = [threading.Thread(target=reference.need, args=("dimensions",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(world.fake.requests_of("dimensions")) == 1


def test_given_a_kind_that_cannot_be_read_then_none_counts_and_the_next_call_tries_again(
    company, reference
):
    """target_behaviour.md 10 D11: a failed read is no empty list."""
    accounts = company.sets.pop("accounts")
    with pytest.raises(RequestFailed, match="accounts"):
        reference.need("dimensions", "accounts")

    company.sets["accounts"] = accounts
    assert reference.find("accounts", code="8110") is not None


def test_given_values_beyond_the_expansion_then_they_are_read_too(world, company, reference):
    """target_behaviour.md 10 C7."""
    more = f"{world.fake.url}/v2.0/x/dimensionValues?$skiptoken=2"
    company.sets["dimensions"][0]["dimensionValues@odata.nextLink"] = more
    world.fake.on_set("dimensionValues", page([value("v9", "NINE", "Nine")]))

    assert [row["code"] for row in reference.values_of(CLASS)] == ["SHOP", "HQ", "NINE"]
    assert world.rows("SELECT count(*) FROM bc.dimension_values") == [(5,)]


def test_given_a_dimension_without_its_values_then_it_is_not_taken_to_have_none(company, reference):
    del company.sets["dimensions"][0]["dimensionValues"]

    with pytest.raises(ReadFailed, match="CLASS came without dimensionValues"):
        reference.need("dimensions")


def test_given_company_information_then_it_tells_the_local_currency(company, reference):
    assert reference.local_currency == "EUR"


def test_given_no_company_information_then_no_currency_is_guessed(company, reference):
    company.sets["companyInformation"] = []

    with pytest.raises(ReadFailed):
        _ = reference.local_currency


# --- the mirror ------------------------------------------------------------------------------


def test_given_a_read_then_the_mirror_shows_it_exactly(world, reference):
    reference.need(*REFERENCE)

    assert world.rows("SELECT code, amountRoundingPrecision, _seen_run FROM bc.currencies") == [
        ("USD", Decimal("0.0100000000"), 7)
    ]
    assert world.rows("SELECT number, directPosting, blocked FROM bc.accounts") == [
        ("8110", True, False)
    ]
    assert world.rows(
        "SELECT d.code, v.code, v.blocked FROM bc.dimension_values v "
        "JOIN bc.dimensions d ON d.id = v.dimensionId ORDER BY ALL"
    ) == [
        ("CLASS", "HQ", None),
        ("CLASS", "SHOP", None),
        ("REGION", "E", None),
        ("REGION", "W", None),
    ]
    for kind in ("payment_methods", "vendor_payment_journals", "locations", "company_information"):
        assert world.rows(f"SELECT count(*) FROM bc.{kind}") == [(1,)]
    assert world.rows("SELECT count(*) FROM ops.reads WHERE complete AND run_no = 7") == [
        (len(REFERENCE),)
    ]


def test_given_a_later_run_then_unchanged_rows_stay_and_vanished_ones_go(world, company, reference):
    reference.need("currencies", "dimensions")
    company.sets["currencies"] = [{"id": "c2", "code": "GBP", "displayName": "Pound"}]

    later = ReferenceData(world.bc, world.bc.company, snapshot=world.snapshot, run_no=8)
    later.need("currencies", "dimensions")

    assert world.rows("SELECT code FROM bc.currencies") == [("GBP",)]
    assert world.rows("SELECT DISTINCT _seen_run FROM bc.dimensions") == [(7,)]


def test_given_another_company_then_the_mirror_is_left_alone(world, company):
    reference = ReferenceData(world.bc, OTHER, snapshot=world.snapshot)

    assert reference.find("locations", code="MAIN") is not None
    assert f"companies({OTHER.id})" in world.fake.requests_of("locations")[0].path
    assert world.rows("SELECT count(*) FROM bc.locations") == [(0,)]


# --- blocked ---------------------------------------------------------------------------------


def test_given_no_page_then_whether_something_is_blocked_is_unknown(world, reference):
    assert reference.rows("dimensions")[0]["blocked"] is None
    assert reference.find_value(CLASS, code="SHOP")["blocked"] is None


def test_given_published_pages_then_they_tell_what_is_blocked(world, with_pages):
    reference = with_pages()

    assert [row["blocked"] for row in reference.rows("dimensions")] == [False, None]
    assert [row["blocked"] for row in reference.values_of(CLASS)] == [True, False]
    assert [row["valueType"] for row in reference.values_of(CLASS)] == ["Standard", "Begin-Total"]
    assert world.rows("SELECT code FROM bc.dimension_values WHERE blocked") == [("SHOP",)]


def test_given_an_ordinary_read_afterwards_then_what_is_blocked_stays_known(world, with_pages):
    with_pages().need("dimensions")
    result = read(world, "bc/dimensions", run_no=9)

    assert (result.changed, result.lines_changed) == (0, 0)
    assert world.rows("SELECT code FROM bc.dimension_values WHERE blocked") == [("SHOP",)]


def test_given_a_row_that_shows_blocked_then_it_is_believed(company, with_pages):
    company.sets["dimensions"][0]["dimensionValues"][0]["blocked"] = False

    assert with_pages().find_value(CLASS, code="SHOP")["blocked"] is False


def test_given_a_page_that_is_not_published_then_the_setting_is_named(company, with_pages):
    del company.pages["Dimension_Values"]

    with pytest.raises(ConfigError, match=r"dimension_values_page_name.*'Dimension_Values'"):
        with_pages().need("dimensions")


def test_given_a_page_without_the_column_then_the_column_is_named(company, with_pages):
    del company.pages["Dimensions"][0]["Blocked"]

    with pytest.raises(ConfigError, match=r"dimensions_page_name.*lacks Blocked"):
        with_pages().need("dimensions")


def test_given_a_page_that_cannot_be_read_then_nothing_is_taken_for_unblocked(world, with_pages):
    reference = with_pages()
    world.fake.on_set("Dimension_Values", error(503, "x"))

    with pytest.raises(RequestFailed):
        reference.need("dimensions")


# --- finding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"id": SHOP}, "SHOP"),
        ({"id": f"{{{SHOP.upper()}}}"}, "SHOP"),
        ({"code": " shop "}, "SHOP"),
        ({"name": "SHOP"}, "SHOP"),
        ({"name": " office"}, "HQ"),
        ({"id": "", "code": None, "name": "Office"}, "HQ"),
        ({"id": "unknown", "code": "HQ"}, "HQ"),
        ({"id": OFFICE, "code": "SHOP", "name": "Shop"}, "HQ"),
        ({"code": "HQ", "name": "Shop"}, "HQ"),
    ],
)
def test_given_id_code_or_name_in_any_form_then_the_row_is_found(reference, how, code: str):
    """target_behaviour.md 10 B12."""
    assert reference.find_value(CLASS, **how)["code"] == code


@pytest.mark.parametrize(
    "how", [{}, {"id": " "}, {"code": ""}, {"name": None}, {"id": EAST}, {"code": "E"}]
)
def test_given_nothing_that_matches_in_this_dimension_then_none(reference, how: dict[str, Any]):
    assert reference.find_value(CLASS, **how) is None


def test_given_one_text_for_all_three_then_an_id_beats_a_code_and_a_code_a_name(company, reference):
    """target_behaviour.md 10 C10: an earlier row that matches by name does not win."""
    company.sets["paymentMethods"] = [
        {"id": "m1", "code": "X", "displayName": "bank"},
        {"id": "m2", "code": "BANK", "displayName": "m3"},
        {"id": "m3", "code": "Y", "displayName": "Z"},
    ]

    def found(text: str) -> str:
        return reference.find("payment_methods", id=text, code=text, name=text)["id"]

    assert (found("bank"), found("m3"), found("z")) == ("m2", "m3", "m3")


def test_given_a_name_that_two_rows_have_then_it_is_an_error_of_the_record(company, reference):
    company.sets["locations"] = [
        {"id": "l1", "code": "A", "displayName": "Main"},
        {"id": "l2", "code": "B", "displayName": "MAIN"},
    ]

    with pytest.raises(RecordError, match="2 locations are called 'main'") as caught:
        reference.find("locations", name="main")
    assert caught.value.error_class == "InvalidInputError"
    assert reference.find("locations", code="b", name="main")["id"] == "l2"


words = st.text(st.characters(categories=["L", "N", "Pd"]), min_size=1, max_size=12)


@given(
    st.lists(st.tuples(st.uuids(), words, words), min_size=1, max_size=20),
    st.integers(0, 19),
    st.sampled_from(["", " ", "\t "]),
    st.booleans(),
)
def test_given_any_rows_then_each_is_found_by_its_id_and_code_however_written(
    given_rows, index: int, blank: str, upper: bool
):
    rows = [
        {"id": str(id), "code": code.upper(), "displayName": name} for id, code, name in given_rows
    ]
    row = rows[index % len(rows)]
    idx = Index("thing", rows)

    def written(text: str) -> str:
        return f"{blank}{text.upper() if upper else text.lower()}{blank}"

    assert idx.find(id=f"{{{row['id'].upper()}}}") == row
    assert idx.find(id=written(row["id"]), code="nowhere", name="nowhere") == row
    found = idx.find(code=written(row["code"]))
    # Letters whose case cannot be changed and back (ß) may make it another code.
    if row["code"].lower().upper() == row["code"]:
        assert found is not None
        assert found["code"] == row["code"]


def test_given_trouble_then_it_is_always_told_as_such(world, company, reference):
    world.fake.on_set("locations", error(500, "Internal_ServerError"))

    with pytest.raises(PipelineError):
        reference.find("locations", code="MAIN")


def test_given_a_dimension_with_a_name_like_anothers_code_then_the_code_wins(company, reference):
    company.sets["dimensions"].insert(0, dimension("d0", "OTHER", "REGION"))

    assert reference.find("dimensions", code="region", name="region")["code"] == "REGION"
