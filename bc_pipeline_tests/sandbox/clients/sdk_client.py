"""ms-dynamics-business-central-sdk: what an integration for expenses does, bulk posts included."""

import json
import sys

from dynamics.core.client import Dynamics

given = json.load(sys.stdin)
Dynamics.TOKEN_URL = f"{given['login']}/organizations/oauth2/v2.0/token?resource={given['bc']}"
Dynamics.BASE_URL = f"{given['bc']}/v2.0/{{environment}}/api/v2.0"
Dynamics.API_URL = given["bc"]
sign_in = {name: given[name] for name in ("client_id", "client_secret", "refresh_token")}
[environment] = Dynamics(**sign_in).environments.get_all()["value"]
company = given["company"]
bc = Dynamics(**sign_in, environment=environment["name"], company_id=company)

accounts = bc.accounts.get_all(**{"$filter": "directPosting eq true and blocked eq false"})
account = next(row for row in accounts if row["accountType"] == "Posting")
vendor = bc.vendors.post({"displayName": "From the SDK", "phoneNumber": None})
bill = bc.purchase_invoices.post({"vendorId": vendor["id"], "vendorInvoiceNumber": "SDK-1"})
new = [
    {"lineType": "Account", "accountId": account["id"], "quantity": 1, "unitCost": cost}
    for cost in (10, 20.5)
]
bulk = bc.purchase_invoice_line_items.bulk_post(bill["id"], new, company)
first, *_ = bc.purchase_invoice_line_items.get_all(bill["id"])
bc.purchase_invoice_line_items.delete(first["id"])
left = bc.purchase_invoice_line_items.get_all(bill["id"])

journal = bc.journals.post({"code": "SDK", "displayName": "From the SDK"})
line = {"accountNumber": account["number"], "documentNumber": "J1", "postingDate": "2026-01-31"}
entries = [line | {"amount": amount} for amount in (5, -5)]
both = bc.journal_line_items.bulk_post(journal["id"], entries, company)
bc.journals.delete(journal["id"])

found = {
    "vendors": bc.vendors.count(),
    "bulk": [(part["id"], part["status"]) for part in bulk["responses"] + both["responses"]],
    "left": [row["unitCost"] for row in left],
}
sys.stdout.write(json.dumps(found))
