"""requests-oauthlib: the client's secret in an HTTP Basic header, as it does by itself."""

import json
import sys

from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

given = json.load(sys.stdin)
token_url = f"{given['login']}/wholesale.example/oauth2/v2.0/token"
scope = ["https://api.businesscentral.dynamics.com/.default"]
client = BackendApplicationClient(given["client_id"], scope=scope)
session = OAuth2Session(client=client)
session.fetch_token(token_url, client_id=given["client_id"], client_secret=given["client_secret"])
api = f"{given['bc']}/v2.0/Production/api/v2.0"
items = session.get(f"{api}/companies({given['company']})/items").json()["value"]

person = OAuth2Session(given["client_id"], token={"refresh_token": given["refresh_token"]})
basic = (given["client_id"], given["client_secret"])
renewed = person.refresh_token(f"{given['login']}/common/oauth2/v2.0/token", auth=basic)

found = {"items": len(items), "renewed": renewed["refresh_token"] != given["refresh_token"]}
sys.stdout.write(json.dumps(found))
