"""A run that stops, or a record that never gets through: connections, look-ups, set-up."""

from __future__ import annotations

from bc_pipeline.report import Launch
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.to_business_central.defects.records import (
    VENDOR,
    bill,
    customer,
    line,
    payment,
    vendor,
)
from bc_pipeline_tests.to_business_central.defects.table import defect
from bc_pipeline_tests.to_business_central.defects.world import ATTEMPTS, World


@defect(
    "B2",
    before="one company without one mapped dimension blocked all writing, in every company",
    now="only the company written to counts; of the built-in mapping only records that use it fail",
)
def dimension_missing_somewhere(world: World) -> None:
    world.map_dimensions(None)  # class -> CLASS, which the company does not have

    report = world.export(
        Customers=[
            customer("B2", departmentNumber="SALES"),
            customer("B2b", classNumber="A"),
        ]
    )

    assert report.counts == {"created": 1, "quarantined": 1}
    assert report.error("B2b") == "DimensionDefinitionNotFound"
    companies = world.sandbox.business_central.companies.values()
    other = next(each for each in companies if each is not world.company)
    assert not any(other.id in op.target for each in world.requests() for op in each.operations)
    assert not any(other.id in each.path for each in world.requests())


@defect(
    "B3",
    before="looked for the dimension before asking whether the record has a value for it",
    now="a record without a value needs no dimension",
)
def dimension_without_a_value(world: World) -> None:
    world.map_dimensions(None)

    report = world.export(
        Customers=[customer("B3", classNumber=" ", className=None)],
        Bills=[bill("B3b", line("1", classId=""))],
    )

    assert report.counts == {"created": 2}


@defect(
    "B4",
    before="a broken answer to writing customers or vendors ended the run, the buffer was lost",
    now="it is contained: what BC did is looked up, what is left waits in its file",
)
def broken_answers(world: World) -> None:
    records = [customer(f"B4-{n}") for n in range(3)]
    world.sandbox.faults.add("bc", action="not_json", method="POST", path=r"\$batch", after=1)
    assert world.export(Customers=records).counts == {"created": 3}
    world.mend()

    # Nothing ever answers after the look-up: the other entity goes on, nobody is lost.
    world.sandbox.faults.add("bc", action="drop", path=r"\$batch", writes=True, after=2, times=None)
    broken = world.export(Vendors=[vendor("B4-v")], Customers=[customer("B4-c")])
    world.mend()
    mended = world.run("Vendors", "Customers")

    assert sum(broken.counts.values()) == 2
    assert "quarantined" not in broken.counts
    assert {"B4-v", "B4-c"} == mended.ends.keys()
    assert all(end["success"] for end in mended.ends.values())
    assert world.row("vendors", number="B4-V")
    assert world.row("customers", number="B4-C")


@defect(
    "B5",
    before="knew neither 429, 503 and 504 nor Retry-After nor a time-out: a hung socket hung all",
    now="bounded retries that keep to Retry-After, and every request has an end",
)
def slow_and_throttled(world: World) -> None:
    world.configure("business_central", read_timeout_seconds=0.5)
    add = world.sandbox.faults.add
    add("bc", action="throttled", path=r"/companies(\?|$)", retry_after=0.01)
    add("bc", action="status", status=504, path=r"/companies(\?|$)")
    add("bc", action="unavailable", path=r"\$batch", retry_after=0.01)  # of look-ups only
    hung = add("bc", action="delay", path=r"/dimensions", seconds=1.5)

    report = world.export(Customers=[customer("B5", departmentNumber="SALES")])

    assert report.counts == {"created": 1}
    assert hung.hits == 1
    assert report.summary.business_central.retried >= 4
    world.mend()

    always = add("bc", action="throttled", path=r"/companies(\?|$)", retry_after=0.01, times=None)
    assert world.export(Customers=[customer("B5b")]).summary.exit_failure
    assert always.hits == ATTEMPTS
    assert len(world.waiting) == 1


@defect(
    "B9",
    before="values went into URLs as they are: 'Smith & Sons' cut the look-up at the &",
    now="percent-encoded: whatever a number contains is found again",
)
def special_characters(world: World) -> None:
    numbers = ["B9 A&B", "B9 #1", "B9 1+1", "B9 50%", "B9 É?/"]
    first = [vendor(number, vendorName=f"Smith & Sons {number}") for number in numbers]
    world.export(Vendors=first)

    report = world.another().export(
        Vendors=[{**each, "website": "b9.example"} for each in first],
        Bills=[bill("B9b", vendorNumber=None, vendorName="Smith & Sons B9 A&B")],
    )

    assert report.counts == {"updated": len(numbers), "created": 1}
    assert {world.row("vendors", number=number)["website"] for number in numbers} == {"b9.example"}
    assert world.bill("B9B")["vendorNumber"] == "B9 A&B"


@defect(
    "B10",
    before="did not double the quote in payment numbers, so O'Brien broke the look-up",
    now="one filter builder for all",
)
def quotes(world: World) -> None:
    owed = _open_bill(world)
    world.export(BillPayments=[payment("B10'S", billId=owed)])

    report = world.another().export(BillPayments=[payment("B10'S", billId=owed, amount=99)])

    assert report.counts == {"updated": 1}
    assert world.row("vendorPayments", documentNumber="B10'S")["amount"] == 99


@defect(
    "B11",
    before="took the first of its configuration files, so environment or dict alone crashed it",
    now="settings may come from the file, from the environment or as a dict",
)
def configuration_from_anywhere(world: World) -> None:
    world.patch.setenv("B11_SECRET", "cronus-client-secret")
    world.configure("business_central", client_secret={"env": "B11_SECRET"})
    assert world.export(Customers=[customer("B11")]).counts == {"created": 1}

    tenant = Tenant.model_validate(world.installation.tenant(world.name).model_dump())
    summary = run_tenant(tenant, Launch(entities=("outbound/customers",)))
    assert summary.status == "success"


@defect(
    "B12",
    before="compared exactly although BC capitalises codes: cust01 was 'not found', then collided",
    now="numbers and codes regardless of case, ids regardless of case and braces",
)
def upper_and_lower_case(world: World) -> None:
    world.export(Customers=[customer("B12-CUST01")])
    id = world.row("customers", number="B12-CUST01")["id"]

    report = world.another().export(
        Customers=[
            customer("b12-cust01", companyName="Second", departmentNumber="sales"),
            {"externalId": "B12c", "id": f"{{{id.upper()}}}", "website": "b12.example"},
        ],
        Bills=[bill("B12b", line("1", item="1896-s", locationNumber="east"))],
    )

    assert report.counts == {"updated": 2, "created": 1}
    row = world.row("customers", number="B12-CUST01")
    assert (row["displayName"], row["website"]) == ("Second", "b12.example")
    assert world.default_dimensions(id)["DEPARTMENT"] == "SALES"


@defect(
    "B13",
    before="accepted billExternalId but never looked for it, so such payments always failed",
    now="it is looked for",
)
def bill_by_external_id(world: World) -> None:
    world.company.modify("purchaseInvoices", _open_bill(world), vendorInvoiceNumber="B13-EXT")

    report = world.export(BillPayments=[payment("B13", billExternalId="b13-ext")])

    assert report.counts == {"created": 1}
    paid = world.row("vendorPayments", documentNumber="B13")["appliesToInvoiceId"]
    assert paid == world.bill("B13-EXT")["id"]


def _open_bill(world: World) -> str:
    """Id of a posted bill of the usual vendor that nobody has paid."""
    return str(world.rows("purchaseInvoices", vendorNumber=VENDOR, status="Open")[0]["id"])
