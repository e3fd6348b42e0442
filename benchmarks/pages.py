"""A Business Central that has nothing but sales invoices, rendered once and then only sent.

What it does itself is little, so that a benchmark measures the client. Stamps are spread over a
year, as those of a shop are. ``POST /bench/change`` changes some documents, ``/bench/count`` tells
what was asked for since the last time.
"""

from __future__ import annotations

import bisect
import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import orjson
import requests

from bc_pipeline.business_central.client import query_url
from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.tenants.settings import Tenant

COMPANY = "11111111-1111-1111-1111-111111111111"
PAGE_DOCUMENTS = 2000
NO_GUID = "00000000-0000-0000-0000-000000000000"
_FIRST, _YEAR = datetime(2025, 2, 3, tzinfo=UTC), timedelta(days=365)
_DAY = timedelta(days=1)
"""What changes in one go was changed in the course of a day."""
_SINCE = re.compile(r"lastModifiedDateTime ge (\S+?)\)?(?: or .*)?$")


def _guid(kind: int, number: int) -> str:
    # Spread like real ones, so that nothing compresses better here than it would there.
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}/{number}"))


def _line(document: str, number: int, sequence: int, change: int) -> dict[str, Any]:
    quantity = 1 + (number + change) % 40
    price = round(1.05 + number % 9973 / 7, 5)
    return {
        "@odata.etag": f'W/"JzE5OzE2NjM5NDU4MDMwMTk{number:012d}MTswMDsn"',
        "id": _guid(2, number),
        "documentId": document,
        "sequence": sequence * 10000,
        "itemId": _guid(3, number % 5000),
        "itemVariantId": NO_GUID,
        "lineType": "Item",
        "lineObjectNumber": f"{10000 + number % 5000}",
        "unitOfMeasureCode": "PCS",
        "quantity": quantity,
        "netAmount": round(quantity * price, 2),
        "amountExcludingTax": round(quantity * price, 2),
        "invoiceDiscountAllocation": 0,
        "unitPrice": price,
        "locationId": NO_GUID,
        "shipmentDate": "2026-02-03",
    }


def _document(number: int, lines: int, stamp: datetime, change: int = 0) -> dict[str, Any]:
    id = _guid(1, number)
    return {
        "@odata.etag": f'W/"JzIwOzE2NjM5NDU4MDMwMTk{number:012d}MTswMDsn"',
        "id": id,
        "number": f"PS-INV{number:07d}",
        "invoiceDate": "2026-02-03",
        "postingDate": "2026-02-03",
        "status": "Paid",
        "orderNumber": f"S-ORD{number:07d}",
        "currencyCode": "EUR",
        "pricesIncludeTax": False,
        "totalAmountExcludingTax": 1234.56,
        "lastModifiedDateTime": f"{stamp:%Y-%m-%dT%H:%M:%S}.{stamp.microsecond // 1000:03d}Z",
        "salesInvoiceLines": [_line(id, number * lines + n, n + 1, change) for n in range(lines)],
    }


