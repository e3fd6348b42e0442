"""Fragile: dimensions, order, drafts, deletions, and what the run says of itself."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from bc_pipeline.business_central.lookup import dimension_parts, dimensions, reference_data
from bc_pipeline_tests.to_business_central.defects.records import (
    bill,
    customer,
    entry,
    line,
    payment,
    vendor,
)
from bc_pipeline_tests.to_business_central.defects.table import defect
from bc_pipeline_tests.to_business_central.defects.world import World


@defect(
    "C8",
    before="overwrote the name it was looping over, harmless only because it was the last use",
    now="no loop of the dimension code rebinds its variable, and all prefixes of a record count",
)
def loop_variables(world: World) -> None:
    europe = next(row for row in world.rows("dimensionValues") if row["displayName"] == "Europe")
    fields = {"departmentNumber": "SALES", "groupName": "Small Business", "areaId": europe["id"]}

    world.export(Customers=[customer("C8", **fields)])

    id = world.row("customers", number="C8")["id"]
    expected = {"DEPARTMENT": "SALES", "CUSTOMERGROUP": "SMALL", "AREA": europe["code"]}
    assert world.default_dimensions(id) == expected
    for module in (dimension_parts, dimensions, reference_data):
        assert list(_rebound(ast.parse(inspect.getsource(module)))) == []
    assert list(_rebound(ast.parse("for a in b:\n    a = 1"))) == ["a"]


def _rebound(tree: ast.AST) -> Iterator[str]:
    """Loop variables that are assigned inside their loop."""
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For):
            names = _stored(loop.target)
            for statement in loop.body:
                yield from sorted(names & _stored(statement))


def _stored(tree: ast.AST) -> set[str]:
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


@defect(
    "C9",
    before="sent a default dimension given in both places twice, and saw no duplicates in a list",
    now="sent once; two different values for one dimension are an error of the record",
)
def dimensions_given_twice(world: World) -> None:
    alike = [
        {"number": "department", "value": "Sales"},
        {"name": "Department", "valueNumber": "sales"},
    ]
    other = [{"number": "DEPARTMENT", "valueNumber": "ADM"}]

    report = world.export(
        Customers=[
            customer("C9", departmentNumber="SALES", dimensions=alike),
            customer("C9x", departmentNumber="SALES", dimensions=other),
            customer("C9y", dimensions=[*alike, *other]),
        ],
        Bills=[bill("C9b", departmentNumber="SALES", dimensions=other)],
    )

    (post,) = world.operations("POST", "customers")
    assert len(post.body["defaultDimensions"]) == 1
    assert report.counts == {"created": 1, "quarantined": 3}
    assert {report.error(name) for name in ("C9x", "C9y", "C9b")} == {"InvalidDimensionValue"}


@defect(
    "C10",
    before="one pass over all dimensions: an earlier one matching by name beat a later one by id",
    now="by id over all, else by code over all, else by name",
)
def id_before_name(world: World) -> None:
    group, area = (world.row("dimensions", code=code) for code in ("CUSTOMERGROUP", "AREA"))
    value = world.rows("dimensionValues", dimensionId=area["id"])[0]["code"]
    # Each is named by its id and by the other's name: whichever comes first in BC's list.
    by_id = {"C10a": (group, "Area", "LARGE"), "C10b": (area, "Customer Group", value)}

    report = world.export(
        Customers=[
            customer(id, dimensions=[{"id": meant["id"], "name": name, "valueNumber": code}])
            for id, (meant, name, code) in by_id.items()
        ]
    )

    assert report.counts == {"created": 2}
    ids = [world.row("customers", number=number)["id"] for number in ("C10A", "C10B")]
    assert world.default_dimensions(ids[0]) == {"CUSTOMERGROUP": "LARGE"}
    assert world.default_dimensions(ids[1]) == {"AREA": value}


@defect(
    "C11",
    before="a phone or address without a type was a KeyError; vendors got the shipping address",
    now="types may be missing; vendors get the billing address, customers the shipping one",
)
def types_of_phones_and_addresses(world: World) -> None:
    two = [{"addressType": "shipping", "city": "Leeds"}, {"addressType": "billing", "city": "York"}]
    untyped = {"phoneNumbers": [{"phoneNumber": "1"}], "addresses": [{"city": "Bath"}]}
    phones = [{"type": "mobile", "phoneNumber": "1"}, {"type": "unknown", "phoneNumber": "2"}]

    report = world.export(
        Vendors=[vendor("C11", addresses=two, phoneNumbers=phones), vendor("C11b", **untyped)],
        Customers=[customer("C11c", addresses=two), customer("C11d", **untyped)],
    )

    def stands(entity_set: str, number: str) -> tuple[str, str]:
        row = world.row(entity_set, number=number)
        return row["city"], row["phoneNumber"]

    assert report.counts == {"created": 4}
    assert stands("vendors", "C11") == ("York", "2")
    assert stands("vendors", "C11B") == stands("customers", "C11D") == ("Bath", "1")
    assert stands("customers", "C11C") == ("Leeds", "")


@defect(
    "C15",
    before="wrote all entities at the same time: a bill might come before its new vendor",
    now="vendors before bills before payments",
)
def order_of_entities(world: World) -> None:
    report = world.export(
        BillPayments=[payment("C15p", vendorNumber="C15", billNumber="C15b")],
        Bills=[bill("C15b", vendorNumber="C15", isDraft=False)],
        Vendors=[vendor("C15")],
    )

    assert report.counts == {"created": 3}
    paid = world.row("vendorPayments", documentNumber="C15P")["appliesToInvoiceId"]
    assert paid == world.bill("C15B")["id"]


@defect(
    "C16",
    before="two new customers with one number in one buffer were both POSTed",
    now="the second one is refused, naming the first",
)
def one_number_twice(world: World) -> None:
    report = world.export(
        Customers=[
            customer("C16a", customerNumber="C16"),
            customer("C16b", customerNumber="c16", companyName="Second"),
        ]
    )

    assert report.counts == {"created": 1, "quarantined": 1}
    assert len(world.operations("POST", "customers")) == 1
    assert world.row("customers", number="C16")["displayName"] == "Customer C16a"
    assert report.error("C16b") == "DuplicatedRecord"
    assert "C16a" in report.message("C16b")


@defect(
    "C19",
    before="a bill or journal that did not say isDraft was posted",
    now="it stays a draft; posting is opted in by the tenant and by the record",
)
def drafts_by_default(world: World) -> None:
    world.export(Bills=[bill("C19", isDraft=None)], JournalEntries=[entry("C19j", isDraft=None)])
    world.configure("exports", post_documents=False)
    world.export(Bills=[bill("C19b", isDraft=False)])

    assert world.bill("C19")["status"] == world.bill("C19B")["status"] == "Draft"
    assert len(world.rows("journals", displayName="C19j")) == 1
    assert not world.booked("C19j")


@defect(
    "C20",
    before="lines removed upstream stayed in BC, and nobody was told",
    now="they are reported, and deleted from a draft where the tenant wants that",
)
def removed_lines(world: World) -> None:
    world.export(Bills=[bill("C20", line("1"), line("2", quantity=2))])
    told = world.export(Bills=[bill("C20", line("2", quantity=2))])
    left = world.lines("C20", "quantity")
    world.configure("exports", delete_missing_lines=True)

    world.export(Bills=[bill("C20", line("2", quantity=3))])

    assert any(problem.remote_id == "C20" for problem in told.summary.problems), "reported"
    assert left == [(1,), (2,)]
    assert world.lines("C20", "quantity") == [(3,)]


@defect(
    "C21",
    before="exit code 0 even when every record had failed",
    now="an entity none of whose records could be written fails the run; counts tell the rest",
)
def exit_code(world: World) -> None:
    bad = [customer(f"C21-{n}", departmentNumber="NONE") for n in range(2)]

    all_bad = world.export(Customers=bad)
    some_bad = world.export(Customers=[*bad, customer("C21")])

    assert all_bad.summary.exit_failure
    assert all_bad.counts == {"quarantined": 2}
    assert not some_bad.summary.exit_failure
    assert some_bad.summary.status == "partial"
    assert some_bad.counts == {"created": 1, "quarantined": 2}
