"""The settings of a tenant about writing to Business Central."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field, field_validator

from bc_pipeline.tenants.base import Settings

EXPORT_KEYS_OF_SYNC = (
    "on_line_error",
    "export_reference_number",
    "export_line_price",
    "export_location_id",
)
"""Of these, the ones that may also stand under ``sync``, where mapping.md 8 has them."""


class ExportSettings(Settings):
    """Writing to Business Central; everything is off until switched on."""

    buy_orders: bool = Field(False, description="Optiply's buy orders become purchase orders")
    export_start: datetime | date | None = Field(
        None,
        description="Buy orders placed before are never exported; by default the midnight "
        "(tenant's time zone) of the day exports first ran",
    )
    accounting: bool = Field(False, description="Files in outbound/ are written")
    post_documents: bool = Field(
        False, description="false: bills and journals stay drafts, whatever isDraft says"
    )
    on_line_error: Literal["block", "partial"] = Field(
        "block",
        description="A buy order with a line that cannot be written: all waits, or the "
        "rest is written",
    )
    export_reference_number: bool = Field(
        False, description="Number the purchase order OP-<id>, where the company allows it"
    )
    export_line_price: bool = Field(True, description="Send the unit cost")
    export_location_id: str | None = Field(
        None, description="Id or code of the location of all lines"
    )
    send_posting_date: bool = Field(False, description="postingDate is the order date")
    vendor_by_number: bool = Field(
        True, description="A supplier without remoteId is found by its vendor number"
    )
    marker_field: str | None = Field(
        None, description="Writable header property of an extension that carries OP-<id>"
    )
    buy_order_dimensions: dict[str, str] = Field(
        {},
        description="Mapped prefix of tenant-config.json -> value code on every purchase order",
    )
    delete_missing_lines: bool = Field(
        False, description="Delete lines a draft bill has lost; otherwise they are only reported"
    )

    @field_validator("export_start", mode="before")
    @classmethod
    def _plain_date(cls, value: object) -> object:
        """A text that is a date only does not mean its midnight in UTC; a number is no date."""
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
            raise ValueError("a date such as 2026-01-31, or a date-time with its offset")
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value

    @field_validator("export_start")
    @classmethod
    def _moment_with_a_zone(cls, value: datetime | date | None) -> datetime | date | None:
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError("a date, or a date-time with its offset such as +01:00 or Z")
        return value
