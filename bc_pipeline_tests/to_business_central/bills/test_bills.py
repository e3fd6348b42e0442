"""Bills in Business Central: matching, updates, posted ones, posting rules (target_behaviour.md
6; rules.md 5)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline_tests.to_business_central.bills.records import line, record, told
from bc_pipeline_tests.to_business_central.documents_world import ITEMS, VENDOR, DocumentsWorld

ENTITY = "purchase_invoices"


def test_a_bill_is_found_by_its_id(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("by-id"))
    id = world.bill("by-id")["id"]

    result = world.run(ENTITY, record("by-id-new", id=id.upper(), externalId="other"))

    assert result.counts == {"updated": 1}
    assert world.bill("by-id-new")["id"] == id


def test_an_id_that_does_not_exist_fails_the_bill(world: DocumentsWorld) -> None:
    unknown = "99999999-0000-4000-8000-000000000000"

    result = world.run(ENTITY, record("no-id", id=unknown))

    assert result.ends["no-id"]["error"] == "RecordNotFound"


def test_a_bill_is_found_by_its_bc_number_and_vendor(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("by-number"))
    draft = world.bill("by-number")
    again = record("by-number-new", transactionNumber=draft["number"], externalId="other")

    result = world.run(ENTITY, again)

    assert result.counts == {"updated": 1}
    assert world.bill("by-number-new")["id"] == draft["id"]


def test_another_vendors_bill_with_the_same_number_is_another_bill(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("shared"))

    result = world.run(ENTITY, record("shared", vendorNumber="10000", externalId="other"))

    assert result.counts == {"created": 1}
    assert len(world.rows("purchaseInvoices", vendorInvoiceNumber="SHARED")) == 2


def test_two_bills_with_the_vendors_number_are_told_and_none_is_changed(
    world: DocumentsWorld,
) -> None:
    world.run(ENTITY, record("twice-a"), record("twice-b"))
    world.person_sets("purchaseInvoices", world.bill("twice-b"), vendorInvoiceNumber="TWICE-A")

    result = world.run(ENTITY, record("twice-a", line("a", quantity=9), externalId="third"))

    assert result.ends["third"]["error"] == "DuplicatedRecord"


def test_a_changed_record_without_number_changes_the_bill_it_became(
    world: DocumentsWorld,
) -> None:
    nameless = record("nameless")
    del nameless["billNumber"]
    first = world.run(ENTITY, nameless)

    second = world.run(ENTITY, nameless | {"dueDate": "2026-08-08"})

    assert second.counts == {"updated": 1}
    assert second.ends["nameless"]["id"] == first.ends["nameless"]["id"]


@pytest.mark.parametrize("key", ["vendorId", "vendorNumber", "vendorName"])
def test_the_vendor_is_found_by_id_number_or_name(world: DocumentsWorld, key: str) -> None:
    vendor = world.rows("vendors", number=VENDOR)[0]
    named = {"vendorId": "id", "vendorNumber": "number", "vendorName": "displayName"}
    bill = record(key)
    del bill["vendorNumber"]

    world.run(ENTITY, bill | {key: vendor[named[key]]})

    assert world.bill(key)["vendorId"] == vendor["id"]


def test_a_bill_without_vendor_is_refused_before_anything_is_written(
    world: DocumentsWorld,
) -> None:
    bill = record("no-vendor")
    del bill["vendorNumber"]

    error = world.validate(ENTITY, bill)

    assert error is not None
    assert error.error_class == "InvalidInputError"


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([line("a", locationNumber="NOWHERE")], "RecordNotFound"),
        ([line("a", departmentNumber="NONE")], "InvalidDimensionValue"),
        ([line("a", description="x" * 101)], "InvalidInputError"),
        ([line("a"), line("a")], "InvalidInputError"),
        ([line("a", quantity="0.000001")], "InvalidFieldValue"),
    ],
)
def test_what_cannot_be_right_is_known_before_anything_is_written(
    world: DocumentsWorld, lines: list[dict[str, Any]], error: str
) -> None:
    found = world.validate(ENTITY, record("wrong", *lines))

    assert found is not None
    assert found.error_class == error


def test_only_the_offender_fails(world: DocumentsWorld) -> None:
    result = world.run(
        ENTITY, record("good"), record("bad", line("a", departmentNumber="NONE")), record("fine")
    )

    assert result.counts == {"created": 2, "quarantined": 1}


def test_location_first_then_cost_and_discount(world: DocumentsWorld) -> None:
    located = line("a", locationNumber="EAST", unitPrice="1.23", quantity=10, discount="0.3")

    world.run(ENTITY, record("located", located))
    moved = located | {"locationNumber": "WEST"}
    world.run(ENTITY, record("located", moved))

    ((cost, discount, location),) = told(
        world, "located", "unitCost", "discountAmount", "locationId"
    )
    assert (str(cost), str(discount)) == ("1.23000", "0.30")
    assert location == world.rows("locations", code="WEST")[0]["id"]


def test_a_line_can_become_another_item(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("swap", line("a", departmentNumber="SALES")))

    world.run(ENTITY, record("swap", line("a", item=ITEMS[3], departmentNumber="SALES")))

    (row,) = world.lines(world.bill("swap")["id"])
    assert (row["lineObjectNumber"], row["unitCost"]) == (ITEMS[3], 10)
    assert world.dimensions(row["id"])["DEPARTMENT"] == "SALES"


def test_lines_get_the_dimensions_of_the_header_unless_they_have_their_own(
    world: DocumentsWorld,
) -> None:
    own = line("b", departmentNumber="ADM")

    world.run(ENTITY, record("inherit", line("a"), own, departmentNumber="SALES"))

    departments = [
        world.dimensions(row["id"])["DEPARTMENT"]
        for row in world.lines(world.bill("inherit")["id"])
    ]
    assert departments == ["SALES", "ADM"]


def test_what_a_person_has_added_is_left_alone_and_told(world: DocumentsWorld) -> None:
    world.configure(delete_missing_lines=True)
    world.run(ENTITY, record("helped"))
    draft = world.bill("helped")
    remark = {"documentId": draft["id"], "sequence": 15_000, "lineType": "Comment"}
    world.company.insert("purchaseInvoiceLines", remark | {"description": "By hand"})

    result = world.run(ENTITY, record("helped", line("a", quantity=2)))

    assert result.counts == {"updated": 1}
    assert told(world, "helped", "sequence") == [(10_000,), (15_000,)]
    assert "15000" in result.problems[0].reason


class TestPosted:
    @pytest.fixture
    def world(self, world: DocumentsWorld) -> DocumentsWorld:
        """Posting is switched on."""
        world.configure(post_documents=True)
        return world

    def test_a_posted_bill_that_says_the_same_is_unchanged(
        self, world: DocumentsWorld, tmp_path: Any
    ) -> None:
        world.run(ENTITY, record("posted", isDraft=False))
        without_our_ledger = DocumentsWorld(world.sandbox, tmp_path / "elsewhere")

        result = without_our_ledger.run(ENTITY, record("posted", isDraft=False))

        assert result.counts == {"unchanged": 1}

    def test_a_posted_bill_that_says_something_else_is_an_error_that_says_what(
        self, world: DocumentsWorld
    ) -> None:
        world.run(ENTITY, record("closed", isDraft=False))

        result = world.run(ENTITY, record("closed", line("a", quantity=4), isDraft=False))

        end = result.ends["closed"]
        assert end["error"] == "InvalidRecordState"
        assert "quantity" in end["reason"]

    def test_a_draft_is_posted_when_the_record_is_no_draft_any_more(
        self, world: DocumentsWorld
    ) -> None:
        world.run(ENTITY, record("later"))

        result = world.run(ENTITY, record("later", isDraft=False))

        assert result.ends["later"]["action"] == "posted"
        assert world.bill("later")["status"] == "Open"

    def test_a_bill_that_waits_for_approval_cannot_be_posted_and_says_so(
        self, world: DocumentsWorld
    ) -> None:
        world.run(ENTITY, record("review"))
        world.person_sets("purchaseInvoices", world.bill("review"), status="In_x0020_Review")

        result = world.run(ENTITY, record("review", isDraft=False))

        assert result.ends["review"]["error"] == "InvalidRecordState"
        assert "In Review" in result.ends["review"]["reason"]

    def test_a_posting_rule_that_would_be_broken_is_told_before_posting(
        self, world: DocumentsWorld
    ) -> None:
        vendor = world.rows("vendors", number="50000")[0]
        dimension = world.rows("dimensions", code="SALESCAMPAIGN")[0]
        world.company.insert(
            "defaultDimensions",
            {
                "parentType": "Vendor",
                "parentId": vendor["id"],
                "dimensionId": dimension["id"],
                "dimensionCode": "SALESCAMPAIGN",
                "postingValidation": "Code_x0020_Mandatory",
            },
        )

        result = world.run(ENTITY, record("ruled", vendorNumber="50000", isDraft=False))

        end = result.ends["ruled"]
        assert end["error"] == "InvalidDimensionValue"
        assert "SALESCAMPAIGN" in end["reason"]
        assert "not posted" in end["reason"]
        assert not world.operations("POST", "Microsoft.NAV.post")
        assert world.bill("ruled")["status"] == "Draft"

    def test_a_bill_business_central_refuses_to_post_stays_a_draft_and_says_why(
        self, world: DocumentsWorld
    ) -> None:
        nameless = record("refused", isDraft=False)
        del nameless["billNumber"]

        result = world.run(ENTITY, nameless)

        end = result.ends["refused"]
        assert end["state"] == "failed"
        assert "is complete and not posted" in end["reason"]
        assert world.rows("purchaseInvoices", id=end["id"])[0]["status"] == "Draft"


def test_a_dry_run_sends_nothing(world: DocumentsWorld) -> None:
    world.configure(post_documents=True)

    result = world.run(
        ENTITY, record("dry", line("a", groupNumber="LARGE"), isDraft=False), dry_run=True
    )

    assert result.counts == {"created": 1}
    assert not world.rows("purchaseInvoices", vendorInvoiceNumber="DRY")
    assert not world.operations("POST", "purchaseInvoices")


def test_a_changed_tax_code_is_sent_once_although_bc_shows_another_one(
    world: DocumentsWorld,
) -> None:
    codes = sorted(row["code"] for row in world.rows("taxGroups"))[:2]
    world.run(ENTITY, record("taxed", line("a", taxCode=codes[0])))
    assert world.sent("PATCH", "purchaseInvoiceLines") == 0

    result = world.run(ENTITY, record("taxed", line("a", taxCode=codes[1])))

    assert result.counts == {"updated": 1}
    assert world.sent("PATCH", "purchaseInvoiceLines") == 1


def test_the_same_record_is_posted_once_posting_was_switched_on(world: DocumentsWorld) -> None:
    bill = record("switched", isDraft=False)
    world.run(ENTITY, bill)
    world.configure(post_documents=True)

    first, second = world.run(ENTITY, bill), world.run(ENTITY, bill)

    assert first.ends["switched"]["action"] == "posted"
    assert second.counts == {"unchanged": 1}
    assert second.requests_sent == 0


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"lineItems": [{"itemNumber": ITEMS[0], "unitPrice": 10}]}, "needs quantity"),
        ({"lineItems": [], "expenses": [{"accountNumber": "6710"}]}, "needs amount"),
    ],
)
def test_given_a_new_line_without_its_amount_then_nothing_is_booked_with_0(
    world: DocumentsWorld, fields: dict[str, Any], told: str
) -> None:
    result = world.run(ENTITY, record("amountless", **fields))

    assert result.ends["amountless"]["error"] == "MissingField"
    assert told in result.ends["amountless"]["reason"]
    assert not world.rows("purchaseInvoices", vendorInvoiceNumber="AMOUNTLESS")


def test_given_a_line_that_stands_there_then_it_may_leave_its_amount_out(
    world: DocumentsWorld,
) -> None:
    expense = {"externalId": "fee", "accountNumber": "6710"}
    world.run(ENTITY, record("fee", expenses=[expense | {"amount": 5}], lineItems=[]))

    changed = record("fee", expenses=[expense | {"description": "Fee"}], lineItems=[])
    result = world.run(ENTITY, changed)

    (line,) = world.lines(world.bill("fee")["id"])
    assert result.counts == {"updated": 1}
    assert (line["description"], line["unitCost"]) == ("Fee", 5)
