"""Rules all master data shares, and the records that have no others: locations, currencies,
payment methods and so on (rules.md 0, 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bc_pipeline.sandbox.business_central.date_formula import is_formula
from bc_pipeline.sandbox.business_central.writes import RULES, EntityRules, Parent, WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.generated import GeneratedTable
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.settings import DEFAULT_TEMPLATES
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import (
    BcError,
    bad_request,
    dialog,
    field_error,
    no_relation,
    same_key,
)


@dataclass(frozen=True)
class Reference:
    """Another record, named by its id and on some pages also by its code (rules.md 0.3, 0.4).

    Attributes:
        id: our property with its id; the zero id clears.
        entity_set: where it is.
        code: our property with its code, if the page lets it be written.
        code_of: what the code is called there.
        shown: our read-only properties that show some of the record: ours -> theirs.
    """

    id: str
    entity_set: str
    code: str | None = None
    code_of: str = "code"
    shown: Mapping[str, str] = field(default_factory=dict)

    def values(self, row: Row | None) -> Row:
        """Our properties when ``row`` is referred to, or nothing is."""
        mirrored = dict(self.shown) | ({self.code: self.code_of} if self.code else {})
        shown = {ours: row[theirs] if row else "" for ours, theirs in mirrored.items()}
        return {self.id: row["id"] if row else ZERO_GUID} | shown


@dataclass(frozen=True)
class Relation:
    """A property that holds a code of another table. A company without that table takes any."""

    name: str
    entity_set: str
    table: str


@dataclass(frozen=True)
class MasterData(EntityRules):
    """Rules of a table with a number or code of its own.

    Attributes:
        entity_set: the table.
        key: the property with the number or code; PATCH of it renames the record (0.7).
        references, relations: what it refers to.
        formulas: properties that hold date formulas.
        used_by: (entity set, property): rows that hold its id, or its key; while there are any
            it cannot be deleted.
        carried_by: properties elsewhere that hold its key and follow when it is renamed.
    """

    entity_set: str
    key: str = "code"
    references: tuple[Reference, ...] = ()
    relations: tuple[Relation, ...] = ()
    formulas: tuple[str, ...] = ()
    used_by: tuple[tuple[str, str], ...] = ()
    carried_by: tuple[str, ...] = ()

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST."""
        given = {**given, self.key: self._new_key(ctx, str(given.get(self.key, "")))}
        values = self.checked(ctx, None, given)
        return ctx.insert(self.entity_set, self._template(ctx) | values)

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH."""
        values = self.checked(ctx, row, given)
        new = values.get(self.key, row[self.key])
        if new != row[self.key]:
            if not new:
                raise field_error(f"{self.key} must have a value in {self._name}.")
            self._check_free(ctx, new)
            self._carry(ctx, row[self.key], new)
        return ctx.modify(self.entity_set, row, **values)

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE."""
        for entity_set, name in self.used_by:
            for value in (row["id"], row[self.key]):
                if value and ctx.find(entity_set, **{name: value}):
                    raise dialog(
                        f"You cannot delete {self._name} {row[self.key]} because {entity_set} "
                        "refer to it."
                    )
        ctx.delete(self.entity_set, row)

    def checked(self, ctx: WriteContext, row: Row | None, given: Row) -> Row:
        """What to store of ``given``, property by property.

        Args:
            row: as stored so far, None for a new record.
        """
        values: Row = {}
        for name, value in given.items():
            self._check_relation(ctx, name, value)
            if name in self.formulas and not is_formula(value):
                raise bad_request(
                    f"The value '{value}' can't be evaluated into type DateFormula.",
                    "Application_EvaluateException",
                )
            reference = next((r for r in self.references if name in (r.id, r.code)), None)
            if reference is None:
                values[name] = value
            else:
                seen = values.get(reference.id) if name == reference.code else None
                values |= _referred(ctx, reference, name, value, seen)
        return values

    # --- inside --------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return entities()[self.entity_set].name

    def _new_key(self, ctx: WriteContext, given: str) -> str:
        """The key of a new record: sent, or from its number series (0.6, 0.8)."""
        numbered = self.key == "number"
        if given:
            if numbered and self.entity_set not in ctx.settings.manual_numbers:
                raise dialog(f"You may not enter numbers manually: the series of {self._name}s.")
            self._check_free(ctx, given)
            return given
        if not numbered:
            raise field_error(f"{self.key} must have a value in {self._name}.")
        series = ctx.settings.number_series.get(self.entity_set)
        if series is None:
            raise field_error(f"{self._name.capitalize()} Nos. must have a value in the set-up.")
        while True:
            number = ctx.next_number(series)
            if not ctx.find(self.entity_set, number=number):
                return number

    def _check_free(self, ctx: WriteContext, key: str) -> None:
        if ctx.find(self.entity_set, **{self.key: key}):
            raise same_key(self._name.capitalize(), key)

    def _template(self, ctx: WriteContext) -> Row:
        """What the configuration template gives; without one the groups stay empty (0.9)."""
        hidden: Row = dict.fromkeys(DEFAULT_TEMPLATES.get(self.entity_set, ()), "")
        return hidden | dict(ctx.settings.templates.get(self.entity_set, {}))

    def _check_relation(self, ctx: WriteContext, name: str, value: object) -> None:
        relation = next((r for r in self.relations if r.name == name), None)
        if relation is None or not value or not ctx.company.tables[relation.entity_set]:
            return
        if not ctx.find(relation.entity_set, code=value):
            raise no_relation(relation.table, name, value)

    def _carry(self, ctx: WriteContext, old: str, new: str) -> None:
        """All references follow when a record is renamed (0.7)."""
        for entity_set, table in ctx.company.tables.items():
            fields = entities()[entity_set].fields if entity_set in entities() else {}
            if isinstance(table, GeneratedTable):
                continue
            for name in self.carried_by:
                if name in fields or name.startswith("#"):
                    for row in ctx.find(entity_set, **{name: old}):
                        ctx.modify(entity_set, row, touch=False, **{name: new})


