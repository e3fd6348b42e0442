"""Wrong books or lost truth: documents."""

from __future__ import annotations

from bc_pipeline_tests.to_business_central.defects.records import (
    OTHER_VENDOR,
    VENDOR,
    bill,
    credit,
    debit,
    entry,
    expense,
    line,
    payment,
)
from bc_pipeline_tests.to_business_central.defects.table import defect
from bc_pipeline_tests.to_business_central.defects.world import World


@defect(
    "D1",
    before="never stored what it compared with, so the same journal fed twice was posted twice",
    now="the second time it is unchanged, known from the ledger or, without one, from the books",
)
def same_journal_twice(world: World) -> None:
    once = world.export(JournalEntries=[entry("D1")])
    again = world.export(JournalEntries=[entry("D1")])
    without_ledger = world.another().export(JournalEntries=[entry("D1")])

    assert once.ends["D1"]["action"] == "posted"
    assert again.counts == without_ledger.counts == {"unchanged": 1}
    assert world.booked("D1") == ["100.00", "-100.00"]


@defect(
    "D2",
    before="an answer lost after posting left no journal to find, so the entry was posted again",
    now="the general ledger is looked at after a lost answer and before every posting",
)
def answer_to_posting_lost(world: World) -> None:
    world.fail("unavailable", r"generalLedgerEntries", times=None)  # nor can we look, in this run
    lost = world.sandbox.faults.add("bc", action="apply_then_drop", path=r"NAV\.post")
    disturbed = world.export(JournalEntries=[entry("D2")])
    world.mend()

    settled = world.run("JournalEntries")

    assert lost.hits <= 1
    assert disturbed.counts == {"deferred": 1}
    assert settled.ends["D2"]["success"]
    assert world.booked("D2") == ["100.00", "-100.00"]
    assert not world.rows("journals", displayName="D2")

    lost = world.sandbox.faults.add("bc", action="apply_then_drop", path=r"NAV\.post")
    report = world.export(JournalEntries=[entry("D2b")])
    assert lost.hits == 1
    assert report.ends["D2b"]["action"] == "posted"
    assert world.booked("D2b") == ["100.00", "-100.00"]


@defect(
    "D5",
    before="the description overrode the line's own id: a changed one duplicated the line, two "
    "alike hit one line, an expense could hit an item's",
    now="one stable key per line, each line of BC claimed once",
)
def lines_keep_their_identity(world: World) -> None:
    alike = [line("1", description="Same"), line("2", description="Same", quantity=2)]
    freight = expense("3", description="Same")
    world.export(Bills=[bill("D5", *alike, expenses=[freight])])
    changed = [alike[0], alike[1] | {"description": "Another", "quantity": 4}]

    report = world.export(Bills=[bill("D5", *changed, expenses=[freight | {"amount": 6}])])

    assert report.counts == {"updated": 1}
    assert world.lines("D5", "lineType", "description", "quantity", "unitCost") == [
        ("Item", "Same", 1, 10),
        ("Item", "Another", 4, 10),
        ("Account", "Same", 1, 6),
    ]


@defect(
    "D6",
    before="took any vendor's bill with the number, so another vendor's invoice could be paid",
    now="only a posted bill of the payment's own vendor",
)
def bill_of_another_vendor(world: World) -> None:
    mine, theirs = (
        world.rows("purchaseInvoices", vendorNumber=number, status="Open")[0]
        for number in (VENDOR, OTHER_VENDOR)
    )
    for each in (theirs, mine):
        world.company.modify("purchaseInvoices", each["id"], vendorInvoiceNumber="D6")

    report = world.export(
        BillPayments=[
            payment("D6", billNumber="D6"),
            payment("D6x", billId=theirs["id"]),
            payment("D6y", vendorNumber="40000", billNumber="D6"),
        ]
    )

    assert report.counts == {"created": 1, "quarantined": 2}
    assert world.row("vendorPayments", documentNumber="D6")["appliesToInvoiceId"] == mine["id"]
    assert report.error("D6x") == report.error("D6y") == "RecordNotFound"


