"""Settings of writing to Business Central (mapping.md 8)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bc_pipeline.tenants.settings import Tenant

BUSINESS_CENTRAL = {
    "environment_name": "Production",
    "company": "CRONUS",
    "client_id": "app",
    "client_secret": "secret",
}
OPTIPLY = {
    "client_id": "app",
    "client_secret": "secret",
    "username": "user",
    "password": "password",
    "account_id": 1,
    "coupling_id": 2,
}


def tenant(**sections: Any) -> Tenant:
    return Tenant.model_validate(
        {
            "name": "acme",
            "snapshot_dir": Path("snapshots/acme"),
            "home": Path(),
            "business_central": BUSINESS_CENTRAL,
            "optiply": OPTIPLY,
            **sections,
        }
    )


def test_given_nothing_then_nothing_is_written_and_nothing_posted():
    exports = tenant().exports

    assert not (exports.buy_orders or exports.accounting or exports.post_documents)
    assert exports.on_line_error == "block"
    assert exports.export_line_price
    assert not exports.export_reference_number


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("on_line_error", "partial"),
        ("export_reference_number", True),
        ("export_line_price", False),
        ("export_location_id", "AMSTERDAM"),
    ],
)
def test_given_a_key_of_the_mapping_under_sync_then_it_counts_as_under_exports(
    key: str, value: object
):
    under_sync = tenant(sync={key: value, "timezone": "UTC"}, exports={"buy_orders": True})

    assert getattr(under_sync.exports, key) == value
    assert under_sync.exports.buy_orders
    assert under_sync.sync.timezone == "UTC"
    assert under_sync.exports == tenant(exports={key: value, "buy_orders": True}).exports
    with pytest.raises(ValidationError, match="under sync and under exports"):
        tenant(sync={key: value}, exports={key: value})


@pytest.mark.parametrize(
    ("given", "start"),
    [
        (None, None),
        (date(2026, 1, 2), date(2026, 1, 2)),
        ("2026-01-02", date(2026, 1, 2)),
        ("2026-01-02T10:00:00Z", datetime(2026, 1, 2, 10, tzinfo=UTC)),
        (datetime(2026, 1, 2, 10, tzinfo=UTC), datetime(2026, 1, 2, 10, tzinfo=UTC)),
    ],
)
def test_export_start_is_a_date_or_a_moment_with_its_offset(given: object, start: object):
    found = tenant(exports={"export_start": given}).exports.export_start

    assert (type(found), found) == (type(start), start)


@pytest.mark.parametrize("given", ["2026-01-02T10:00:00", datetime(2026, 1, 2), "yesterday"])
def test_export_start_without_an_offset_is_refused(given: object):
    with pytest.raises(ValidationError):
        tenant(exports={"export_start": given})


def test_given_a_typing_error_then_it_is_not_taken_for_a_default():
    with pytest.raises(ValidationError, match="post_document"):
        tenant(exports={"post_document": True})
