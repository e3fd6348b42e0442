"""Set-up of a company that the API does not show but that decides what may be written.

Tests change these attributes on ``company.settings``; they are not part of any table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

PropertyOrder = Literal["page", "json"]
DefaultQuantity = Literal["Remainder", "Blank"]

# What a configuration template gives a new record, by entity set (rules.md 0.9). Facts the API
# does not show have names starting with "#".
DEFAULT_TEMPLATES: Mapping[str, Mapping[str, Any]] = {
    "customers": {
        "#generalBusinessPostingGroup": "DOMESTIC",
        "#vatBusinessPostingGroup": "DOMESTIC",
        "#customerPostingGroup": "DOMESTIC",
    },
    "vendors": {
        "#generalBusinessPostingGroup": "DOMESTIC",
        "#vatBusinessPostingGroup": "DOMESTIC",
        "#vendorPostingGroup": "DOMESTIC",
    },
}


# The lists of Optiply's extension.
EXTENSION_PAGES = frozenset(("inventoryByLocations", "bomComponents"))


@dataclass
class CompanySettings:
    """Switches of one company.

    Attributes:
        number_series: entity set -> series of ``changes.numbers`` that numbers new records; a
            missing one is a set-up without series (rules.md 0.6).
        manual_numbers: entity sets whose series lets people give numbers themselves.
        templates: entity set -> what a new record gets when nothing was sent; without one its
            posting groups stay empty (rules.md 0.9).
        deep_insert: whether a POST may carry children. Some environments refuse it.
        writable: entity set -> read-only properties that can be written in this environment, such
            as ``number`` of ``purchaseOrders``.
        global_dimensions: codes of the global dimensions, at most two (rules.md 8.7).
        line_dimensions_win: default dimension priorities rank items and accounts before vendors,
            so that a line's own value beats the one its document inherited (5.13).
        vendor_invoice_number_mandatory: Ext. Doc. No. Mandatory of the purchase set-up (3.18).
        posting_allowed_from, posting_allowed_to: range of allowed posting dates, None: no limit.
        default_quantity_to_receive, default_quantity_to_ship: ``Remainder`` or ``Blank`` (4.13).
        prevent_negative_inventory: posting refuses to ship more than there is (11.7).
        property_order: in which order the properties of a body are applied: that of the page's
            controls (``page``), or that of the body (``json``). Microsoft documents neither
            (behaviour.md 4).
        analytics: whether the app with the Analytics API is installed (platform 2).
        system_version: such as ``30.0.1.0``; see ``versions`` for what depends on it.
        extension_pages: names of published pages that are an extension's own.
    """

    number_series: dict[str, str] = field(
        default_factory=lambda: {"customers": "customer", "vendors": "vendor", "items": "item"}
    )
    manual_numbers: set[str] = field(default_factory=lambda: {"customers", "vendors", "items"})
    templates: dict[str, Mapping[str, Any]] = field(default_factory=lambda: dict(DEFAULT_TEMPLATES))
    deep_insert: bool = True
    writable: dict[str, set[str]] = field(default_factory=dict)
    global_dimensions: tuple[str, ...] = ("DEPARTMENT",)
    line_dimensions_win: bool = False
    vendor_invoice_number_mandatory: bool = True
    posting_allowed_from: date | None = None
    posting_allowed_to: date | None = None
    default_quantity_to_receive: DefaultQuantity = "Remainder"
    default_quantity_to_ship: DefaultQuantity = "Remainder"
    prevent_negative_inventory: bool = False
    property_order: PropertyOrder = "page"
    analytics: bool = True
    system_version: str = "29.0.0.0"
    extension_pages: frozenset[str] = EXTENSION_PAGES

    def change(self, values: Mapping[str, Any]) -> None:
        """Sets switches by name, as the control surface gives them: text, booleans, dates as text.

        Raises:
            ValueError: no such switch, or a value it does not take; nothing is changed.
        """
        readers = {name: _READERS[name] for name in values if name in _READERS}
        if unknown := sorted(values.keys() - readers.keys()):
            raise ValueError(f"no setting {', '.join(unknown)}; there are {', '.join(_READERS)}")
        read = {name: readers[name](name, value) for name, value in values.items()}
        for name, value in read.items():
            setattr(self, name, value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} is true or false, not {value!r}")
    return value


def _day(name: str, value: object) -> date | None:
    return None if value is None else date.fromisoformat(str(value))


def _version(name: str, value: object) -> str:
    if not re.fullmatch(r"\d+(\.\d+){3}", str(value)):
        raise ValueError(f"{name} looks like 30.0.1.0, not {value!r}")
    return str(value)


def _names(name: str, value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{name} is a list of names, not {value!r}")
    return EXTENSION_PAGES | set(value)


def _one_of(allowed: object) -> Callable[[str, object], str]:
    def read(name: str, value: object) -> str:
        if value not in get_args(allowed):
            raise ValueError(f"{name} is one of {', '.join(get_args(allowed))}, not {value!r}")
        return str(value)

    return read


_READERS: Mapping[str, Callable[[str, object], Any]] = {
    "analytics": _flag,
    "system_version": _version,
    "extension_pages": _names,
    "deep_insert": _flag,
    "line_dimensions_win": _flag,
    "vendor_invoice_number_mandatory": _flag,
    "posting_allowed_from": _day,
    "posting_allowed_to": _day,
    "default_quantity_to_receive": _one_of(DefaultQuantity),
    "default_quantity_to_ship": _one_of(DefaultQuantity),
    "prevent_negative_inventory": _flag,
    "property_order": _one_of(PropertyOrder),
}
