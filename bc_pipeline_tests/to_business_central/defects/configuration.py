"""Fragile: signing in, configuration, and what is tested at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bc_pipeline.errors import ConfigError
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants.secrets import StoredToken, TokenStore
from bc_pipeline_tests.to_business_central.defects import contract
from bc_pipeline_tests.to_business_central.defects.records import VENDOR, customer
from bc_pipeline_tests.to_business_central.defects.table import defect
from bc_pipeline_tests.to_business_central.defects.world import World


@defect(
    "C12",
    before="kept the old refresh token in memory, so the second renewal of a run was refused",
    now="each renewal uses the token the one before was given",
)
def renewed_twice(world: World) -> None:
    with Sandbox(wholesale_items=20, refresh_grace_seconds=0) as strict:
        elsewhere = world.another(strict)
        for path in (r"/companies(\?|$)", r"\$batch"):
            strict.faults.add("bc", action="expired_token", path=path)

        report = elsewhere.export(Customers=[customer("C12")])

        signed_in = [each for each in strict.requests if each.system == "entra"]
        assert report.counts == {"created": 1}
        assert [each.status for each in signed_in] == [200, 200, 200]


@defect(
    "C13",
    before="rewrote its secrets in place: a crash halfway lost the only refresh token",
    now="one private file, replaced as a whole by one writer at a time",
)
def crash_while_saving(world: World) -> None:
    def crash(*_: object) -> None:
        raise OSError("no more power")

    store = TokenStore(world.home)
    old, new = (StoredToken(name, datetime.now(UTC), f"{name}-refresh", "f") for name in "ab")
    store.save("c13", "bc", old)
    world.patch.setattr(Path, "replace", crash)
    with pytest.raises(OSError):
        store.save("c13", "bc", new)
    world.patch.undo()

    (kept,) = (world.home / "secrets").glob("*c13*")
    assert store.load("c13", "bc") == old
    assert kept.stat().st_mode & 0o077 == 0, "nobody else may read it"
    assert "a-refresh" not in repr(old)


@defect(
    "C14",
    before="one fixed v1 endpoint, no tenant, no client credentials",
    now="v2 of the tenant's own Entra, as a person or as an application",
)
def ways_to_sign_in(world: World) -> None:
    world.export(Customers=[customer("C14")])
    person = _signed_in(world)
    app = world.another(name="wholesale")
    app.map_dimensions({})
    report = app.export(Customers=[customer("C14a")])

    assert report.counts == {"created": 1}
    assert person == ["/entra/common/oauth2/v2.0/token"]
    assert _signed_in(app) == ["/entra/wholesale.example/oauth2/v2.0/token"]


def _signed_in(world: World) -> list[str]:
    return [each.path for each in world.sandbox.requests.of("entra", after=world.since)]


@defect(
    "C17",
    before="read keys it had not declared, so a missing or misspelt one ended up in URLs as 'None'",
    now="a typed configuration: wrong, missing and unknown keys are told before anything is asked",
)
def typed_configuration(world: World) -> None:
    wrong = {
        "environment_name": ("business_central", {"environment_name": None}),
        "full_url": ("business_central", {"full_url": "https://elsewhere.example/"}),
        "max_attempts": ("business_central", {"max_attempts": "many"}),
        "post_documents": ("exports", {"post_documents": "perhaps"}),
        "accountng": ("exports", {"accountng": True}),
    }
    path = world.home / "tenants.yaml"
    sound = path.read_text("utf-8")
    for key, (section, settings) in wrong.items():
        document = yaml.safe_load(sound)
        document["tenants"][world.name][section].update(settings)
        path.write_text(yaml.safe_dump(document), "utf-8")
        with pytest.raises(ConfigError, match=key):
            world.installation.tenant(world.name)
    path.write_text(sound, "utf-8")
    (world.snapshot_dir / "tenant-config.json").write_text('{"dynamics-bc": null}')

    report = world.export(Customers=[customer("C17")])

    assert report.summary.exit_failure
    assert "tenant-config.json" in report.reasons
    assert "dynamics-bc" in report.reasons
    assert world.waiting
    assert not [op for op in world.requests() if op.is_write]


@defect(
    "C18",
    before="the only test had an empty configuration: nothing of the mapping was tested",
    now="every field of every entity is written over HTTP and compared with what BC shows",
)
def contract_of_the_mapping(world: World) -> None:
    owed = world.rows("purchaseInvoices", vendorNumber=VENDOR, status="Open")[0]["id"]

    report = world.export(
        Customers=[contract.CUSTOMER],
        Vendors=[contract.VENDOR_RECORD],
        Bills=[contract.BILL],
        BillPayments=[contract.PAYMENT | {"billId": owed}],
        JournalEntries=[contract.JOURNAL],
    )

    assert report.counts == {"created": 5}, report.reasons
    contract.check_masters(world)
    contract.check_documents(world)
