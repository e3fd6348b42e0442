"""airbyte-cdk: a declarative source that signs in at the v1 address and pages by nextLink."""

import json
import logging
import sys

from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)

given = json.load(sys.stdin)
requester = {
    "type": "HttpRequester",
    "url_base": f"{given['bc']}/v2.0/Production/api/v2.0/companies({given['company']})/",
    "path": "{{ parameters['path'] }}",
    "request_headers": {"Prefer": "odata.maxpagesize=5"},
    "request_parameters": {"$filter": f"lastModifiedDateTime ge {given['since']}"},
    "authenticator": {
        "type": "OAuthAuthenticator",
        "token_refresh_endpoint": f"{given['login']}/common/oauth2/token",
        "client_id": given["client_id"],
        "client_secret": given["client_secret"],
        "refresh_token": given["refresh_token"],
        "refresh_request_body": {"resource": "https://api.businesscentral.dynamics.com"},
    },
}
pages = {
    "type": "DefaultPaginator",
    "page_token_option": {"type": "RequestPath"},
    "pagination_strategy": {
        "type": "CursorPagination",
        "cursor_value": "{{ response['@odata.nextLink'] }}",
        "stop_condition": "{{ not response['@odata.nextLink'] }}",
    },
}
rows = {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": ["value"]}}
streams = [
    {
        "type": "DeclarativeStream",
        "name": name,
        "primary_key": ["id"],
        "$parameters": {"path": name},
        "retriever": {
            "type": "SimpleRetriever",
            "requester": requester,
            "record_selector": rows,
            "paginator": pages,
        },
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object"}},
    }
    for name in ("vendors", "items")
]
manifest = {
    "version": "6.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["vendors"]},
    "streams": streams,
}
wanted = [
    {
        "stream": {
            "name": each["name"],
            "json_schema": {},
            "supported_sync_modes": ["full_refresh"],
        },
        "sync_mode": "full_refresh",
        "destination_sync_mode": "append",
    }
    for each in streams
]
catalog = ConfiguredAirbyteCatalogSerializer.load({"streams": wanted})
source = ConcurrentDeclarativeSource(catalog=catalog, config={}, state=None, source_config=manifest)
log = logging.getLogger("airbyte")
found = {"check": source.check(log, {}).status.value, "vendors": [], "items": []}
for message in source.read(log, {}, catalog, None):
    if message.record is not None:
        found[message.record.stream].append(message.record.data["number"])
sys.stdout.write("\n" + json.dumps(found))
