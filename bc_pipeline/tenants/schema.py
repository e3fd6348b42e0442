"""JSON Schema of ``tenants.yaml`` for editors, made from the configuration model."""

from __future__ import annotations

from typing import Any

from bc_pipeline.tenants.settings import TENANT_KEY_PATTERN, Tenant

REFERENCE: dict[str, Any] = {
    "description": "Taken from an environment variable or a file (relative to BC_PIPELINE_HOME)",
    "oneOf": [
        {
            "type": "object",
            "properties": {kind: {"type": "string", "minLength": 1}},
            "required": [kind],
            "additionalProperties": False,
        }
        for kind in ("env", "file")
    ],
}

_NARROWED = {"enum", "const", "pattern"}


def tenants_schema() -> dict[str, Any]:
    """The schema of the whole file.

    No key is marked as required, because ``defaults`` may hold it; ``bc-pipeline check`` tells
    what is missing.
    """
    tenant = Tenant.model_json_schema()
    definitions = tenant.pop("$defs", {})
    for own in ("name", "home"):
        del tenant["properties"][own]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tenants.yaml of bc_pipeline",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "defaults": {
                "description": "Any key of a tenant, for every tenant",
                "anyOf": [{"$ref": "#/$defs/Tenant"}, {"type": "null"}],
            },
            "tenants": {
                "description": "Partition key -> settings of the tenant",
                "anyOf": [
                    {
                        "type": "object",
                        "propertyNames": {"pattern": TENANT_KEY_PATTERN},
                        "additionalProperties": {"$ref": "#/$defs/Tenant"},
                    },
                    {"type": "null"},
                ],
            },
        },
        "$defs": {
            "Reference": REFERENCE,
            "Tenant": _accept_references(tenant),
            **{name: _accept_references(section) for name, section in definitions.items()},
        },
    }


def _accept_references(model: dict[str, Any]) -> dict[str, Any]:
    """The model's schema with ``{env: ..}`` and ``{file: ..}`` allowed for every plain value."""
    properties = {
        name: schema if "$ref" in schema else _or_reference(schema)
        for name, schema in model.get("properties", {}).items()
    }
    relaxed = {key: value for key, value in model.items() if key != "required"}
    return {**relaxed, "properties": properties}


def _or_reference(schema: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {
        key: schema[key] for key in ("title", "description", "default") if key in schema
    }
    plain = {key: value for key, value in schema.items() if key not in about}
    return {**about, "anyOf": [_as_written(plain), {"$ref": "#/$defs/Reference"}]}


def _as_written(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """The schema for an editor, which reads ``0123`` and ``NO`` without quotes as a number and as
    false, where the registry takes the text."""
    if isinstance(schema, list):
        return [_as_written(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _as_written(value) for key, value in schema.items()}
    is_date = inner.get("format") in ("date", "date-time")
    if inner.get("type") == "string" and not is_date and not inner.keys() & _NARROWED:
        inner["type"] = ["string", "number", "boolean"]
    return inner
