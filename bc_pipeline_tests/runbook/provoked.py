"""Each failure of the runbook but those of writing to Business Central, made to happen; what the
program then tells.

The names are those of the first column of the table in ``docs/runbook.md``.
"""

from __future__ import annotations

from datetime import timedelta

from bc_pipeline.run.quality import flaws
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.cli.aged import let_pass, synced
from bc_pipeline_tests.full_disk import no_file_beyond
from bc_pipeline_tests.runbook.cases import case
from bc_pipeline_tests.runbook.world import FEW_TRIES, FORBIDDEN, World

# --- nothing comes, or late ----------------------------------------------------------------------


@case("no sync")
def _(world: World) -> str:
    let_pass(timedelta(hours=3))
    return world.told("status", "cronus")


@case("stock late")
def _(world: World) -> str:
    let_pass(timedelta(minutes=60))
    return world.told("status", "cronus")


@case("one entity late")
def _(world: World) -> str:
    let_pass(timedelta(days=7))
    with world.fault("bc", action="status", status=403, path=r"/items\?", body=FORBIDDEN):
        return world.sync()


@case("never read")
def _(world: World) -> str:
    world.books("DELETE FROM ops.reads WHERE entity = 'bc/vendors'")
    return world.told("status", "cronus")


@case("only tried")
def _(world: World) -> str:
    let_pass(timedelta(hours=3))
    return world.sync("suppliers", dry_run=True)


@case("run killed")
def _(world: World) -> str:
    world.books(
        "INSERT INTO ops.runs (run_no, run_id, started_at, status, dry_run) "
        "SELECT max(run_no) + 1, 'killed', now(), 'running', false FROM ops.runs"
    )
    return world.told("status", "cronus")


@case("disk full")
def _(world: World) -> str:
    with no_file_beyond(8192):
        return str(world.run("suppliers", full=True)["reason"])


# --- signing in ----------------------------------------------------------------------------------


def _refused(world: World, error: str) -> str:
    world.signed_out()
    with world.fault("entra", action="token_error", error=error):
        return world.sync("suppliers")


@case("signed out at Microsoft")
def _(world: World) -> str:
    return _refused(world, "invalid_grant")


@case("second factor")
def _(world: World) -> str:
    return _refused(world, "interaction_required")


@case("consent withdrawn")
def _(world: World) -> str:
    return _refused(world, "consent_required")


@case("client secret")
def _(world: World) -> str:
    world.signed_out()
    with world.settings(business_central={"client_secret": "wrong"}):
        return world.sync("suppliers")


@case("signed out at Optiply")
def _(world: World) -> str:
    world.signed_out()
    with world.settings(optiply={"password": "wrong"}):
        return world.sync("suppliers")


@case("no permission")
def _(world: World) -> str:
    with world.fault("bc", action="status", status=403, path=r"/vendors\?", body=FORBIDDEN):
        return world.told("check", "cronus")


# --- systems that cannot be reached, or are busy -------------------------------------------------


@case("throttled")
def _(world: World) -> str:
    fault = world.fault("bc", action="throttled", path=r"/items\?")
    with world.settings(business_central=FEW_TRIES), fault:
        return world.sync("products")


@case("deadlock")
def _(world: World) -> str:
    fault = world.fault("bc", action="deadlock", path=r"/items\?")
    with world.settings(business_central=FEW_TRIES), fault:
        return world.sync("products")


@case("no host")
def _(world: World) -> str:
    world.signed_out()
    address = {"login_url": "https://nowhere.invalid/api", "max_attempts": 1}
    with world.settings(optiply=address):
        return world.sync("suppliers")


@case("refuses connections")
def _(world: World) -> str:
    world.signed_out()
    with world.settings(optiply={"login_url": "http://127.0.0.1:1", "max_attempts": 1}):
        return world.sync("suppliers")


