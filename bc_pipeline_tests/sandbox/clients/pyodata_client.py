"""pyodata: the whole of ``$metadata``. It is made for OData 2, so what only OData 4 has (types of
navigation) is passed over, as its own documentation has it."""

import json
import sys

import requests
from pyodata.v2.model import Config, MetadataBuilder, ParserError, PolicyFatal, PolicyIgnore

given = json.load(sys.stdin)
form = {"grant_type": "client_credentials", "scope": given["scope"]}
form |= {name: given[name] for name in ("client_id", "client_secret")}
token_url = f"{given['login']}/wholesale.example/oauth2/v2.0/token"
token = requests.post(token_url, data=form, timeout=30).json()["access_token"]


def schema(service):
    """The schema of a service; anything else that is not understood raises."""
    passed_over = {name: PolicyIgnore() for name in (ParserError.ENTITY_TYPE, ParserError.PROPERTY)}
    config = Config(custom_error_policies=passed_over, default_error_policy=PolicyFatal())
    url = f"{given['bc']}/v2.0/Production/{service}/$metadata"
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    return MetadataBuilder(answer.content, config=config).build()


api = schema("api/v2.0")
item_type = api.enum_type("itemType")
card = schema("ODataV4").entity_type("Artikel")
found = {
    "sets": sorted(each.name for each in api.entity_sets),
    "item types": [item_type[value].name for value in range(3)],
    "columns": sorted(each.name for each in card.proprties()),
    "key": [each.name for each in card.key_proprties],
}
sys.stdout.write(json.dumps(found))
