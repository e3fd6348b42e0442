"""``$metadata`` of each service is a whole and valid document of what the service answers."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.business_central.versions import released_entities
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.metadata import Field
from bc_pipeline_tests.sandbox.conftest import BcClient, sign_in

pytestmark = pytest.mark.covers("sandbox: metadata")

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
OURS = "Microsoft.NAV."
PRIMITIVES = {
    f"Edm.{name}"
    for name in ("String", "Guid", "Boolean", "Decimal", "Int32", "Int64", "Date", "Duration")
} | {"Edm.DateTimeOffset", "Edm.Stream"}


@dataclass
class Document:
    """A CSDL schema taken apart."""

    schema: ElementTree.Element

    def named(self, tag: str) -> dict[str, ElementTree.Element]:
        return {each.attrib["Name"]: each for each in self.schema.findall(f"{EDM}{tag}")}

    @property
    def sets(self) -> dict[str, str]:
        """Entity type's name by set."""
        found = self.schema.findall(f"{EDM}EntityContainer/{EDM}EntitySet")
        return {each.attrib["Name"]: bare(each.attrib["EntityType"]) for each in found}

    def type_of(self, entity_set: str) -> ElementTree.Element:
        return self.named("EntityType")[self.sets[entity_set]]

    def actions(self) -> set[tuple[str, str]]:
        """Entity type and action."""
        return {
            (bare(action.find(f"{EDM}Parameter").attrib["Type"]), action.attrib["Name"])
            for action in self.schema.findall(f"{EDM}Action")
            if action.attrib["IsBound"] == "true"
        }


def bare(name: str) -> str:
    """A type's own name, without namespace and collection."""
    return name.removeprefix("Collection(").removesuffix(")").removeprefix(OURS)


def properties(entity: ElementTree.Element, tag: str = "Property") -> dict[str, dict[str, str]]:
    return {each.attrib["Name"]: each.attrib for each in entity.findall(f"{EDM}{tag}")}


def read(bc: BcClient, service: str) -> Document:
    answer = bc.request(f"{bc.api.removesuffix('api/v2.0')}{service}/$metadata")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "{http://docs.oasis-open.org/odata/ns/edmx}Edmx"
    schema = root.find(f".//{EDM}Schema")
    assert schema is not None
    assert schema.attrib["Namespace"] == "Microsoft.NAV"
    return Document(schema)


@pytest.fixture(scope="module")
def reader(sandbox: Sandbox) -> BcClient:
    return sign_in(sandbox)


@pytest.fixture(scope="module")
def document(reader: BcClient) -> Document:
    return read(reader, "api/v2.0")


SERVICES = [
    "api/v2.0",
    "ODataV4",
    "api/optiply/integration/v1.0",
    "api/microsoft/analytics/v1.0",
]


@pytest.mark.parametrize("service", SERVICES)
def test_everything_a_document_names_is_in_it(reader: BcClient, service: str) -> None:
    document = read(reader, service)
    types, enums = document.named("EntityType"), document.named("EnumType")
    for entity in types.values():
        own = properties(entity)
        keys = [each.attrib["Name"] for each in entity.findall(f"{EDM}Key/{EDM}PropertyRef")]
        assert keys
        assert all(own[key]["Nullable"] == "false" for key in keys)
        assert {each["Type"] for each in own.values()} <= PRIMITIVES | {OURS + e for e in enums}
        for navigation in entity.findall(f"{EDM}NavigationProperty"):
            target = types[bare(navigation.attrib["Type"])]
            for pair in navigation.findall(f"{EDM}ReferentialConstraint"):
                assert pair.attrib["Property"] in own
                assert pair.attrib["ReferencedProperty"] in properties(target)
    for entity_set in document.schema.findall(f"{EDM}EntityContainer/{EDM}EntitySet"):
        entity = types[bare(entity_set.attrib["EntityType"])]
        paths = properties(entity, "NavigationProperty")
        for binding in entity_set.findall(f"{EDM}NavigationPropertyBinding"):
            assert binding.attrib["Path"] in paths
            assert binding.attrib["Target"] in document.sets
    assert {name for name, _ in document.actions()} <= set(types)


