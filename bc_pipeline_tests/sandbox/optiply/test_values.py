"""Checks of single values by the played Optiply (optiply.md 2, 6, 9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.sandbox.optiply import ApiError
from bc_pipeline.sandbox.optiply.schema import RESOURCES
from bc_pipeline.sandbox.optiply.values import decode


def decoded(resource: str, name: str, raw: Any) -> Any:
    return decode(RESOURCES[resource].attributes[name], raw)


@pytest.mark.parametrize(
    ("resource", "name", "raw", "stored"),
    [
        ("products", "price", 12, "12.00"),
        ("products", "price", "12.5", "12.50"),
        ("products", "price", Decimal("999999999.99"), "999999999.99"),
        ("products", "stockLevel", -5, -5),
        ("products", "minimumStock", Decimal("2.5"), 2.5),
        ("products", "minimumStock", 2, 2),
        ("products", "skuCode", None, None),
        ("products", "createdAtRemote", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"),
        ("products", "createdAtRemote", "2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00Z"),
        ("products", "createdAtRemote", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("suppliers", "emails", ["a@b.nl", "c.d+e@f.co.uk"], ["a@b.nl", "c.d+e@f.co.uk"]),
        ("suppliers", "deliveryTime", 365, 365),
        ("suppliers", "deliveryTime", None, None),
        ("supplierProducts", "productId", "17", 17),
        ("supplierProducts", "costPrice", Decimal("1.005"), "1.01"),
    ],
)
def test_given_a_good_value_then_it_is_stored_as_it_is_read_back(
    resource: str, name: str, raw: Any, stored: Any
):
    value = decoded(resource, name, raw)
    assert (value, type(value)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("resource", "name", "raw", "told"),
    [
        ("products", "name", None, "null"),
        ("products", "name", "x" * 256, "255"),
        ("products", "name", "  ", "blank"),
        ("products", "name", 5, "string"),
        ("products", "stockLevel", "5", "integer"),
        ("products", "stockLevel", Decimal("5.5"), "integer"),
        ("products", "stockLevel", True, "integer"),
        ("products", "stockLevel", 10_000_000, "at most"),
        ("products", "stockLevel", -(10**30), "out of range"),
        ("products", "minimumStock", Decimal("1e400"), "out of range"),
        ("products", "createdAtRemote", "0001-01-01T00:00:00+14:00", "out of range"),
        ("products", "unlimitedStock", 1, "true or false"),
        ("products", "price", -1, "at least"),
        ("products", "price", "1000000000", "at most"),
        ("products", "price", Decimal("1.234"), "2 decimals"),
        ("products", "price", "NaN", "finite"),
        ("products", "price", "1e30", "out of range"),
        ("products", "price", "cheap", "number"),
        ("products", "price", True, "number"),
        ("products", "status", "ENABLED", "one of"),
        ("products", "status", None, "null"),
        ("products", "stockMeasurementUnit", "kilograms!!", "10"),
        ("products", "createdAtRemote", "2026-01-01", "date-time"),
        ("products", "createdAtRemote", "2026-13-01T00:00:00Z", "date-time"),
        ("products", "createdAtRemote", "2026-01-01T00:00:00", "offset"),
        ("suppliers", "deliveryTime", 0, "at least"),
        ("suppliers", "deliveryTime", 366, "at most"),
        ("suppliers", "emails", "a@b.nl", "list"),
        ("suppliers", "emails", ["a@b.nl;c@d.nl"], "a@b.nl;c@d.nl is not a valid address"),
        ("suppliers", "emails", ["nobody"], "nobody is not a valid address"),
        ("suppliers", "emails", [""], "is not a valid address"),
        ("suppliers", "globalLocationNumber", "12345678901234", "13"),
        ("suppliers", "globalLocationNumber", "123456789012", "13"),
        ("suppliers", "lostSalesReaction", 2, "one of"),
        ("suppliers", "type", "friend", "one of"),
        ("supplierProducts", "lotSize", 0, "at least"),
        ("supplierProducts", "minimumPurchaseQuantity", 0, "at least"),
        ("supplierProducts", "productId", "x", "integer"),
        ("productCompositions", "partQuantity", 0, "at least"),
    ],
)
def test_given_a_bad_value_then_400_names_the_attribute_and_the_rule(
    resource: str, name: str, raw: Any, told: str
):
    with pytest.raises(ApiError) as refused:
        decoded(resource, name, raw)
    assert refused.value.status == 400
    assert refused.value.message.startswith(f"{name}: ")
    assert told in refused.value.message


@given(st.decimals(min_value=0, max_value=Decimal("999999999.99"), places=2))
def test_given_any_amount_of_2_decimals_then_it_is_stored_exactly(amount: Decimal):
    assert Decimal(decoded("products", "price", amount)) == amount
    assert decoded("products", "price", str(amount)) == decoded("products", "price", amount)
