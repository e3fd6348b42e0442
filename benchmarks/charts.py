"""Makes ``docs/performance.md`` and its charts of ``measured.json``, what was measured last.

python -m benchmarks.charts
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import goals, svg
from benchmarks.bench import SIZES, measured
from benchmarks.measuring import ROOT, Figures

CHARTS = ROOT / "docs" / "performance"
STORAGES = {"files": "SQLite", "postgres": "PostgreSQL"}

_HEAD = """\
# Performance

Made by `make charts` from `benchmarks/measured.json`, what `make bench BENCH=--write` measured
last: do not edit. Seconds are of the machine named; ratios, counts and bytes hold on others too,
and `make bench-check` fails when one of them gets worse by a fifth. [scale.md](scale.md) says what
it means for many tenants.

## Goals
"""
_TITLES = {
    "read": "Reading",
    "incremental": "Reading again",
    "diff": "Comparing",
    "tick": "A tick",
    "first_load": "First load",
    "memory": "Memory",
    "export": "Writing to Business Central",
}


def files() -> dict[str, str]:
    """Path below ``docs`` -> what belongs there."""
    found = measured()
    drawn = {name: draw(found[name]["report"]) for name, draw in CHART.items() if name in found}
    charts = {f"performance/{name}.svg": text for name, text in drawn.items()}
    return {"performance.md": page(found), **charts}


def page(found: Figures) -> str:
    """The page."""
    lines = [_HEAD, "| | measured | goal | |", "|---|---|---|---|"]
    for bench, entry in found.items():
        for row in goals.rows(bench, entry["report"]):
            what, figure, goal, met = row.cells()
            lines.append(f"| {what} | {figure} | {goal} | {met} |")
    for bench in (name for name in SIZES if name in found):
        lines += ["", *_section(bench, found[bench])]
    return "\n".join(lines) + "\n"


def _section(bench: str, entry: Figures) -> Iterator[str]:
    report = entry["report"]
    yield f"## {_TITLES[bench]}"
    yield ""
    yield f"`benchmarks/{bench}.py`: {SIZE[bench](report)}; {entry['machine']}, {entry['date']}."
    if bench in CHART:
        yield ""
        yield f"![{_TITLES[bench]}](performance/{bench}.svg)"
    if any(row.met is False for row in goals.rows(bench, report)) and report.get("profile"):
        yield ""
        yield f"{PROFILE_OF.get(bench, 'Where the time goes')}:"
        yield ""
        yield "| where | share |"
        yield "|---|---|"
        for each in report["profile"]:
            yield f"| `{each['where']}` | {each['share']:.0%} |"


PROFILE_OF = {
    "read": "Where the time of our read goes, samples of all its threads that do not wait",
    "diff": "Where DuckDB's time goes, by step of the statement; its projection makes the "
    "canonical JSON of each wanted row and the SHA-256 of that",
    "tick": "Where the time goes when all have changed, without latency, samples of all threads "
    "that do not wait",
}

SIZE: dict[str, Callable[[Figures], str]] = {
    "read": lambda r: (
        f"{r['lines']:,} lines in {r['documents']:,} invoices, medians of {r['rounds']}; dlt a "
        f"tenth of them, medians of {r['tenth']['rounds'] if 'tenth' in r else 0}"
    ),
    "incremental": lambda r: (
        f"{r['lines']:,} lines in {r['documents']:,} invoices, medians of {r['rounds']}"
    ),
    "diff": lambda r: (
        f"{r['rows']:,} products, {r['changed']:,} of them changed, medians of {r['rounds']}"
    ),
    "tick": lambda r: (
        f"{r['tenants']:,} tenants of 20 items, each request takes 0.1 s longer, medians of "
        f"{r['rounds']} (all changed: {r['rounds_all_changed']}); seconds are scaled to 1,000 "
        "tenants, the start of the process counted once. PostgreSQL runs on the same machine and "
        "does not wait for its disk; its own CPU is not counted. What is lost in the noise of "
        "start-up is not told"
    ),
    "first_load": lambda r: (
        f"{r['created']:,} products at {r['rate']:g} requests a second, each answer takes "
        f"{r['latency']:g} s; most in ten seconds: {r['most_in_10_seconds']:.0%} of the rate, for "
        "half a second's worth may be sent at once after a pause"
    ),
    "memory": lambda r: (
        f"{r['ticks']} ticks of {r['tenants']} tenants in one process, each with a run"
    ),
    "export": lambda r: (
        f"{r['customers_new']['records']:,} customers, {r['bills']['records']:,} bills"
    ),
}


def _read(report: Figures) -> str:
    labels = {"floor": "requests + json.loads", "mirror": "read into the mirror", "dlt": "dlt"}
    subjects = {**report.get("tenth", {}), **report}
    rows = [(label, subjects[name]) for name, label in labels.items() if name in subjects]
    return svg.bars(
        "Lines a second",
        [
            svg.Bar(
                label,
                row["lines_per_second"],
                f"{row['lines_per_second']:,}, {row['peak_megabytes']} MB",
                other=label != labels["mirror"],
            )
            for label, row in rows
        ],
    )


def _incremental(report: Figures) -> str:
    return svg.bars(
        "Seconds of a read, by how many lines have changed",
        [
            svg.Bar(f"{step} changed", row["seconds"],
                    f"{row['seconds']:.2f} s, {row['bytes'] / 1e6:,.1f} MB")
            for step, row in report["steps"].items()
        ],
    )  # fmt: skip


def _tick(report: Figures) -> str:
    found = {name: ticks for name, ticks in report["storages"].items() if ticks}
    subjects = [name for name, row in next(iter(found.values())).items() if isinstance(row, dict)]
    return svg.bars(
        "CPU seconds of a tenant in a tick",
        [
            svg.Bar(
                f"{subject}, {STORAGES[storage]}",
                found[storage][subject]["cpu_per_tenant"],
                f"{found[storage][subject]['cpu_per_tenant']:.3f}",
                other=storage != "files",
            )
            for subject in subjects
            for storage in found
            if "cpu_per_tenant" in found[storage][subject]
        ],
    )


def _memory(report: Figures) -> str:
    points = [(tick, size) for tick, size in report["resident"]]
    return svg.line("Resident memory of a process, tick by tick", points, "ticks", "MB")


CHART: dict[str, Callable[[Figures], str]] = {
    "read": _read,
    "incremental": _incremental,
    "tick": _tick,
    "memory": _memory,
}


def main() -> None:
    CHARTS.mkdir(exist_ok=True)
    for name, text in files().items():
        (ROOT / "docs" / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
