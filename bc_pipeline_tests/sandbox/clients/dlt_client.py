"""dlt: a source declared with its rest_api, incremental by the stamp, with lines expanded."""

import json
import sys

from dlt.sources.rest_api import rest_api_source

given = json.load(sys.stdin)
below = "companies({resources.companies.id})"
source = rest_api_source(
    {
        "client": {
            "base_url": f"{given['bc']}/v2.0/Production/api/v2.0/",
            "headers": {"Prefer": "odata.maxpagesize=5"},
            "auth": {
                "type": "oauth2_client_credentials",
                "access_token_url": f"{given['login']}/wholesale.example/oauth2/v2.0/token",
                "client_id": given["client_id"],
                "client_secret": given["client_secret"],
                "access_token_request_data": {"scope": given["scope"]},
            },
            "paginator": {"type": "json_link", "next_url_path": "['@odata.nextLink']"},
        },
        "resource_defaults": {"primary_key": "id", "endpoint": {"data_selector": "value"}},
        "resources": [
            {"name": "companies", "endpoint": {"path": "companies"}},
            {
                "name": "items",
                "endpoint": {
                    "path": f"{below}/items",
                    "params": {"$filter": "lastModifiedDateTime gt {incremental.start_value}"},
                    "incremental": {
                        "cursor_path": "lastModifiedDateTime",
                        "initial_value": given["since"],
                    },
                },
            },
            {
                "name": "orders",
                "endpoint": {
                    "path": f"{below}/purchaseOrders",
                    "params": {"$expand": "purchaseOrderLines"},
                },
            },
        ],
    }
)
rows = {name: list(source.resources[name]) for name in ("companies", "items", "orders")}
found = {
    "companies": len(rows["companies"]),
    "items": sorted(row["number"] for row in rows["items"]),
    "lines": sum(len(row["purchaseOrderLines"]) for row in rows["orders"]),
}
sys.stdout.write(json.dumps(found))
