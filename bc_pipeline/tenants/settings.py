"""The configuration of a tenant, as written in ``tenants.yaml`` (one Business Central company and
one Optiply account). Pure data: reading the file, defaults and secrets is ``registry.py``.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from bc_pipeline.tenants.alert_settings import Addresses
from bc_pipeline.tenants.base import Settings
from bc_pipeline.tenants.export_settings import EXPORT_KEYS_OF_SYNC, ExportSettings
from bc_pipeline.tenants.retention_settings import RetentionSettings
from bc_pipeline.tenants.urls import checked

TENANT_KEY_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"

SellOrderSource = Literal["sales_invoices", "sales_orders", "sales_shipments"]
StockSource = Literal["auto", "items", "analytics", "extension"]
PurchaseOrderStatus = Literal["Draft", "In Review", "Open"]
_YES_OR_NO = TypeAdapter(bool)

Address = Annotated[str, AfterValidator(checked)]
"""Where a system is reached; ``http`` only on this machine."""


class BusinessCentralSettings(Settings):
    """How to reach one Business Central company."""

    environment_name: str = Field(description="Exact name of the environment, e.g. Production")
    entra_tenant: str = Field("common", description="Microsoft Entra tenant: common, id or domain")
    company: str = Field(
        description="Id, name or display name of the company; exactly one must match"
    )
    client_id: str = Field(description="Application (client) id of the app registration")
    client_secret: SecretStr = Field(description="Its secret")
    client_secret_expires: date | None = Field(
        None, description="Day on which the secret ends; alerts tell 30 and 7 days before"
    )
    redirect_uri: str = Field(
        "http://localhost:8410/callback", description="One of the app registration's redirect URIs"
    )
    refresh_token: SecretStr | None = Field(
        None, description="Seed of the refresh_token grant; without it client_credentials is used"
    )
    api_url: Address = Field(
        "https://api.businesscentral.dynamics.com",
        description="/v2.0/<environment>/api/v2.0 is added",
    )
    login_url: Address = Field(
        "https://login.microsoftonline.com",
        description="/<entra_tenant>/oauth2/v2.0/token is added",
    )
    max_concurrent_requests: int = Field(5, ge=1, le=5, description="BC runs 5 per user at once")
    requests_per_5_minutes: int = Field(
        6000, ge=1, le=6000, description="BC's sliding request budget per user"
    )
    connect_timeout_seconds: float = Field(10, gt=0, description="Longest wait for a connection")
    read_timeout_seconds: float = Field(
        600, gt=0, description="BC ends a request after 8 minutes, its gateway after 10"
    )
    max_attempts: int = Field(6, ge=1, description="Tries of one request that may be repeated")
    item_page_name: str | None = Field(
        None, description="Published OData page of the item card: vendor, lead time, quantities"
    )
    item_units_page_name: str | None = Field(
        None, description="Published OData page of item units of measure with their factors"
    )
    inventory_by_location: bool | None = Field(
        None,
        description="Optiply's extension inventoryByLocations may be read; by default only when "
        "sync.locations is set. It is, unless sync.stock_source finds something better",
    )
    bom_components: bool = Field(
        False, description="Optiply's extension bomComponents is installed"
    )
    dimensions_page_name: str | None = Field(
        None, description="Published OData page of dimensions (Code, Name, Blocked)"
    )
    dimension_values_page_name: str | None = Field(
        None,
        description="Published OData page of dimension values "
        "(Dimension_Code, Code, Name, Dimension_Value_Type, Blocked)",
    )


class OptiplySettings(Settings):
    """How to reach one Optiply account (shop)."""

    api_url: Address = Field("https://api.optiply.com/v1", description="Root of the public API")
    login_url: Address = Field(
        "https://dashboard.optiply.nl/api", description="/auth/oauth/token is added"
    )
    client_id: str = Field(description="Of the API client Optiply has given out")
    client_secret: SecretStr = Field(description="Its secret")
    username: str = Field(description="User of the account for this integration")
    password: SecretStr = Field(description="The user's password")
    account_id: int = Field(description="Optiply's id of the account (shop)")
    coupling_id: int = Field(description="Optiply's id of this integration in the account")
    requests_per_second: float = Field(5, gt=0, description="Ceiling; halved on 429, recovering")
    max_concurrent_requests: int = Field(8, ge=1, le=32, description="Requests at work at once")
    connect_timeout_seconds: float = Field(10, gt=0, description="Longest wait for a connection")
    read_timeout_seconds: float = Field(60, gt=0, description="Longest wait for an answer")
    max_attempts: int = Field(5, ge=1, description="Tries of one request that may be repeated")


class SyncOptions(Settings):
    """The decisions of the field mapping a tenant may take differently (mapping.md)."""

    timezone: str = Field("Europe/Amsterdam", description="Decides only what 'today' is")
    read_overlap_seconds: int = Field(
        600, ge=0, description="Incremental reads start this long before the newest stamp seen"
    )
    sweep_hour: int = Field(
        3,
        ge=0,
        le=23,
        description="Local hour from which a day's first run compares all ids of posted documents",
    )
    stock_every_minutes: int = Field(
        5,
        ge=0,
        le=30,
        description="Between the half-hourly runs, stock alone is looked at this often; 0 = never",
    )
    stock_late_after_minutes: int = Field(
        45, ge=1, description="How old the stock in Optiply may be before somebody is told"
    )
    sweep_every: int = Field(1, ge=1, description="Days between two such comparisons")
    locations: tuple[str, ...] = Field(
        (), description="Location codes whose stock counts; empty = all"
    )
    stock_source: StockSource = Field(
        "auto",
        description="Where stock comes from: items (one figure for all locations), analytics "
        "(Business Central's Analytics API) or extension (Optiply's). auto: items without "
        "locations; with locations the Analytics API, where that is missing the extension. The "
        "Analytics API has no variants: with variant_mode: variant the extension comes first",
    )
    deduct_sales_orders: bool = Field(
        True, description="Stock level is inventory minus outstanding sales"
    )
    variant_mode: Literal["item", "variant"] = Field(
        "item", description="One product per item, or per variant of it"
    )
    vat_percent_by_tax_group: dict[str, Annotated[Decimal, Field(ge=0, lt=1000)]] = Field(
        {}, description="Takes VAT out of unitPrice when priceIncludesTax"
    )
    quantity_scale: dict[str, Annotated[int, Field(ge=1)]] = Field(
        {}, description="Item category -> factor, e.g. kg to g"
    )
    article_code_field: str | None = Field(
        None, description="Item property sent as articleCode; none by default"
    )
    send_stock_measurement_unit: bool = Field(False, description="Send stockMeasurementUnit")
    assembled_keep_stock: bool = Field(
        False, description="Assemble-to-stock: a BOM parent keeps its stock level"
    )
    sell_order_source: SellOrderSource = Field(
        "sales_invoices", description="The documents that become sell orders"
    )
    pull_all_orders: bool = Field(
        False, description="sales_orders mode: all orders, not only fully shipped ones"
    )
    import_returns: bool = Field(False, description="Import credit memos; not supported yet")
    buy_order_statuses: tuple[PurchaseOrderStatus, ...] = Field(
        ("Draft", "In Review", "Open"), description="BC purchase orders imported"
    )
    buy_order_history_from_receipts: bool = Field(
        False, description="Rebuild completed orders BC has deleted from posted receipts"
    )
    receipt_source: Literal["purchase_receipts", "po_lines"] = Field(
        "purchase_receipts",
        description="Where receipts come from: posted receipts, or what the lines of purchase "
        "orders say has been received",
    )
    allow_negative_receipts: bool = Field(
        False, description="Send negative receipt lines as they are"
    )
    lot_size_from_purchase_unit: bool = Field(
        False, description="Without an order multiple, the purchase unit's factor is lotSize"
    )
    lead_time_letters: dict[str, Literal["D", "W", "M", "Q", "Y", "WD"]] = Field(
        {}, description="Translated letters of date formulas, e.g. J -> Y"
    )

    @field_validator("vat_percent_by_tax_group", "quantity_scale")
    @classmethod
    def _each_code_once(cls, value: dict[str, object]) -> dict[str, object]:
        """Business Central knows codes in capitals: which of two spellings holds, nobody knows."""
        times = Counter(code.strip().upper() for code in value)
        if twice := [code for code, number in times.items() if number > 1]:
            raise ValueError(f"names {twice[0]!r} twice, upper and lower case being one")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Europe" is a directory
            raise ValueError(f"{value!r} is not an IANA time zone") from None
        return value

    @model_validator(mode="before")
    @classmethod
    def _completed_only(cls, values: object) -> object:
        """``completed_only`` is the other way to say ``pull_all_orders`` (mapping.md 4.1)."""
        if isinstance(values, dict) and "completed_only" in values:
            values = dict(values)
            try:
                completed_only = _YES_OR_NO.validate_python(values.pop("completed_only"))
            except ValidationError:
                raise ValueError("completed_only should be true or false") from None
            values.setdefault("pull_all_orders", not completed_only)
        return values

    @field_validator("buy_order_statuses", mode="before")
    @classmethod
    def _decoded_statuses(cls, value: object) -> object:
        """Statuses may be written as BC sends them, ``In_x0020_Review`` (behaviour.md 7)."""
        if isinstance(value, list | tuple):
            return [str(status).replace("_x0020_", " ") for status in value]
        return value

    @field_validator("import_returns")
    @classmethod
    def _returns_unsupported(cls, value: bool) -> bool:
        if value:
            raise ValueError("importing credit memos is not supported yet; leave it false")
        return value

    def zone(self) -> ZoneInfo:
        """The time zone that decides which date 'today' is."""
        return ZoneInfo(self.timezone)


class Tenant(Settings):
    """One tenant: the partition key and everything its runs need."""

    name: Annotated[str, Field(pattern=TENANT_KEY_PATTERN)]
    enabled: bool = Field(True, description="false takes it off the schedule")
    snapshot_dir: Path = Field(
        description="All its state; by default snapshots/<tenant>, relative to BC_PIPELINE_HOME"
    )
    home: Path = Field(description="BC_PIPELINE_HOME this tenant was read from")
    business_central: BusinessCentralSettings
    optiply: OptiplySettings
    sync: SyncOptions = SyncOptions()
    exports: ExportSettings = ExportSettings()
    retention: RetentionSettings = RetentionSettings()
    alerts: Addresses = Field((), description="Who is told when something is wrong, and of what")

    @property
    def reads_inventory_by_location(self) -> bool:
        """Whether Optiply's extension with stock per location may be read (mapping.md 0)."""
        if self.sync.stock_source != "auto":
            return self.sync.stock_source == "extension"
        configured = self.business_central.inventory_by_location
        return bool(self.sync.locations) if configured is None else configured

    @model_validator(mode="before")
    @classmethod
    def _export_keys_under_sync(cls, values: object) -> object:
        """The keys of mapping.md 8 may also stand under ``sync``, where mapping.md has them."""
        if not isinstance(values, dict) or not isinstance(sync := values.get("sync"), dict):
            return values
        moved = {key: sync[key] for key in EXPORT_KEYS_OF_SYNC if key in sync}
        exports = values.get("exports") or {}
        if not moved or not isinstance(exports, dict):
            return values
        if twice := sorted(moved.keys() & exports.keys()):
            raise ValueError(f"{twice[0]} stands under sync and under exports")
        rest = {key: value for key, value in sync.items() if key not in moved}
        return {**values, "sync": rest, "exports": {**exports, **moved}}

    @model_validator(mode="after")
    def _location_stock_needs_a_source(self) -> Tenant:
        source = self.sync.stock_source
        if self.sync.locations and source == "items":
            raise ValueError(
                "sync.locations needs another sync.stock_source than items, such as auto: "
                "items tell only the stock of all locations together"
            )
        if source == "extension" and self.business_central.inventory_by_location is False:
            raise ValueError(
                "sync.stock_source: extension needs business_central.inventory_by_location, "
                "which is false"
            )
        return self
