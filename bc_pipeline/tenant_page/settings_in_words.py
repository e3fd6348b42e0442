"""A tenant's settings in short: what decides how it works. No secret, nor what leads to one."""

from __future__ import annotations

from collections.abc import Callable

from bc_pipeline.tenants.settings import Tenant


def _on(value: bool) -> str:
    return "on" if value else "off"


def _buy_orders(tenant: Tenant) -> str:
    exports = tenant.exports
    if not exports.buy_orders:
        return "off"
    return f"on, placed since {exports.export_start}" if exports.export_start else "on"


def _stock_every(tenant: Tenant) -> str:
    minutes = tenant.sync.stock_every_minutes
    return f"every {minutes} minutes" if minutes else "with the half-hourly runs only"


def _alerts(tenant: Tenant) -> str:
    # An address is as good as a password; its scheme says what it is.
    return ", ".join(address.scheme for address in tenant.alerts) or "nobody is told"


_SHOWN: tuple[tuple[str, Callable[[Tenant], str]], ...] = (
    ("Company", lambda t: t.business_central.company),
    ("Environment", lambda t: t.business_central.environment_name),
    ("Optiply account", lambda t: str(t.optiply.account_id)),
    ("Locations whose stock counts", lambda t: ", ".join(t.sync.locations) or "all"),
    ("Stock comes from", lambda t: t.sync.stock_source),
    ("Open sales orders are taken off", lambda t: _on(t.sync.deduct_sales_orders)),
    ("Stock is looked at", _stock_every),
    ("Stock may be", lambda t: f"{t.sync.stock_late_after_minutes} minutes old"),
    ("Variants", lambda t: f"one product per {t.sync.variant_mode}"),
    ("Sell orders come from", lambda t: t.sync.sell_order_source),
    ("Buy orders to Business Central", _buy_orders),
    ("Accounting to Business Central", lambda t: _on(t.exports.accounting)),
    ("Documents are posted", lambda t: _on(t.exports.post_documents)),
    ("Alerts go to", _alerts),
    ("History stays", lambda t: f"{t.retention.history_days} days"),
)


def in_words(tenant: Tenant) -> list[tuple[str, str]]:
    """What and how, in the order of the page."""
    return [(name, value(tenant)) for name, value in _SHOWN]
