"""The same sales invoices through dlt: ``rest_api`` to DuckDB. Runs in the environment of
``dlt_environment.py``, so it imports nothing of this project.

    .venv-dlt/bin/python benchmarks/dlt_read.py URL
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
import duckdb
from dlt.sources.rest_api import rest_api_source

PAGE_DOCUMENTS = 2000


def source(url: str) -> Any:  # noqa: ANN401 - dlt's own
    parts = urlsplit(url)
    return rest_api_source(
        {
            "client": {
                "base_url": f"{parts.scheme}://{parts.netloc}",
                "headers": {"Prefer": f"odata.maxpagesize={PAGE_DOCUMENTS}"},
            },
            "resources": [
                {
                    "name": "sales_invoices",
                    "primary_key": "id",
                    "endpoint": {
                        "path": parts.path.lstrip("/"),
                        "params": dict(parse_qsl(parts.query)),
                        "data_selector": "value",
                        "paginator": {"type": "json_link", "next_url_path": "'@odata.nextLink'"},
                    },
                }
            ],
        }
    )


def main() -> None:
    url = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        database = Path(name) / "dlt.duckdb"
        started, cpu = time.perf_counter(), os.times()
        pipeline = dlt.pipeline(
            "bench",
            pipelines_dir=name,
            destination=dlt.destinations.duckdb(f"{database}"),
            dataset_name="bc",
        )
        pipeline.run(source(url))
        after = os.times()
        seconds = time.perf_counter() - started
        with duckdb.connect(f"{database}") as connection:
            count = "SELECT count(*) FROM bc.sales_invoices__sales_invoice_lines"
            (lines,) = connection.execute(count).fetchone()
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    spent = sum(after[:4]) - sum(cpu[:4])
    megabytes = peak / 1024 if sys.platform != "darwin" else peak / 1024**2
    print(json.dumps({"lines": lines, "seconds": seconds, "cpu": spent, "megabytes": megabytes}))


if __name__ == "__main__":
    main()
