"""What is read, what becomes of it in Optiply, and what is written: of the catalogue."""

from __future__ import annotations

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.catalogue.exports import EXPORTS, Export
from bc_pipeline.catalogue.lineage import LINEAGE, Source
from bc_pipeline.catalogue.resources import RESOURCES, Attribute, Resource
from bc_pipeline_tests.reference.markdown import code, codes, prose, table
from bc_pipeline_tests.reference.markdown import page as whole

_NOT_SENT = "not sent: "
_GONE = {
    "disabled": "A record that is gone in Business Central is disabled in Optiply.",
    True: "A record that is gone in Business Central is ignored in Optiply.",
    None: "A record that is gone in Business Central is deleted in Optiply.",
}


def page() -> str:
    """The page."""
    return whole(
        "Mapping",
        "Which value becomes which, as the program has it. `bc-pipeline show TENANT ENTITY ID` "
        "shows the same for one record, with its values. Why it is so: "
        "[mapping](../spec/mapping.md).",
        "## From Business Central to Optiply",
        *(_resource(each) for each in RESOURCES.values()),
        "## What is read from Business Central",
        table(("entity", "what", "read", "when"), map(_read, ENTITIES.values())),
        "## What is written to Business Central\n\nThe fields of each kind of file: "
        "[Files of records](records.md).",
        table(("entity", "files", "what", "switched on by"), map(_written, EXPORTS.values())),
    )


def _resource(resource: Resource) -> str:
    rows = [
        (code(each.name), _origins(resource, each), prose(_rule(resource, each)), _notes(each))
        for each in sent(resource)
    ]
    gone = _GONE[resource.gone[0][1] if resource.gone else None]  # type: ignore[index]
    stays = " Once sent it stays as it is." if resource.create_only else ""
    return "\n\n".join(
        [
            f"### optiply/{resource.name}",
            f"{prose(resource.description)} {gone}{stays}",
            table(("attribute", "from", "rule", "note"), rows),
            _left_out(resource),
        ]
    ).strip()


def sent(resource: Resource) -> list[Attribute]:
    """The attributes that are sent at all."""
    return [each for each in resource.attributes if not _rule(resource, each).startswith(_NOT_SENT)]


def _left_out(resource: Resource) -> str:
    """Those that are not, each with its reason."""
    shown = sent(resource)
    rest = [each for each in resource.attributes if each not in shown]
    reasons = (f"{code(each.name)} ({_rule(resource, each)[len(_NOT_SENT) :]})" for each in rest)
    return f"Not sent: {', '.join(reasons)}." if rest else ""


def _rule(resource: Resource, attribute: Attribute) -> str:
    return LINEAGE[resource.name][attribute.name].rule


def _origins(resource: Resource, attribute: Attribute) -> str:
    sources: tuple[Source, ...] = LINEAGE[resource.name][attribute.name].sources
    return codes(source.text for source in sources)


def _notes(attribute: Attribute) -> str:
    notes = {
        "no record without it": attribute.required,
        "emptied when the source is": attribute.clearable,
        "set by people too": attribute.users_too,
        "only when it is created": attribute.post_only,
    }
    return ", ".join(note for note, holds in notes.items() if holds)


def _read(entity: Entity) -> tuple[str, str, str, str]:
    how = "in full" if entity.mode == "full" else "what changed"
    when = f"with {code(entity.setting)}" if entity.setting else "always"
    return code(entity.name), prose(entity.description), f"{how}: {prose(entity.why)}", when


def _written(export: Export) -> tuple[str, str, str, str]:
    files = code(f"{export.stream}.*") if export.stream else "none: buy orders of Optiply"
    return code(export.task), files, prose(export.description), code(f"exports.{export.switch}")
