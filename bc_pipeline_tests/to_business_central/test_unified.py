"""Unified records: what they mean survives being kept and sent again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.inbox.records import Reading, read_record
from bc_pipeline.to_business_central.unified import as_payload, payload_hash
from bc_pipeline.to_business_central.writers import STREAMS

READING = Reading(frozenset({"class", "department"}))
TEXT = st.one_of(st.none(), st.text(max_size=8))
AMOUNT = st.one_of(
    st.none(),
    st.integers(-(10**9), 10**9),
    st.decimals(-(10**9), 10**9, places=4),
    st.decimals(-(10**6), 10**6, places=2).map(str),
)
LINES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "externalId": TEXT,
            "quantity": AMOUNT,
            "unitPrice": AMOUNT,
            "classNumber": TEXT,
            "dimensions": st.lists(st.fixed_dictionaries({"number": TEXT, "value": TEXT})),
        },
    ),
    max_size=3,
)
BILLS = st.fixed_dictionaries(
    {},
    optional={
        "externalId": TEXT,
        "billNumber": TEXT,
        "isDraft": st.one_of(st.none(), st.booleans()),
        "issueDate": st.one_of(st.none(), st.dates().map(str), st.datetimes().map(str)),
        "departmentId": TEXT,
        "lineItems": LINES,
    },
)


@given(BILLS)
def test_a_record_sent_again_from_what_was_kept_is_the_same_record(fields: dict[str, Any]):
    stream = STREAMS["purchase_invoices"]
    record, _ = read_record(stream, fields, READING)

    again, dropped = read_record(stream, as_payload(record), READING)

    assert not dropped
    assert payload_hash(again) == payload_hash(record)
    assert stream.key(again) == stream.key(record)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"amount": "1.50"}, {"amount": Decimal("1.5")}, True),
        ({"amount": 100}, {"amount": "1E+2"}, True),
        ({"amount": "0.1"}, {"amount": 0.1}, True),
        ({"amount": 0}, {}, False),
        ({"journalId": None}, {"journalId": " "}, True),
        ({"paymentDate": "2026-01-31"}, {"paymentDate": "2026-01-31T00:00:00+01:00"}, True),
        ({"transactionNumber": 10000}, {"transactionNumber": "10000"}, True),
        ({"amount": "1.50"}, {"amount": "1.51"}, False),
    ],
)
def test_records_that_mean_the_same_have_one_hash(
    one: dict[str, Any], other: dict[str, Any], same: bool
):
    stream = STREAMS["vendor_payments"]

    hashes = {payload_hash(read_record(stream, fields, READING)[0]) for fields in (one, other)}

    assert (len(hashes) == 1) == same
