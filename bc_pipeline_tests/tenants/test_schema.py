"""The JSON Schema of tenants.yaml that editors use."""

from __future__ import annotations

import json

import pytest

from bc_pipeline.tenants.schema import tenants_schema
from bc_pipeline.tenants.settings import SyncOptions, Tenant


def test_schema_is_plain_json_and_knows_every_key_but_the_registrys_own():
    schema = json.loads(json.dumps(tenants_schema()))

    keys = set(schema["$defs"]["Tenant"]["properties"])
    assert keys == set(Tenant.model_fields) - {"name", "home"}
    assert set(schema["$defs"]["SyncOptions"]["properties"]) == set(SyncOptions.model_fields)


def test_schema_accepts_env_and_file_for_every_plain_value():
    properties = tenants_schema()["$defs"]["OptiplySettings"]["properties"]

    for name in ("password", "account_id", "requests_per_second"):
        assert {"$ref": "#/$defs/Reference"} in properties[name]["anyOf"]


@pytest.mark.covers("decision 15")
def test_schema_accepts_texts_that_an_editor_takes_for_numbers():
    definitions = tenants_schema()["$defs"]
    bc, sync = definitions["BusinessCentralSettings"], definitions["SyncOptions"]

    for name in ("client_id", "client_secret"):
        assert "number" in bc["properties"][name]["anyOf"][0]["type"]
    assert "boolean" in sync["properties"]["locations"]["anyOf"][0]["items"]["type"]
    assert sync["properties"]["variant_mode"]["anyOf"][0]["type"] == "string"


def test_schema_requires_no_key_because_defaults_may_hold_it():
    definitions = tenants_schema()["$defs"]

    assert not any("required" in definitions[name] for name in ("Tenant", "OptiplySettings"))


def test_schema_refuses_unknown_keys():
    schema = tenants_schema()

    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Tenant"]["additionalProperties"] is False
    assert schema["$defs"]["BusinessCentralSettings"]["additionalProperties"] is False


def test_schema_shows_no_secret_default():
    assert "**" not in json.dumps(tenants_schema())


def test_schema_tells_what_every_key_means():
    sections = ("Tenant", "BusinessCentralSettings", "OptiplySettings", "SyncOptions")
    for section in (*sections, "ExportSettings"):
        for key, about in tenants_schema()["$defs"][section]["properties"].items():
            if "$ref" in about:
                continue  # a section, told by its own keys
            told = about.get("description", "")
            assert any(character.isalpha() for character in told), f"{section}.{key}"
