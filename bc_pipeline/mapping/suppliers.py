"""Vendors of Business Central as suppliers of Optiply (mapping.md 3)."""

from __future__ import annotations

from bc_pipeline.mapping import known
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.mapping.values import literal
from bc_pipeline.tenants.settings import SyncOptions

_ADDRESS = (
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*[a-z0-9]"
)
"""What counts as a valid address, in lower case; Optiply refuses anything else (optiply.md 4)."""


def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
    """SQL of ``optiply.suppliers``.

    Lead times stay out: the standard API has none on vendors, and what a user set in Optiply must
    survive (mapping.md 3).
    """
    del inputs
    return Plan(
        steps={"m_vendors": _VENDORS},
        wanted=f"""
            SELECT v.vendor_id AS remote_id, v.number AS reference,
                CASE WHEN v.name IS NULL THEN 'quarantine'
                    WHEN v.ignored AND NOT {_ordered_from(options)} THEN 'update_only'
                    ELSE 'write' END AS decision,
                CASE WHEN v.name IS NULL THEN 'the vendor has neither a name nor a number'
                    WHEN v.ignored AND NOT {_ordered_from(options)}
                        THEN 'the vendor is blocked and no open order refers to it'
                    END AS reason,
                v.modified AS source_modified_at, {known.SUPPLIER_EXTRA} AS extra,
                v.name, nullif(v.valid, []) AS emails, NULL AS deliveryTime, v.ignored,
                'vendor' AS type
            FROM m_vendors v
        """,
        warnings=(_INVALID_EMAIL,),
    )


_VENDORS = f"""
    WITH split AS (
        SELECT v.*, list_transform(string_split_regex(coalesce(v.email, ''), '[;,]'),
            lambda part: lower(code(part))) AS parts
        FROM bc.vendors v
    ), distinct_parts AS (
        SELECT *, list_filter(parts, lambda part, place:
            part IS NOT NULL AND list_position(parts, part) = place) AS addresses
        FROM split
    )
    SELECT guid(id) AS vendor_id, code(number) AS number,
        coalesce(text(displayName), text(number)) AS name,
        list_filter(addresses, lambda a: regexp_full_match(a, {literal(_ADDRESS)})) AS valid,
        list_filter(addresses, lambda a: NOT regexp_full_match(a, {literal(_ADDRESS)})) AS invalid,
        coalesce(member(blocked) = 'All', false) AS ignored,
        stamp(lastModifiedDateTime) AS modified
    FROM distinct_parts
"""

_INVALID_EMAIL = """
    SELECT vendor_id AS remote_id, 'invalid_email' AS kind,
        'vendor ' || number || ': left out ' || array_to_string(invalid, ', ') AS message,
        1 AS count
    FROM m_vendors WHERE len(invalid) > 0
"""


def _ordered_from(options: SyncOptions) -> str:
    statuses = ", ".join(literal(status) for status in options.buy_order_statuses)
    return f"""v.vendor_id IN (
        SELECT guid(vendorId) FROM bc.purchase_orders
        WHERE member(status) IN ({statuses}) AND guid(vendorId) IS NOT NULL)"""
