"""Slow: what is asked of Business Central, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import urllib3.util.connection

from bc_pipeline.business_central.lookup.reference_data import Index
from bc_pipeline.sandbox.business_central import service
from bc_pipeline_tests.to_business_central.defects.records import (
    VENDOR,
    bill,
    customer,
    line,
    payment,
)
from bc_pipeline_tests.to_business_central.defects.table import defect
from bc_pipeline_tests.to_business_central.defects.world import World

MOST_AT_ONCE = 5
"""Requests of one user that BC handles at the same time."""


@defect(
    "C1",
    before="one request for each customer or vendor",
    now="batches of up to 100",
)
def real_batches(world: World) -> None:
    records = [customer(f"C1-{n}", departmentNumber="SALES") for n in range(120)]
    world.export(Customers=records)
    made = world.operations("POST", "customers")
    new = len(world.requests())
    changed = [each | {"email": "c1@example.com", "groupNumber": "LARGE"} for each in records]

    report = world.export(Customers=changed)

    assert report.counts == {"updated": 120}
    assert len(made) == 120
    assert len({op.request for op in made}) == 2
    assert new <= 8
    assert len(world.requests()) <= 10


@defect(
    "C2",
    before="read five lists of every company at every start, whether or not anything needed them",
    now="only the company written to, only the lists present records need, in one request",
)
def only_the_lists_needed(world: World) -> None:
    nothing = world.run("Customers")
    assert nothing.counts == {}
    assert world.requests() == []

    wanted = {"currency": "EUR", "paymentMethod": "BANK", "departmentNumber": "SALES"}
    world.export(Customers=[customer(f"C2-{n}", **wanted) for n in range(3)])

    read = [
        operation
        for entity_set in ("dimensions", "currencies", "paymentMethods", "companyInformation")
        for operation in world.operations("GET", entity_set)
    ]
    assert len(read) == 4, "each once"
    assert len({operation.request for operation in read}) == 1, "together"
    assert all(world.company.id in operation.target for operation in read)
    assert not world.operations("GET", "accounts")
    assert not world.operations("GET", "locations")


@defect(
    "C3",
    before="read every bill again, with dimensions or without: 4 to 8 requests a bill",
    now="made in one request, and read again only when dimensions may have been inherited",
)
def read_again_only_if_needed(world: World) -> None:
    report = world.export(Bills=[bill(f"C3-{n}", line("1"), line("2")) for n in range(5)])

    assert report.counts == {"created": 5}
    assert len(world.operations("POST", "purchaseInvoices")) == 5
    looks = world.operations("GET", "purchaseInvoices")
    assert len({look.request for look in looks}) <= 1, "the look-up before, for all together"
    # Whose environment it is gets asked once for all runs.
    asked = [request for request in world.requests() if "/environments/" not in request.path]
    assert len(asked) <= 5 + 3


@defect(
    "C4",
    before="asked every journal, and without a payment number for all that is in it",
    now="only the journals of the records, and only for their numbers",
)
def payments_of_one_journal(world: World) -> None:
    journal = world.row("vendorPaymentJournals", code="GENERAL")["id"]
    owed = world.rows("purchaseInvoices", vendorNumber=VENDOR, status="Open")[0]["id"]
    numbered = payment("C4", billId=owed)
    unnumbered = payment("C4b", billId=owed, amount=3) | {"paymentNumber": None}

    report = world.export(BillPayments=[numbered, unnumbered])

    looks = world.operations("GET", "vendorPayments")
    assert report.counts == {"created": 2}
    assert looks
    assert all(f"vendorPaymentJournals({journal})" in look.target for look in looks)
    assert all("$filter=" in look.target for look in looks)


class _Counted(dict[str, Any]):
    """A row that counts how often anybody looks into it."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        _Counted.looks += 1
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        _Counted.looks += 1
        return super().__getitem__(key)


@defect(
    "C5",
    before="went through whole lists for each field of each record",
    now="looks things up by id, code and name",
)
def looked_up_not_searched(world: World) -> None:
    del world  # nothing is asked of anybody
    rows = [_Counted(id=f"id-{n}", number=f"N{n}", displayName=f"Account {n}") for n in range(5000)]
    accounts = Index("account", rows, "number")
    _Counted.looks = 0

    found = [
        accounts.find(**means)
        for n in range(0, 5000, 10)
        for means in ({"id": f"ID-{n}"}, {"code": f"n{n}"}, {"name": f"account {n}"})
    ]

    assert None not in found
    assert _Counted.looks <= len(found)


@defect(
    "C6",
    before="a new session, so a new connection, for every request",
    now="one session whose connections are used again",
)
def connections_are_used_again(world: World) -> None:
    opened: list[Any] = []
    connect = urllib3.util.connection.create_connection

    def counted(*arguments: Any, **options: Any) -> Any:
        opened.append(arguments)
        return connect(*arguments, **options)

    world.patch.setattr(urllib3.util.connection, "create_connection", counted)

    world.export(Bills=[bill(f"C6-{n}") for n in range(3 * MOST_AT_ONCE)])

    assert len(world.requests()) > 3 * MOST_AT_ONCE
    assert len(opened) <= MOST_AT_ONCE + 1, "and one to sign in"


@defect(
    "C7",
    before="read the first page of every look-up and ignored that there were more",
    now="every list is read to its end",
)
def all_pages(world: World) -> None:
    records = [customer(f"C7-{n}", paymentMethod="GIRO") for n in range(7)]
    world.export(Customers=records)
    changed = [each | {"groupNumber": "SMALL", "email": "c7@example.com"} for each in records]
    elsewhere = world.another()
    world.patch.setattr(service, "MAX_PAGE_SIZE", 2)

    report = elsewhere.export(Customers=changed)

    assert report.counts == {"updated": 7}
    assert len(list(_next_pages(elsewhere))) >= 3
    assert not elsewhere.operations("POST", "customers")


def _next_pages(world: World) -> Iterator[str]:
    for request in world.requests():
        if "skiptoken" in request.query:
            yield request.query
