"""A tenant's page for whoever has no shell: the job ``report`` shows it in short and says where the
whole of it is. Dagster's UI serves no files."""

# Dagster reads the annotation of an op's context as it stands, so it cannot be postponed.

import math
from collections.abc import Iterator, Sequence
from typing import Any

from dagster import (
    Failure,
    MetadataValue,
    Nothing,
    OpExecutionContext,
    Out,
    in_process_executor,
    job,
    op,
)

from bc_pipeline import clock
from bc_pipeline.errors import PipelineError
from bc_pipeline.orchestration.assets.linked import WHOLE, linked_table
from bc_pipeline.orchestration.partitions import TENANTS
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.tenant_page import saving
from bc_pipeline.tenant_page.facts import Facts, gather
from bc_pipeline.tenant_page.history import Trend, number
from bc_pipeline.tenants.registry import Registry

DESCRIPTION = (
    "How a tenant is doing: what needs somebody and what to do, what is held back and why, trends, "
    "parity with Business Central, data quality. All of it stands in a file, which is told; in "
    "short it stands on the page of the run."
)
_BARS = "·▁▂▃▄▅▆▇█"


@op(out=Out(Nothing), description=DESCRIPTION)
def report_now(context: OpExecutionContext, tenants: TenantsResource) -> None:
    """Write the page of the tenant that is the run's partition.

    Raises:
        Failure: there is no such tenant, or the page could not be written.
    """
    tenant = context.partition_key
    try:
        verdict, metadata = written(tenants.load(), tenant)
    except PipelineError as error:
        raise Failure(f"{error.kind}: {error}", allow_retries=False) from None
    context.log.info(f"{tenant}: {verdict}")
    context.add_output_metadata(metadata)


@job(
    name="report",
    partitions_def=TENANTS,
    executor_def=in_process_executor,
    description=f"{DESCRIPTION} Choose the tenant as partition.",
)
def report_job() -> None:
    """The page of one tenant."""
    report_now()


def written(found: Registry, tenant: str) -> tuple[str, dict[str, Any]]:
    """Write the page, and tell it in short.

    Args:
        found: the registry.
        tenant: whose.

    Returns:
        how the tenant is doing, and what the page of a run shows of it.

    Raises:
        PipelineError: there is no such tenant, or the page could not be written.
    """
    # Templates take a while to import, and no other job needs them.
    from bc_pipeline.tenant_page.page import render

    facts = gather(found, tenant, clock.now())
    path = saving.place_of(found.home, tenant)
    try:
        saving.save(path, render(facts))
    except OSError as error:
        raise PipelineError(f"{path} cannot be written ({error.strerror})") from None
    address = saving.address_of(path)
    page = MetadataValue.url(address) if address else MetadataValue.path(path)
    return facts.verdict, {"page": page, **_short(facts)}


def _short(facts: Facts) -> dict[str, Any]:
    """What the page tells, as tables of the UI."""
    advice = linked_table([*_advice(facts)], longest=WHOLE)
    told: dict[str, Any] = {"verdict": facts.verdict, "what_to_do": advice}
    if facts.note:
        told["note"] = facts.note
    if facts.state.stock is not None:
        told["stock"] = facts.state.stock.in_words()
    told["held_back"] = linked_table([*_held(facts)], longest=WHOLE)
    if facts.books is not None:
        told["trends"] = linked_table([_sparkline(trend) for trend in facts.books.trends])
        told["parity"] = linked_table([*_parity(facts)])
        told["data_quality"] = linked_table([*_flaws(facts)])
    return told


def _advice(facts: Facts) -> Iterator[dict[str, Any]]:
    for each in facts.advice:
        told = {"what": each.what, "why": each.why, "what to do": each.todo}
        yield {**told, "here": each.job}


def _held(facts: Facts) -> Iterator[dict[str, Any]]:
    for group in facts.held:
        yield {
            "entity": group.entity,
            "state": group.state,
            "records": group.count,
            "such as": ", ".join(filter(None, (each.number for each in group.records[:3]))),
            "why": next((each.reason for each in group.records if each.reason), None),
        }


def _parity(facts: Facts) -> Iterator[dict[str, Any]]:
    for each in facts.books.parity if facts.books else ():
        yield {
            "entity": each.entity,
            "wanted": each.wanted,
            "in Optiply": each.there,
            "missing": each.missing,
            "Optiply itself": each.verified,
        }


def _flaws(facts: Facts) -> Iterator[dict[str, Any]]:
    for each in facts.books.flaws if facts.books else ():
        if each.count:
            told = {"what": each.text, "how many": each.count, "such as": each.samples[0]}
            yield {**told, "what to do": each.todo}


def _sparkline(trend: Trend) -> dict[str, Any]:
    """A trend as a line of letters: the markdown of the UI shows no pictures."""
    sums = trend.sums
    first, last = trend.days[0], trend.days[-1]
    return {
        "": trend.title,
        f"{first} to {last}": _letters(sums),
        "most": f"{number(max(sums))} {trend.unit}",
    }


def _letters(values: Sequence[float]) -> str:
    """One letter a day; what is little is seen, too."""
    most, steps = max(values) or 1, len(_BARS) - 1
    return "".join(_BARS[math.ceil(value * steps / most)] for value in values)
