"""A sandbox in a process of its own, with one environment of Business Central and one account of
Optiply for each of many tenants. It is told on stdin what to do, one JSON document a line.

    python -m benchmarks.many_tenants --serve DIRECTORY --tenants N
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import random_changes
from bc_pipeline.sandbox.companies import wholesale
from benchmarks.measuring import own, served

ITEMS = 20


class Server:
    """The sandbox's process; the tenants of ``home`` reach it.

    Args:
        home: BC_PIPELINE_HOME; gets its ``tenants.yaml``.
        tenants: how many.
        latency: seconds that every request takes longer, once it is told to wait.
        items: of each tenant's company.
    """

    def __init__(self, home: Path, tenants: int, latency: float, items: int = ITEMS) -> None:
        options = ("--tenants", tenants, "--latency", latency, "--items", items)
        self._process, _ = served(own("many_tenants", "--serve", home, *options))

    def tell(self, **order: object) -> dict[str, Any]:
        """Have something done; how many requests there were since the last time."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def serve(home: Path, tenants: int, latency: float, items: int) -> None:
    """Says when it is ready, then does what it is told until it is killed."""
    with Sandbox(wholesale_items=items) as sandbox:
        _many(sandbox, home, tenants)
        print("ready", flush=True)
        environments = sandbox.business_central.environments
        seen = 0
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "wait":
                sandbox.faults.add(action="delay", times=None, seconds=latency)
            elif order["do"] == "change":
                for name in order["tenants"]:
                    company = environments[name].companies[wholesale.NAME]
                    random_changes(company, order["seed"], order["count"], kinds=order.get("kinds"))
            new = [each for each in sandbox.requests if each.number > seen]
            seen = sandbox.requests.total
            told = {system: sum(e.system == system for e in new) for system in ("bc", "optiply")}
            print(json.dumps(told), flush=True)


def _many(sandbox: Sandbox, home: Path, tenants: int) -> None:
    sandbox.write_tenants(home)
    path = home / "tenants.yaml"
    pattern = yaml.safe_load(path.read_text("utf-8"))["tenants"]["wholesale"]
    entries = {}
    for number in range(tenants):
        name = f"t{number:04}"
        sandbox.business_central.environments.copy_to(name)
        shop = sandbox.optiply.add_shop(name)
        account = {
            key: getattr(shop, key)
            for key in ("client_id", "client_secret", "username", "password")
        } | {"account_id": shop.account_id, "coupling_id": shop.coupling_id}
        entries[name] = pattern | {
            "business_central": pattern["business_central"] | {"environment_name": name},
            "optiply": pattern["optiply"] | account,
        }
    path.write_text(yaml.safe_dump({"tenants": entries}, allow_unicode=True), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--serve", type=Path, required=True, metavar="DIRECTORY")
    parser.add_argument("--tenants", type=int, default=4)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--items", type=int, default=ITEMS)
    arguments = parser.parse_args()
    serve(arguments.serve, arguments.tenants, arguments.latency, arguments.items)


if __name__ == "__main__":
    main()
