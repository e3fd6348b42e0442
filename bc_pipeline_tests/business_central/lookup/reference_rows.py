"""A company's reference data, served by the fake over plain GETs and ``$batch`` alike."""

from __future__ import annotations

import json
from typing import Any

from bc_pipeline_tests.business_central.batches import Batches, Request, answer, refusal
from bc_pipeline_tests.business_central.fake import FakeBusinessCentral, Reply, Seen, page

Row = dict[str, Any]
SHOP, OFFICE, WEST, EAST = (f"{n}0000000-0000-4000-8000-000000000000" for n in "1234")
CLASS, REGION = (f"{n}0000000-0000-4000-8000-00000000000d" for n in "12")


def dimension(id: str, code: str, name: str, *values: Row, **more: Any) -> Row:
    return {"id": id, "code": code, "displayName": name, "dimensionValues": list(values), **more}


def value(id: str, code: str, name: str, **more: Any) -> Row:
    return {"id": id, "code": code, "displayName": name, **more}


def standard() -> dict[str, list[Row]]:
    """Entity set -> rows, fresh each time."""
    return {
        "dimensions": [
            dimension(
                CLASS, "CLASS", "Class", value(SHOP, "SHOP", "Shop"), value(OFFICE, "HQ", "Office")
            ),
            dimension(REGION, "REGION", "Area", value(WEST, "W", "West"), value(EAST, "E", "East")),
        ],
        "accounts": [
            {
                "id": "a1",
                "number": "8110",
                "displayName": "Cleaning",
                "accountType": "Posting",
                "directPosting": True,
                "blocked": False,
            }
        ],
        "currencies": [
            {
                "id": "c1",
                "code": "USD",
                "displayName": "US Dollar",
                "amountDecimalPlaces": "2:2",
                "amountRoundingPrecision": 0.01,
            }
        ],
        "paymentMethods": [{"id": "m1", "code": "BANK", "displayName": "Bank transfer"}],
        "locations": [{"id": "l1", "code": "MAIN", "displayName": "Main warehouse"}],
        "vendorPaymentJournals": [{"id": "j1", "code": "PAYMENT", "displayName": "Payments"}],
        "companyInformation": [{"id": "i1", "displayName": "Cronus", "currencyCode": "EUR"}],
    }


class Company:
    """Serves ``sets``, which a test may change; a set that is missing is a 404."""

    def __init__(self, fake: FakeBusinessCentral) -> None:
        self.sets = standard()
        self.pages: dict[str, list[Row]] = {}
        self.batches = Batches(fake, self._part)
        fake.on(self._reply)

    def _part(self, part: Request) -> Request:
        name = part["url"].split("?")[0].rsplit("/", 1)[-1]
        if name not in self.sets:
            return refusal(404, "BadRequest_ResourceNotFound")
        return answer(200, json.loads(json.dumps({"value": self.sets[name]})))

    def _reply(self, seen: Seen) -> Reply | None:
        if seen.method != "GET":
            return None
        lists = self.pages if "/ODataV4/" in seen.path else self.sets
        return page(lists[seen.entity_set]) if seen.entity_set in lists else None
