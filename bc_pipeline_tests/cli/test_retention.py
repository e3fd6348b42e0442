"""``bc-pipeline retention`` deletes what is old, and shows what is left."""

from __future__ import annotations

from pathlib import Path

from bc_pipeline.orchestration.instance import open_instance
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.retention.conftest import KEEP_TWO, booked, run_ids


def test_given_three_runs_and_a_limit_of_two_then_one_goes_and_the_rest_is_shown(
    command: CommandLine, empty_home: Path
):
    write_tenants(empty_home, acme=KEEP_TWO, globex={})
    with open_instance(empty_home) as instance:
        gone, *stay = [booked(instance) for _ in range(3)]

    counted = command("retention", "--dry-run", "--json")
    told = command("retention")
    again = command("retention", "--json")

    assert counted.code == told.code == again.code == 0
    assert counted.json["dry_run"] is True
    assert counted.json["tenants"]["acme"]["runs_deleted"] == 1
    assert again.json["tenants"]["acme"] | {"dagster_bytes": 0} == {
        "runs": 2,
        "runs_deleted": 0,
        "bytes_freed": 0,
        "dagster_bytes": 0,
        "snapshot_bytes": 0,
        "booked_runs_deleted": 0,
        "remark": None,
    }
    assert "MB stored" in told.stdout
    with open_instance(empty_home) as instance:
        assert run_ids(instance) == set(stay)
        assert gone not in stay
