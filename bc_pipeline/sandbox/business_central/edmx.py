"""``$metadata``: the types of a service as an EDMX document (OData 4.0 CSDL).

Enums are types of their own, named after entity and property; what Microsoft calls them is not
known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.etree import ElementTree

from bc_pipeline.sandbox.company.metadata import EntityType, Field, Navigation

NAMESPACE = "Microsoft.NAV"
_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
# What AL's decimals hold. Scale "variable" would do as well, but not every parser knows it.
_DECIMAL = {"Precision": "28", "Scale": "18"}
_ACTION = f"{NAMESPACE}."

Types = Mapping[str, EntityType]


def document(types: Types, root: str | None = None) -> bytes:
    """The document of a service.

    Args:
        types: by entity set.
        root: the set whose entities hold all others, such as ``companies``.
    """
    edmx = ElementTree.Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": _EDMX})
    services = ElementTree.SubElement(edmx, "edmx:DataServices")
    schema = ElementTree.SubElement(services, "Schema", {"Namespace": NAMESPACE, "xmlns": _EDM})
    for entity_set, entity in types.items():
        schema.append(_entity_type(entity, types, holds_all=entity_set == root))
    for entity in types.values():
        schema.extend(_enum_types(entity))
    for entity in types.values():
        schema.extend(_actions(entity))
    schema.append(_container(types, root))
    ElementTree.indent(edmx)
    return bytes(ElementTree.tostring(edmx, "utf-8", xml_declaration=True))


def _entity_type(entity: EntityType, types: Types, *, holds_all: bool) -> ElementTree.Element:
    element = ElementTree.Element("EntityType", Name=entity.name)
    keys = entity.keys or tuple(entity.fields)[:1]
    key = ElementTree.SubElement(element, "Key")
    for name in keys:
        ElementTree.SubElement(key, "PropertyRef", Name=name)
    for field in entity.fields.values():
        element.append(_property(entity, field, required=field.name in keys))
    for navigation in _navigations(entity, types):
        element.append(_navigation(navigation, types))
    if holds_all:
        for entity_set, other in types.items():
            if other is not entity:
                kind = f"Collection({NAMESPACE}.{other.name})"
                attributes = {"Name": entity_set, "Type": kind, "ContainsTarget": "true"}
                ElementTree.SubElement(element, "NavigationProperty", attributes)
    return element


def _property(entity: EntityType, field: Field, *, required: bool) -> ElementTree.Element:
    attributes = {"Name": field.name, "Type": _type_of(entity, field)}
    if required:
        attributes["Nullable"] = "false"
    if field.max_length is not None:
        attributes["MaxLength"] = str(field.max_length)
    if field.type == "Decimal":
        attributes |= _DECIMAL
    return ElementTree.Element("Property", attributes)


def _type_of(entity: EntityType, field: Field) -> str:
    if field.type != "Enum":
        return f"Edm.{field.type}"
    return f"{NAMESPACE}.{_enum_name(entity, field)}" if field.enum else "Edm.String"


def _enum_name(entity: EntityType, field: Field) -> str:
    return f"{entity.name}{field.name[0].upper()}{field.name[1:]}"


def _navigations(entity: EntityType, types: Types) -> Iterator[Navigation]:
    return (each for each in entity.navigations.values() if each.entity_set in types)


def _navigation(navigation: Navigation, types: Types) -> ElementTree.Element:
    name = f"{NAMESPACE}.{types[navigation.entity_set].name}"
    kind = f"Collection({name})" if navigation.many else name
    attributes = {"Name": navigation.name, "Type": kind}
    if navigation.part:
        attributes["ContainsTarget"] = "true"
    element = ElementTree.Element("NavigationProperty", attributes)
    for theirs, ours in navigation.link.items():
        pair = {"Property": ours, "ReferencedProperty": theirs}
        ElementTree.SubElement(element, "ReferentialConstraint", pair)
    return element


def _enum_types(entity: EntityType) -> Iterator[ElementTree.Element]:
    for field in entity.fields.values():
        if field.enum:
            attributes = {"Name": _enum_name(entity, field), "UnderlyingType": "Edm.Int32"}
            element = ElementTree.Element("EnumType", attributes)
            for value, member in enumerate(field.enum):
                ElementTree.SubElement(element, "Member", Name=member, Value=str(value))
            yield element


def _actions(entity: EntityType) -> Iterator[ElementTree.Element]:
    for action in entity.actions:
        name = action.removeprefix(_ACTION)
        element = ElementTree.Element("Action", Name=name, IsBound="true")
        kind = f"{NAMESPACE}.{entity.name}"
        ElementTree.SubElement(element, "Parameter", Name="bindingParameter", Type=kind)
        yield element


def _container(types: Types, root: str | None) -> ElementTree.Element:
    container = ElementTree.Element("EntityContainer", Name="NAV")
    for entity_set, entity in types.items():
        kind = f"{NAMESPACE}.{entity.name}"
        element = ElementTree.SubElement(container, "EntitySet", Name=entity_set, EntityType=kind)
        for path, target in _bindings(entity_set, entity, types, root):
            pair = {"Path": path, "Target": target}
            ElementTree.SubElement(element, "NavigationPropertyBinding", pair)
    return container


def _bindings(
    entity_set: str, entity: EntityType, types: Types, root: str | None
) -> Iterable[tuple[str, str]]:
    for navigation in _navigations(entity, types):
        yield navigation.name, navigation.entity_set
    if entity_set == root:
        yield from ((other, other) for other in types if other != root)
