"""A run that stops, or a record that never gets through: bills and journal entries."""

from __future__ import annotations

from datetime import date

from bc_pipeline_tests.to_business_central.defects.records import (
    ITEMS,
    bill,
    credit,
    customer,
    debit,
    entry,
    line,
)
from bc_pipeline_tests.to_business_central.defects.table import defect
from bc_pipeline_tests.to_business_central.defects.world import World

MOST_PARTS = 100


@defect(
    "B1",
    before="one bill with an item by number and one by id ended the whole run",
    now="items may be named in any way, side by side",
)
def items_by_number_and_by_id(world: World) -> None:
    by_id = line("2", itemNumber=None, itemId=world.row("items", number=ITEMS[1])["id"])

    report = world.export(Bills=[bill("B1", line("1"), by_id), bill("B1b")])

    assert report.counts == {"created": 2}
    assert world.lines("B1", "lineObjectNumber") == [(ITEMS[0],), (ITEMS[1],)]


@defect(
    "B6",
    before="a journal whose posting failed blocked its number for ever",
    now="it is posted when the reason is gone, if its lines are ours",
)
def refused_posting(world: World) -> None:
    settings = world.company.settings
    world.patch.setattr(settings, "posting_allowed_from", date(2026, 9, 1))
    refused = world.export(JournalEntries=[entry("B6")])
    world.patch.setattr(settings, "posting_allowed_from", None)

    report = world.export(JournalEntries=[entry("B6")])

    assert not refused.ends["B6"]["success"]
    assert report.ends["B6"]["action"] == "posted"
    assert world.booked("B6") == ["100.00", "-100.00"]
    assert not world.rows("journals", displayName="B6")


@defect(
    "B7",
    before="summed binary fractions: 0.1 + 0.2 - 0.3 was out of balance",
    now="decimals, exact to the precision of the currency",
)
def exact_sums(world: World) -> None:
    report = world.export(
        JournalEntries=[
            entry("B7", debit(0.1), debit(0.2), credit(0.3)),
            entry("B7b", debit("0.10"), credit("0.11")),
            entry("B7c", debit("0.105"), credit("0.105")),
        ]
    )

    assert report.counts == {"created": 1, "quarantined": 2}
    assert world.booked("B7") == ["0.10", "0.20", "-0.30"]
    assert "0.01" in report.message("B7b")
    assert report.error("B7c") == "InvalidFieldValue"


@defect(
    "B8",
    before="put all lines of a bill into one batch, though BC takes 100 operations",
    now="batches of at most 100",
)
def batches_of_a_hundred(world: World) -> None:
    world.patch.setattr(world.company.settings, "deep_insert", False)
    lines = [line(str(n), groupNumber="LARGE") for n in range(1, 121)]

    report = world.export(
        Bills=[bill("B8", *lines)], Customers=[customer(f"B8-{n}") for n in range(105)]
    )

    assert report.counts == {"created": 106}
    assert len(world.lines("B8", "id")) == 120
    assert {world.dimensions(id)["CUSTOMERGROUP"] for (id,) in world.lines("B8", "id")} == {"LARGE"}
    assert max(len(each.operations) for each in world.requests()) <= MOST_PARTS


@defect(
    "B14",
    before="fetched items by one name and matched by another, and sent lines without their item",
    now="both names work; a line with an amount needs an item that exists",
)
def items_by_name(world: World) -> None:
    name = world.row("items", number=ITEMS[2])["displayName"]
    nameless = {"externalId": "1", "quantity": 1, "unitPrice": 1}

    report = world.export(
        Bills=[
            bill("B14", *(nameless | {"externalId": n, n: name} for n in _NAMES)),
            bill("B14x", line("1", item="B14 none")),
            bill("B14y", nameless),
        ]
    )

    assert report.counts == {"created": 1, "quarantined": 2}
    assert world.lines("B14", "lineObjectNumber") == [(ITEMS[2],), (ITEMS[2],)]
    assert (report.error("B14x"), report.error("B14y")) == ("RecordNotFound", "MissingField")
    assert not world.rows("purchaseInvoices", vendorInvoiceNumber="B14X")


_NAMES = ("itemName", "itemExternalName")


@defect(
    "B15",
    before="sent any text as the line number, which is an integer",
    now="only an integer becomes the line number; other ids stay our own affair",
)
def line_numbers(world: World) -> None:
    lines = [line("7"), line("line-x"), line("99999999999")]
    first = world.export(Bills=[bill("B15", *lines)])
    again = world.export(Bills=[bill("B15", *(each | {"quantity": 2} for each in lines))])

    assert (first.counts, again.counts) == ({"created": 1}, {"updated": 1})
    found = world.lines("B15", "sequence", "quantity")
    assert len(found) == 3
    assert (7, 2) in found
    assert {quantity for _, quantity in found} == {2}
