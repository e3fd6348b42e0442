"""Wrong books or lost truth: customers, vendors, and answers that are none."""

from __future__ import annotations

from bc_pipeline_tests.to_business_central.defects.records import bill, customer, line
from bc_pipeline_tests.to_business_central.defects.table import defect
from bc_pipeline_tests.to_business_central.defects.world import ATTEMPTS, World


@defect(
    "D3",
    before="matched answers by position: a throttled first one gave record 1 the id of record 2 "
    "and record 3 none",
    now="answers are matched by part id, and every record has exactly one end",
)
def answers_find_their_records(world: World) -> None:
    world.fail("throttled", r"/customers$", method="POST")
    refused = customer("D3b", phoneNumbers=[{"phoneNumber": "letters"}])

    report = world.export(Customers=[customer("D3a"), refused, customer("D3c")])

    assert [line["line"] for line in report.ends.values()] == [1, 2, 3]
    assert report.counts == {"created": 2, "quarantined": 1}
    for name in ("D3a", "D3c"):
        row = world.row("customers", number=name.upper())
        assert report.ends[name]["id"] == row["id"]
        assert row["displayName"] == f"Customer {name}"
    assert "letters" in report.message("D3b")


@defect(
    "D4",
    before="a throttled or failed look-up counted as 'nothing exists', so everything was POSTed",
    now="a failed look-up holds the records; their file waits",
)
def failed_look_up(world: World) -> None:
    world.export(Customers=[customer("D4")], Bills=[bill("D4b")])
    elsewhere = world.another()
    world.fail("unavailable", r"/(customers|purchaseInvoices|vendors)\?", method="GET", times=None)

    held = elsewhere.export(Customers=[customer("D4", email="d4@example.com")], Bills=[bill("D4b")])

    assert held.counts == {"deferred": 2}
    assert len(elsewhere.waiting) == 2
    assert not elsewhere.operations("POST", "customers")
    assert not elsewhere.operations("POST", "purchaseInvoices")
    world.mend()
    assert elsewhere.run("Customers", "Bills").counts == {"updated": 1, "unchanged": 1}
    assert world.row("customers", number="D4")["email"] == "d4@example.com"
    assert world.bill("D4B")


@defect(
    "D8",
    before="always sent the type, so an update without isPerson made a Person a Company",
    now="only what the record has is sent",
)
def type_not_given(world: World) -> None:
    world.export(Customers=[customer("D8", isPerson=True)])

    report = world.export(Customers=[customer("D8", email="d8@example.com")])

    assert report.counts == {"updated": 1}
    assert world.row("customers", number="D8")["type"] == "Person"
    assert all("type" not in op.body for op in world.operations("PATCH", "customers"))


@defect(
    "D9",
    before="a partial address emptied the parts it did not have",
    now="missing parts stay as they are",
)
def partial_address(world: World) -> None:
    whole = {"line1": "Street 1", "line2": "2nd floor", "city": "Leeds", "postalCode": "LS1 1UR"}
    world.export(Customers=[customer("D9", addresses=[{"addressType": "shipping", **whole}])])

    world.export(Customers=[customer("D9", addresses=[{"city": "York"}])])

    row = world.row("customers", number="D9")
    parts = ("addressLine1", "addressLine2", "city", "postalCode")
    assert [row[name] for name in parts] == ["Street 1", "2nd floor", "York", "LS1 1UR"]


@defect(
    "D11",
    before="did not look at the status of the outer answer: 429 gave false reasons such as "
    "'company not found', or silence",
    now="it is checked: repeated, and when it stays, told as what it is; nothing is lost",
)
def status_of_the_answer(world: World) -> None:
    world.sandbox.faults.add(
        "bc", action="throttled", path=r"\$batch", retry_after=0.01, times=ATTEMPTS - 1
    )
    passing = world.export(Customers=[customer("D11")])
    assert passing.counts == {"created": 1}
    world.mend()

    paths = (r"/companies(\?|$)", r"/dimensions\?", r"\$batch")
    for name, path in zip(("D11a", "D11b", "D11c"), paths, strict=True):
        world.fail("throttled", path, retry_after=0.01, times=None)
        report = world.export(Customers=[customer(name, departmentNumber="SALES")])
        world.mend()

        assert report.ends == {}, "no false end"
        assert "429" in report.reasons or "throttl" in report.reasons.lower()
        assert "NotFound" not in report.reasons
        assert world.run("Customers").ends[name]["success"]

    # No access to one part of a batch says nothing about the record either.
    world.fail("expired_token", r"/dimensionSetLines", times=None)
    held = world.export(Bills=[bill("D11d", line("1", groupNumber="LARGE"))])
    world.mend()
    assert held.counts == {"deferred": 1}
    assert world.run("Bills").ends["D11d"]["success"]
