"""Every kind of alert and every figure for Prometheus."""

from __future__ import annotations

from bc_pipeline.alerts.kinds import KINDS, Kind
from bc_pipeline.alerts.metrics import PREFIX, SERIES, WRITTEN
from bc_pipeline_tests.reference.markdown import code, codes, prose, table
from bc_pipeline_tests.reference.markdown import page as whole


def page() -> str:
    """The page."""
    kinds = [
        (code(kind.name), prose(kind.when), _told(kind), prose(_todo(kind)))
        for kind in KINDS.values()
    ]
    series = [
        (code(PREFIX + name), codes(("tenant", *each.labels)), prose(each.help))
        for name, each in SERIES.items()
    ]
    series.append((code(PREFIX + WRITTEN), "", "When these figures were written"))
    return whole(
        "Alerts and figures",
        "Who is told, and how: [Alerts](../alerts.md).",
        "## Kinds of alerts\n\nWhat to do is what the message says, with `acme` as tenant and "
        "`products` as entity.",
        table(("kind", "when", "told", "what to do"), kinds),
        "## Figures for Prometheus\n\nWritten by `bc-pipeline metrics`.",
        table(("series", "labels", "says"), series),
    )


def _todo(kind: Kind) -> str:
    return kind.todo.format(tenant="acme", entity="products")


def _told(kind: Kind) -> str:
    times = ["once"]
    times += ["again when it stays"] * kind.escalates + ["when it is over"] * kind.recovers
    also = f"; to those who ask for {codes(kind.heard_as)} too" if kind.heard_as else ""
    return ", ".join(times) + also
