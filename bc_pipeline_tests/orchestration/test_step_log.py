"""The log of a step and the tags of a run tell what was done, and no secret."""

from __future__ import annotations

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.errors import EntityFailed
from bc_pipeline.orchestration.assets import step_log
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.outcome_tags import (
    AT_WORK,
    HELD_TAG,
    OUTCOME_TAG,
    SENT_TAG,
    WOULD_SEND_TAG,
    beginning_tags,
    outcome_tags,
)
from bc_pipeline.report import EntityResult, Problem, RunSummary
from bc_pipeline.run.tenant_run import NOT_CONFIGURED
from bc_pipeline_tests.orchestration.engine_double import EngineDouble, Script
from bc_pipeline_tests.orchestration.runs import ITEMS, execute

GUID = "5b1e0c2e-0000-4000-8000-000000000001"
PRODUCTS = EntityResult(
    name="optiply/products",
    rows=12,
    created=2,
    updated=1,
    unchanged=7,
    quarantined=1,
    skipped=1,
    requests=4,
    seconds=0.25,
    problems=[Problem("optiply/products", GUID, "quarantined", "1896-S: it has no name")],
)


def logged(instance: DagsterInstance, result: ExecuteInProcessResult) -> list[str]:
    return [
        each.user_message
        for each in instance.all_logs(result.run_id)
        if each.dagster_event is None and each.step_key
    ]


def test_given_a_read_then_its_log_says_how_many_rows_in_how_many_requests(script, instance):
    script.results["bc/items"] = EntityResult(
        name="bc/items", rows=437, requests=3, seconds=1.24, mode="full", retried=2, throttled=1
    )

    lines = logged(instance, execute(instance, asset_selection=[ITEMS]))

    assert lines == [
        "Read 437 rows of items (full), 3 requests, 1.2 s. "
        "2 requests were repeated, 1 were told to slow down"
    ]


def test_given_records_sent_and_held_then_the_log_says_what_and_why(script, instance):
    script.results["optiply/products"] = PRODUCTS

    lines = logged(instance, execute(instance, asset_selection=[asset_key("optiply/products")]))

    assert lines == [
        "12 records mapped. Sent to Optiply: 2 created, 1 updated, 0 deleted; 7 unchanged, "
        "4 requests, 0.2 s. Held back: 1 quarantined, 1 skipped",
        "quarantined: 1896-S: it has no name",
    ]


def test_given_a_task_that_failed_then_the_log_tells_how_far_it_came(script, instance):
    script.results["optiply/products"] = PRODUCTS
    script.errors["optiply/products"] = EntityFailed("Optiply refuses everything")

    lines = logged(instance, execute(instance, asset_selection=[asset_key("optiply/products")]))

    assert any("2 created" in line for line in lines)


def test_given_many_problems_then_the_first_are_told_and_the_rest_counted():
    problem = Problem("optiply/products", None, "quarantined", "why")

    lines = step_log.held(EntityResult(problems=[problem] * 25, warnings={"text_mended": 2}))

    assert len(lines) == 22
    assert lines[-2:] == [
        "and 5 more; `bc-pipeline records` lists all",
        "Warning text_mended: 2 times",
    ]


@pytest.mark.parametrize(
    ("name", "result", "line"),
    [
        ("bc/item_page", EntityResult(mode=NOT_CONFIGURED), "is not asked for by the tenant's"),
        ("bc/items", EntityResult(complete=False), "the mirror is as it was before"),
        ("outbound/customers", EntityResult(rows=3, created=3), "to Business Central: 3 created"),
        ("optiply/products", EntityResult(adopted=4), "4 rows stood in Optiply already"),
    ],
)
def test_every_kind_of_step_has_its_words(name, result, line):
    assert any(line in each for each in step_log.done(BY_NAME[name], result))


def summary(**given) -> RunSummary:
    entities = {
        "bc/items": EntityResult(rows=9),
        "optiply/products": PRODUCTS,
        "optiply/suppliers": EntityResult(deleted=3),
        "outbound/purchase_orders": EntityResult(created=1),
    }
    return RunSummary("acme", "r", entities=entities, **given)


def test_given_a_summary_then_the_tags_tell_outcome_what_was_sent_and_what_is_held():
    assert outcome_tags(summary(status="partial")) == {
        OUTCOME_TAG: "partial",
        SENT_TAG: "products +2 ~1, suppliers -3, outbound/purchase_orders +1",
        HELD_TAG: "products 1",
    }
    assert outcome_tags(summary(dry_run=True))[WOULD_SEND_TAG].startswith("products +2")
    assert outcome_tags(RunSummary("acme", "r")) == {OUTCOME_TAG: "success", SENT_TAG: "nothing"}


def test_given_a_run_executed_again_then_it_does_not_pass_on_the_outcome_of_the_first():
    assert beginning_tags({"dagster/partition": "acme"}) == {}
    told = beginning_tags({OUTCOME_TAG: "failed", SENT_TAG: "products +2", HELD_TAG: "products 1"})
    assert told == {OUTCOME_TAG: AT_WORK, SENT_TAG: "nothing", HELD_TAG: "nothing"}


@pytest.mark.parametrize("error", [None, EntityFailed("it broke")])
def test_given_a_run_then_its_tags_are_there_when_it_has_ended(
    script: Script, instance, monkeypatch, error
):
    if error:
        script.errors["bc/items"] = error
    else:
        monkeypatch.setattr(EngineDouble, "finish", lambda _: summary(status="success"))

    result = execute(instance, asset_selection=[ITEMS])

    tags = instance.get_run_by_id(result.run_id).tags
    assert tags[OUTCOME_TAG] == ("partial" if error else "success")
    assert tags[SENT_TAG] == "nothing" if error else tags[SENT_TAG].startswith("products +2")
