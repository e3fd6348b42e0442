"""msal: as an application, and as a person who signs in in the browser."""

import json
import sys
from urllib.parse import parse_qsl, urlsplit

import msal
import requests

given = json.load(sys.stdin)
scopes = ["https://api.businesscentral.dynamics.com/.default"]
app = msal.ConfidentialClientApplication(
    given["client_id"],
    client_credential=given["client_secret"],
    authority=f"{given['login']}/wholesale.example",
    instance_discovery=False,
)
answer = app.acquire_token_for_client(scopes)
header = {"Authorization": f"Bearer {answer['access_token']}"}
url = f"{given['bc']}/v2.0/Production/api/v2.0/companies"
companies = requests.get(url, headers=header, timeout=30).json()["value"]

flow = app.initiate_auth_code_flow(scopes, redirect_uri="http://localhost:8410/callback")
page = requests.get(flow["auth_uri"], allow_redirects=False, timeout=30)
back = dict(parse_qsl(urlsplit(page.headers["location"]).query))
signed_in = app.acquire_token_by_auth_code_flow(flow, back)
renewed = app.acquire_token_silent(scopes, app.get_accounts()[0], force_refresh=True)

found = {
    "companies": [row["name"] for row in companies],
    "expires_in": answer["expires_in"],
    "person": signed_in["id_token_claims"]["preferred_username"],
    "renewed": renewed["access_token"] != signed_in["access_token"],
}
sys.stdout.write(json.dumps(found))