def test_the_api_has_every_entity_set_with_all_it_has(document: Document) -> None:
    shown = {entity.entity_set: entity for entity in released_entities(29)}
    assert "transferOrders" in shown
    assert document.sets == {name: entity.name for name, entity in shown.items()}
    for name, entity in shown.items():
        described = document.type_of(name)
        assert set(properties(described)) == set(entity.fields)
        ways = set(properties(described, "NavigationProperty"))
        assert ways >= set(entity.navigations)
        for field in entity.fields.values():
            assert_described(document, properties(described)[field.name], field)
        assert {
            (entity.name, action.removeprefix(OURS)) for action in entity.actions
        } <= document.actions()
    companies = properties(document.type_of("companies"), "NavigationProperty")
    assert set(companies) == set(shown) - {"companies"}


def assert_described(document: Document, attributes: dict[str, str], field: Field) -> None:
    if field.max_length is not None:
        assert attributes["MaxLength"] == str(field.max_length)
    if field.type == "Enum":
        members = document.named("EnumType")[bare(attributes["Type"])].findall(f"{EDM}Member")
        assert tuple(member.attrib["Name"] for member in members) == field.enum
    else:
        assert attributes["Type"] == f"Edm.{field.type}"


def test_the_root_lists_the_same_sets(reader: BcClient, document: Document) -> None:
    listed = {row["name"] for row in reader.rows(f"{reader.api}/")}
    assert listed == set(document.sets)


def test_rows_have_no_property_that_is_not_described(
    sandbox: Sandbox, reader: BcClient, document: Document
) -> None:
    client = BcClient(sandbox, "", wholesale.NAME)
    client.session = reader.session
    for name in ("items", "vendors", "salesInvoices", "purchaseOrders", "itemLedgerEntries"):
        [row] = client.rows(f"{name}?$top=1")
        assert {key for key in row if "@" not in key} <= set(properties(document.type_of(name)))


def test_published_pages_are_described_with_their_keys(reader: BcClient) -> None:
    document = read(reader, "ODataV4")
    assert set(document.sets) == {
        "Company",
        "Artikel",
        "Artikeleenheden",
        "Dimensions",
        "Dimension_Values",
    }
    keys = {
        name: [
            each.attrib["Name"]
            for each in document.type_of(name).findall(f"{EDM}Key/{EDM}PropertyRef")
        ]
        for name in document.sets
    }
    assert keys == {
        "Company": ["Name"],
        "Artikel": ["No"],
        "Artikeleenheden": ["Item_No", "Code"],
        "Dimensions": ["Code"],
        "Dimension_Values": ["Dimension_Code", "Code"],
    }
    assert properties(document.type_of("Artikel"))["Unit_Cost"]["Type"] == "Edm.Decimal"


def test_the_extension_is_described(reader: BcClient) -> None:
    document = read(reader, "api/optiply/integration/v1.0")
    assert set(document.sets) == {"companies", "inventoryByLocations", "bomComponents"}
    assert "variantCode" in properties(document.type_of("bomComponents"))


def test_a_property_of_an_extension_is_described(sandbox: Sandbox, bc: BcClient) -> None:
    bc.company.extend("vendors", Field("myField", "String", max_length=7))
    described = properties(read(bc, "api/v2.0").type_of("vendors"))
    assert described["myField"]["MaxLength"] == "7"


def test_analytics_are_described(reader: BcClient) -> None:
    document = read(reader, "api/microsoft/analytics/v1.0")
    entries = properties(document.type_of("itemLedgerEntries"))
    assert entries["remainingQuantity"]["Type"] == "Edm.Decimal"
    assert "id" not in entries