class Books:
    """The documents, and what was asked of them."""

    def __init__(self, directory: Path, documents: int, lines: int) -> None:
        self._directory = directory
        self._documents, self._lines = documents, lines
        self._step = _YEAR / max(1, documents)
        self._changed: list[tuple[datetime, bytes]] = []
        self._changes = 0
        self.base = ""
        self.requests = self.bytes = 0

    def render(self) -> None:
        """Write the pages of a read of everything. It is asked for before anything changes."""
        for page in range(self._pages):
            self._page(page).write_bytes(self._envelope(self._everything(page), page))

    def change(self, documents: int) -> None:
        """Change so many of them, spread evenly over all and over the next day."""
        self._changes += 1
        begins = _FIRST + _YEAR + self._changes * 2 * _DAY
        every = self._documents / max(1, documents)
        for n in range(documents):
            number = int(n * every)
            stamp = begins + _DAY * n / documents
            document = _document(number, self._lines, stamp, self._changes)
            self._changed.append((stamp, orjson.dumps(document)))

    def answer(self, target: str) -> bytes:
        """To a GET of the documents."""
        options = parse_qs(urlsplit(target).query)
        condition = unquote(options.get("$filter", [""])[0])
        page = int(options.get("$skiptoken", ["0"])[0])
        if not condition:
            return self._page(page).read_bytes()
        found = _SINCE.search(condition)
        assert found, condition
        rows = self._since(datetime.fromisoformat(found[1].replace("Z", "+00:00")))
        few = rows[page * PAGE_DOCUMENTS : (page + 1) * PAGE_DOCUMENTS]
        more = f"$filter={quote(condition)}&" if len(rows) > (page + 1) * PAGE_DOCUMENTS else None
        return self._joined(few, page, more)

    def _since(self, start: datetime) -> list[bytes]:
        """The documents stamped since then; the newest state of each."""
        at = bisect.bisect_left(self._changed, (start, b""))
        newest = {
            row[: row.index(b'"number"')].split(b'"id":')[1]: row for _, row in self._changed[at:]
        }
        first = max(0, -(-(start - _FIRST) // self._step))
        untouched = [
            orjson.dumps(_document(number, self._lines, _FIRST + number * self._step))
            for number in range(first, self._documents)
        ]
        return [*untouched, *newest.values()]

    @property
    def _pages(self) -> int:
        return -(-self._documents // PAGE_DOCUMENTS)

    def _page(self, page: int) -> Path:
        return self._directory / f"{page}.json"

    def _everything(self, page: int) -> Iterator[bytes]:
        begin = page * PAGE_DOCUMENTS
        for number in range(begin, min(self._documents, begin + PAGE_DOCUMENTS)):
            yield orjson.dumps(_document(number, self._lines, _FIRST + number * self._step))

    def _envelope(self, rows: Iterator[bytes], page: int) -> bytes:
        return self._joined(list(rows), page, "" if page + 1 < self._pages else None)

    def _joined(self, rows: list[bytes], page: int, following: str | None) -> bytes:
        context = f"{self.base}/v2.0/Production/api/v2.0/$metadata#salesInvoices"
        link = (
            b""
            if following is None
            else b',"@odata.nextLink":'
            + orjson.dumps(f"{_invoices(self.base)}?{following}aid=FIN&$skiptoken={page + 1}")
        )
        head = b'{"@odata.context":' + orjson.dumps(context)
        return head + b',"value":[' + b",".join(rows) + b"]" + link + b"}"


def _invoices(base: str) -> str:
    return f"{base}/v2.0/Production/api/v2.0/companies({COMPANY})/salesInvoices"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, books: Books, *arguments: object) -> None:
        self._books = books
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if urlsplit(self.path).path.endswith("/companies"):
            row = {"id": COMPANY, "name": "BENCH", "displayName": "BENCH"}
            return self._send(orjson.dumps({"value": [row]}))
        body = self._books.answer(self.path)
        self._books.requests += 1
        self._books.bytes += len(body)
        return self._send(body)

    def do_POST(self) -> None:
        given = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/bench/change":
            self._books.change(json.loads(given)["documents"])
            return self._send(b"{}")
        if self.path == "/bench/count":
            told = {"requests": self._books.requests, "bytes": self._books.bytes}
            self._books.requests = self._books.bytes = 0
            return self._send(orjson.dumps(told))
        return self._send(b'{"access_token": "token", "expires_in": 3599}')

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Silent."""


def serve(documents: int, lines: int) -> None:
    """Renders the pages, prints the base URL, serves until killed."""
    with TemporaryDirectory() as name:
        books = Books(Path(name), documents, lines)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, books))
        books.base = f"http://127.0.0.1:{server.server_port}"
        books.render()
        print(books.base, flush=True)
        server.serve_forever()


def ask(base: str, what: str, **given: int) -> dict[str, int]:
    """Have the server change documents, or tell what was asked for."""
    told: dict[str, int] = requests.post(f"{base}/bench/{what}", json=given, timeout=600).json()
    return told


def tenant(base: str, home: Path) -> Tenant:
    """Whose Business Central it is."""
    return Tenant.model_validate(
        {
            "name": "bench",
            "home": home,
            "snapshot_dir": home,
            "business_central": {
                "environment_name": "Production",
                "company": "BENCH",
                "client_id": "id",
                "client_secret": "secret",
                "api_url": base,
                "login_url": base,
            },
            "optiply": {
                "client_id": "id",
                "client_secret": "secret",
                "username": "user",
                "password": "password",
                "account_id": 1,
                "coupling_id": 1,
            },
        }
    )


def first_url(base: str) -> str:
    """The URL our reader starts with, so that all page the same."""
    entity = ENTITIES["bc/sales_invoices"]
    assert entity.lines
    expand = f"{entity.expand}($select={','.join(entity.lines.selected)})"
    options = {"$select": ",".join(entity.table.selected), "$expand": expand}
    return query_url(_invoices(base), options)