@case("certificate")
def _(world: World) -> str:
    plain = world.sandbox.base_url.replace("http://", "https://")
    world.signed_out()
    with world.settings(optiply={"login_url": plain, "max_attempts": 1}):
        return world.sync("suppliers")


# --- settings ------------------------------------------------------------------------------------


@case("file broken")
def _(world: World) -> str:
    (world.home / "tenants.yaml").write_text("tenants: [\n", "utf-8")
    return world.told("status")


@case("one tenant broken")
def _(world: World) -> str:
    with world.settings(sync={"locatons": ["EAST"]}):
        return world.told("status")


@case("not encrypted")
def _(world: World) -> str:
    with world.settings(business_central={"api_url": "http://bc.example.com"}):
        return world.told("status")


@case("location unknown")
def _(world: World) -> str:
    with world.settings(sync={"locations": ["AMSTERDAM"]}):
        return world.sync("products")


@case("moved environment")
def _(world: World) -> str:
    with world.settings(business_central={"environment_name": "Other"}):
        return world.sync("suppliers")


# --- records of Business Central -----------------------------------------------------------------


@case("record refused")
def _(world: World) -> str:
    return world.told("records", "cronus", "buy_order_lines") + world.told("status", "cronus")


@case("unit unknown")
def _(world: World) -> str:
    return world.told("show", "cronus", "buy_order_lines", "106008 line 10000")


@case("left out on purpose")
def _(world: World) -> str:
    return world.told("records", "cronus", "products", "--state", "skipped")


@case("not found")
def _(world: World) -> str:
    return world.told("find", "cronus", "no-such-record")


@case("mail address")
def _(world: World) -> str:
    vendor = next(iter(world.company.tables["vendors"].values()))
    world.company.modify("vendors", vendor["id"], email="nobody at all")
    world.sync("suppliers")
    return world.told("show", "cronus", "suppliers", vendor["number"])


@case("no lead time")
def _(world: World) -> str:
    synced("wholesale", entities=("products", "suppliers", "supplier_products"))
    rows = world.sandbox.optiply.shops["wholesale"].rows("supplierProducts")
    timed = next(row for row in rows if row["deliveryTime"])
    return world.told("show", "wholesale", "supplier_products", str(timed["id"]))


@case("deletions held")
def _(world: World) -> str:
    goods = [row for row in world.company.tables["items"].values() if row["type"] == "Inventory"]
    for row in goods[:12]:
        world.company.delete("items", row["id"])
    return world.sync("products")


@case("twice in Optiply")
def _(world: World) -> str:
    row = world.shop.rows("products")[0]
    again = {name: row[name] for name in ("name", "stockLevel", "unlimitedStock", "remoteId")}
    world.shop.create("products", again, world.shop.coupling_id)
    return world.told("verify", "cronus", "products")


@case("order twice in Optiply")
def _(world: World) -> str:
    order = world.shop.rows("buyOrders")[0]
    names = ("supplierId", "placed", "totalValue", "remoteId")
    world.shop.create("buyOrders", {n: order[n] for n in names}, world.shop.coupling_id)
    return world.told("verify", "cronus", "buy_orders")


@case("changed in Optiply")
def _(world: World) -> str:
    row = next(row for row in world.shop.rows("products") if row["status"] == "enabled")
    world.shop.change("products", row["id"], {"stockLevel": 99999}, world.shop.coupling_id)
    return world.told("verify", "cronus", "products")


@case("order not taken")
def _(world: World) -> str:
    with world.settings(sync={"buy_order_statuses": ["Draft"]}):
        return world.told("find", "cronus", "no-such-order")


@case("data of the shop")
def _(world: World) -> str:
    with Snapshot.open(world.directory, read_only=True) as snapshot, snapshot.cursor() as cursor:
        found = [flaw for flaw in flaws(cursor) if flaw.count]
    return " ".join(f"{flaw.count} {flaw.text}. {flaw.todo}" for flaw in found)
