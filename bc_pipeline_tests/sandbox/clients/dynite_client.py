"""dynite: counts, then reads page by page; from the API and from published pages."""

import json
import sys

import requests
from dynite import Dynite

given = json.load(sys.stdin)
form = {"grant_type": "client_credentials", "scope": given["scope"]}
form |= {name: given[name] for name in ("client_id", "client_secret")}
token_url = f"{given['login']}/wholesale.example/oauth2/v2.0/token"
token = requests.post(token_url, data=form, timeout=30).json()["access_token"]


def bearer(request):
    """Business Central online takes no password any more."""
    request.headers["Authorization"] = f"Bearer {token}"
    return request


root = f"{given['bc']}/v2.0/Production"
api = Dynite(f"{root}/api/v2.0", auth=bearer)
companies = api.get_records("companies")
name = next(row["name"] for row in companies if row["id"] == given["company"])
options = {"$filter": "blocked eq false", "$orderby": "number", "$select": "number"}
items = api.get_records(f"companies({given['company']})/items", options)
pages = Dynite(f"{root}/ODataV4/Company('{name}')", auth=bearer)
cards = pages.get_records("Artikel", {"$select": "No,Vendor_No"})

found = {
    "companies": len(companies),
    "items": [row["number"] for row in items],
    "cards": [row["No"] for row in cards],
}
sys.stdout.write(json.dumps(found))
