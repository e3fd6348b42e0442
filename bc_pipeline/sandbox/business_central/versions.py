"""What Business Central has and has no more, by the version of the system (platform 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.company.metadata import EntityType, entities

# The first version that publishes no page of Microsoft as an OData endpoint.
WITHOUT_PUBLISHED_PAGES = 30
# Entities, and below them their lines, that the API v2.0 gained later than it was described.
_SINCE = {
    29: (
        "assemblyOrder",
        "inventoryReceipt",
        "inventoryShipment",
        "purchaseQuote",
        "purchaseReturnOrder",
        "salesReturnOrder",
        "transferOrder",
        "transferReceipt",
        "transferShipment",
    )
}
_FIRST = {
    f"{name}{part}": version
    for version, names in _SINCE.items()
    for name in names
    for part in ("s", "Lines")
}


def major_version(companies: Iterable[Company]) -> int:
    """The major version of the system that companies live in."""
    return max(int(each.settings.system_version.partition(".")[0]) for each in companies)


def is_released(entity: EntityType, major: int) -> bool:
    """Whether a version has an entity set."""
    return entity.shipping or _FIRST.get(entity.entity_set, major + 1) <= major


def released_entities(major: int) -> Iterator[EntityType]:
    """All entity sets a version has."""
    return (entity for entity in entities().values() if is_released(entity, major))


def is_published(company: Company, page: str) -> bool:
    """Whether a published page answers: Microsoft's own ones end, an extension's go on."""
    if page not in company.pages:
        return False
    return (
        page in company.settings.extension_pages
        or major_version([company]) < WITHOUT_PUBLISHED_PAGES
    )