@defect(
    "D7",
    before="a bill without lines that should be posted was a success and stayed a draft",
    now="it fails and says so, and nothing of it is written",
)
def posting_without_lines(world: World) -> None:
    report = world.export(Bills=[bill("D7", isDraft=False) | {"lineItems": []}])

    assert not report.ends["D7"]["success"]
    assert "no lines" in report.message("D7")
    assert not world.rows("purchaseInvoices", vendorInvoiceNumber="D7")


@defect(
    "D10",
    before="dropped the currency of journals and payments, so amounts were booked as local ones",
    now="another currency than the local one is refused, because the pages cannot carry it",
)
def foreign_currency(world: World) -> None:
    owed = world.rows("purchaseInvoices", vendorNumber=VENDOR, status="Open")[0]["id"]

    report = world.export(
        JournalEntries=[
            entry("D10", currency="EUR"),
            entry("D10-line", debit(1, currencyName="Euro"), credit(1)),
            entry("D10-local", currency="gbp"),
        ],
        BillPayments=[
            payment("P10", billId=owed, currency="EUR"),
            payment("P10-local", billId=owed, currency="GBP"),
        ],
        Bills=[bill("B10-eur", currency="EUR")],
    )

    assert report.counts == {"created": 3, "quarantined": 3}
    for name in ("D10", "D10-line", "P10"):
        assert report.error(name) == "InvalidInputError"
        assert "currency" in report.message(name)
    assert not world.booked("D10")
    assert not world.rows("vendorPayments", documentNumber="P10")
    assert world.bill("B10-EUR")["currencyCode"] == "EUR", "a bill's page can"


@defect(
    "D12",
    before="trusted a transaction around posting and deleting to roll back, though posting commits",
    now="posting is a request of its own, verified in the books before the journal is deleted",
)
def posting_is_irreversible(world: World) -> None:
    world.fail("status", r"/journals\(", method="DELETE", status=500, times=None)
    first = world.export(JournalEntries=[entry("D12")])
    batches = [each for each in world.requests() if each.path.endswith("$batch")]
    world.mend()
    world.run("JournalEntries")
    world.fail("apply_then_fail", r"NAV\.post", status=500, times=2)
    said_no = world.export(JournalEntries=[entry("D12b")], Bills=[bill("D12c", isDraft=False)])

    in_batches = [op.target for each in batches for op in each.operations]
    assert not any("NAV.post" in target for target in in_batches)
    assert first.counts != {"quarantined": 1}, "it was posted"
    assert world.booked("D12") == world.booked("D12b") == ["100.00", "-100.00"]
    assert not world.rows("journals", displayName="D12b")
    assert said_no.ends["D12b"]["action"] == said_no.ends["D12c"]["action"] == "posted"
    assert world.bill("D12C")["status"] == "Open"


@defect(
    "D13",
    before="a failure halfway left a half-written draft that nothing told of",
    now="the reason names the draft that remains, and the next try completes it",
)
def half_written_draft(world: World) -> None:
    world.patch.setattr(world.company.settings, "deep_insert", False)
    small = world.row("dimensionValues", code="SMALL")
    world.company.modify("dimensionValues", small["id"], **{"#blocked": True})
    record = bill("D13", line("1", groupNumber="SMALL"), line("2"), departmentNumber="SALES")
    refused = world.export(Bills=[record])
    draft = world.bill("D13")
    world.company.modify("dimensionValues", small["id"], **{"#blocked": False})

    resumed = world.export(Bills=[record])

    assert refused.ends["D13"]["id"] == draft["id"]
    assert f"the draft {draft['number']} stays" in refused.message("D13")
    assert resumed.ends["D13"]["success"]
    ids = [id for (id,) in world.lines("D13", "id")]
    assert [world.dimensions(id).get("CUSTOMERGROUP") for id in ids] == ["SMALL", None]
    assert world.dimensions(draft["id"])["DEPARTMENT"] == "SALES"