def _referred(
    ctx: WriteContext, reference: Reference, name: str, value: str, seen: str | None
) -> Row:
    """Our properties after ``name`` was sent; ``seen`` is the id sent before the code, if any."""
    is_currency = reference.entity_set == "currencies"
    local = ctx.company.currency_code if is_currency else ""
    if name == reference.id:
        row = ctx.get(reference.entity_set, value) if value != ZERO_GUID else None
        if row is None and value != ZERO_GUID:
            raise _unknown(name, reference)
    else:
        blank = value in ("", local)
        found = [] if blank else ctx.find(reference.entity_set, **{reference.code_of: value})
        if not blank and not found:
            raise _unknown(name, reference)
        row = found[0] if found else None
        if seen is not None and seen != (row["id"] if row else ZERO_GUID):
            raise dialog(f'The "{reference.id}" and "{reference.code}" values do not match.')
    if row is not None and local and row["code"] == local:
        row = None  # the local currency is stored blank (0.5)
    return reference.values(row)


def _unknown(name: str, reference: Reference) -> BcError:
    return dialog(f'The "{name}" does not match any of the {reference.entity_set}.')


@dataclass(frozen=True)
class PaymentJournals(MasterData):
    """Batches of payment templates. They are journals too, with the same id (rules.md 7.1).

    Attributes:
        template: name of the template new ones belong to.
    """

    template: str = ""

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST."""
        row = super().insert(ctx, given, parent)
        own = {"id": row["id"], "templateDisplayName": self.template}
        ctx.insert("journals", own | self._as_journal(row))
        return row

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH."""
        row = super().update(ctx, row, given, parent)
        if ctx.get("journals", row["id"]) is not None:
            ctx.modify("journals", row["id"], **self._as_journal(row))
        return row

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE."""
        super().remove(ctx, row, parent)
        if ctx.get("journals", row["id"]) is not None:
            ctx.delete("journals", row["id"])

    def _as_journal(self, row: Row) -> Row:
        names = ("code", "displayName", "balancingAccountId", "balancingAccountNumber")
        return {name: row[name] for name in names}


# --- tables without rules of their own -----------------------------------------------------------

COUNTRY = Relation("country", "countriesRegions", "Country/Region")
_BALANCING = Reference("balancingAccountId", "accounts", shown={"balancingAccountNumber": "number"})
_PLAIN = (
    MasterData("countriesRegions", used_by=(("customers", "country"), ("vendors", "country"))),
    MasterData(
        "currencies",
        used_by=(
            ("customers", "currencyId"),
            ("vendors", "currencyId"),
            ("purchaseOrders", "currencyId"),
            ("purchaseInvoices", "currencyId"),
        ),
        carried_by=("currencyCode",),
    ),
    MasterData("itemCategories", used_by=(("items", "itemCategoryId"),)),
    MasterData(
        "locations",
        relations=(COUNTRY,),
        used_by=(("purchaseOrderLines", "locationId"), ("salesOrderLines", "locationId")),
    ),
    MasterData(
        "paymentMethods",
        used_by=(("customers", "paymentMethodId"), ("vendors", "paymentMethodId")),
    ),
    MasterData(
        "paymentTerms",
        formulas=("dueDateCalculation", "discountDateCalculation"),
        used_by=(("customers", "paymentTermsId"), ("vendors", "paymentTermsId")),
    ),
    MasterData("salespeoplePurchasers", used_by=(("customers", "salespersonCode"),)),
    MasterData("shipmentMethods", used_by=(("customers", "shipmentMethodId"),)),
    MasterData("taxAreas", used_by=(("customers", "taxAreaId"),)),
    MasterData("taxGroups", used_by=(("items", "taxGroupId"),)),
    MasterData("unitsOfMeasure", used_by=(("items", "baseUnitOfMeasureId"),)),
    PaymentJournals("vendorPaymentJournals", references=(_BALANCING,), template="PAYMENT"),
    PaymentJournals("customerPaymentJournals", references=(_BALANCING,), template="CASHRCPT"),
)

for _rules in _PLAIN:
    RULES[_rules.entity_set] = _rules
