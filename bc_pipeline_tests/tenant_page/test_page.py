"""The page of a tenant: what it tells, in words that cannot be mistaken for HTML, and nothing that
nobody may know."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pydantic import SecretStr

from bc_pipeline import clock
from bc_pipeline.alerts.kinds import KINDS
from bc_pipeline.alerts.matter import Matter
from bc_pipeline.catalogue.states import GUARD
from bc_pipeline.definitions import defs
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.tenant_page import charts, held
from bc_pipeline.tenant_page.advice import JOBS, advice
from bc_pipeline.tenant_page.facts import AT_WORK, Facts, gather
from bc_pipeline.tenant_page.history import Series, Trend
from bc_pipeline.tenant_page.page import render
from bc_pipeline.tenants import pause, registry
from bc_pipeline_tests.alerts.kinds_world import assert_typed_as_it_stands
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.tenant_page.weeks import SPOILT_NAME

VOID = {"meta", "br", "wbr"}


class Read(HTMLParser):
    """A page as a browser reads it: elements with their attributes, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += f" {data}"

    @property
    def told(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())


def facts_of(tenant: str) -> Facts:
    return gather(registry.load(), tenant, clock.now(), wait_seconds=0)


def read(tenant: str) -> Read:
    return Read(render(facts_of(tenant)))


def test_given_a_tenant_with_a_past_then_the_page_tells_how_it_stands(home: Path):
    page = read("wholesale").told

    assert "things need somebody" in page
    assert "Noordzee Groothandel B.V. in Business Central" in page
    assert re.search(r"stock at most \d+ min old", page)
    assert "Next look not known: no tick has come by yet" in page
    for section in ("Health", "Trends", "Parity with the source", "Held back", "Data quality",
                    "Exports to Business Central", "Slowest reads", "Settings"):  # fmt: skip
        assert section in page


def test_what_is_held_back_is_told_with_why_the_command_and_the_job(home: Path):
    facts = facts_of("wholesale")

    advice = {each.kind: each for each in facts.advice}
    assert "12 deletions in optiply/products" in advice["guard"].what
    assert advice["guard"].commands == ("bc-pipeline approve-deletions wholesale products",)
    assert advice["guard"].job == (
        "Jobs, approve_deletions, Launchpad; partition wholesale; entity: products, approve: true"
    )
    assert "crm-2" in advice["blocked"].what
    assert "XYZ" in (advice["blocked"].why or "")
    assert (advice["blocked"].job or "").startswith("Jobs, resend, ")
    groups = {(each.entity, each.state): each for each in facts.held}
    assert groups["optiply/products", GUARD].count == 12
    refused = groups["outbound/customers", "failed"]
    assert refused.means == "It was refused."
    assert [record.number for record in refused.records] == ["crm-2"]
    assert "line 2 of Customers.jsonl" in read("wholesale").told


def test_every_command_on_the_page_can_be_typed_as_it_stands(home: Path):
    facts = facts_of("wholesale")

    assert facts.advice
    for told in (*facts.advice, *facts.held):
        assert_typed_as_it_stands(told.todo)


def test_charts_show_the_runs_that_were(home: Path):
    trends = {each.name: each for each in (facts_of("wholesale").books or pytest.fail()).trends}

    assert len(trends["runs"].days) == 7
    assert sum(trends["runs"].sums) == 4
    assert [name.name for name in trends["runs"].series] == ["success", "partial", "failed"]
    created, updated, _ = trends["sent"].series
    assert max(created.values) > 100
    assert created.values[-6] == max(created.values), "the first run was five days ago"
    assert sum(updated.values) > 0
    assert trends["requests"].sums[-6] > 100
    assert trends["duration"].sums[-1] > 0
    longest = timedelta(minutes=max(trends["stock_age"].sums))
    assert timedelta(days=2) <= longest < timedelta(days=2, minutes=5)
    held_back = trends["held"].sums
    assert held_back[0] == 0, "nothing was known before the first run"
    assert held_back[-1] > 0
    pictures = [tag for tag, given in read("wholesale").elements if given.get("role") == "img"]
    assert pictures == ["svg"] * len(trends)


def test_parity_counts_what_should_be_in_optiply_and_what_is(home: Path):
    parity = {each.entity: each for each in (facts_of("wholesale").books or pytest.fail()).parity}

    products = parity["optiply/products"]
    assert products.wanted == products.there > 0
    assert products.found >= products.wanted
    assert products.verified == "not compared yet"


def test_data_quality_comes_from_the_newest_run_of_each_entity(home: Path):
    flaws = {each.name: each for each in (facts_of("wholesale").books or pytest.fail()).flaws}

    assert flaws["duplicate_gtins"].count
    assert flaws["fractional_quantities"].count
    assert flaws["unlinked_receipts"].count
    assert "NG-" in read("wholesale").told


def test_exports_tell_what_was_written(home: Path):
    exports = {each.entity: each for each in (facts_of("wholesale").books or pytest.fail()).exports}

    assert exports["outbound/purchase_orders"].written == 1
    assert exports["outbound/purchase_orders"].last_number
    assert exports["outbound/customers"].waiting == {"failed": 1}


def test_a_name_from_elsewhere_is_never_read_as_html(home: Path):
    found = registry.load().get("wholesale")
    with Snapshot.open(found.snapshot_dir, read_only=True) as snapshot, snapshot.cursor() as cursor:
        known = "SELECT count(*) FROM bc.items WHERE displayName = ?"
        assert cursor.execute(known, [SPOILT_NAME]).fetchone() == (1,)
    page = render(facts_of("wholesale"))

    assert "<script" not in page
    assert SPOILT_NAME in Read(page).told


def test_the_page_needs_nothing_else(home: Path):
    elements = read("wholesale").elements

    tags = {tag for tag, _ in elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert all(not name.startswith("on") for _, given in elements for name in given)
    for tag, given in elements:
        address = given.get("href") or given.get("src")
        assert address is None or (tag == "a" and address.startswith(("#", "https://")))
    assert "url(" not in render(facts_of("wholesale"))


def test_tables_and_charts_can_be_heard(home: Path):
    page = read("wholesale")

    assert ("html", {"lang": "en"}) in page.elements
    tables = sum(tag == "table" for tag, _ in page.elements)
    assert tables == sum(tag == "caption" for tag, _ in page.elements) > 8
    heads = [given.get("scope") for tag, given in page.elements if tag == "th"]
    assert set(heads) == {"col", "row"}
    labels = [given["aria-label"] for tag, given in page.elements if tag == "svg"]
    assert any("4 runs" in (each or "") or "success" in (each or "") for each in labels)


@pytest.mark.parametrize("tenant", ["cronus", "wholesale"])
def test_no_secret_is_on_the_page(home: Path, tenant: str):
    told = registry.load().get(tenant)
    facts = facts_of(tenant)
    page = render(facts) + repr(facts.as_json())

    secrets = [
        value.get_secret_value()
        for section in (told.business_central, told.optiply)
        for value in dict(section).values()
        if isinstance(value, SecretStr)
    ]
    kept = [each.read_text() for each in (home / "secrets").iterdir() if each.is_file()]
    assert len(secrets) >= 3
    tokens = [word for text in kept for word in re.findall(r"[\w.+/=-]{20,}", text)]
    for secret in (*secrets, *tokens):
        assert secret not in page
    assert told.optiply.username not in page


def test_alert_addresses_are_shown_by_their_scheme_only(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    write_tenants(tmp_path, acme={"alerts": [{"url": "slack://s3cr3t-a/s3cr3t-b/s3cr3t-c"}]})

    page = read("acme")

    assert "Alerts go to slack" in page.told
    assert "s3cr3t" not in page.told


def test_given_a_tenant_that_never_ran_then_the_page_says_what_begins_it(
    tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    write_tenants(tmp_path, acme={})

    page = read("acme").told

    assert "It never ran" in page
    assert "bc-pipeline sync acme" in page
    assert "Nothing is held back" in page


def test_given_wrong_settings_then_the_page_names_the_key_and_no_value(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    write_tenants(tmp_path, acme={"sync": {"lokations": ["s3cr3t"]}}, globex={})

    facts, page = facts_of("acme"), read("acme").told

    assert facts.broken
    assert "It cannot run" in page
    assert "tenants.acme.sync.lokations: unknown key" in page
    assert "bc-pipeline check acme" in page
    assert "s3cr3t" not in page


def test_given_a_spoilt_snapshot_then_the_page_says_so(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    write_tenants(tmp_path, acme={})
    directory = registry.load().get("acme").snapshot_dir
    directory.mkdir(parents=True)
    (directory / FILE_NAME).write_bytes(b"nothing that DuckDB knows" * 1000)

    facts = facts_of("acme")

    assert facts.broken
    assert "The tenant's state cannot be read" in Read(render(facts)).told


def test_given_a_paused_tenant_then_the_page_says_who_and_what_ends_it(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    write_tenants(tmp_path, acme={})
    pause.pause(registry.load().get("acme").snapshot_dir, by="Anna", why="stock-taking")

    page = read("acme").told

    assert "by Anna: stock-taking" in page
    assert "bc-pipeline resume acme" in page


def test_given_a_run_holds_the_snapshot_then_what_was_told_before_it_stands(home: Path):
    assert facts_of("wholesale").note is None

    with Snapshot.open(registry.load().get("wholesale").snapshot_dir):
        facts = facts_of("wholesale")

    assert facts.note == AT_WORK
    assert facts.books is None
    assert [each.kind for each in facts.advice if each.kind == "guard"] == ["guard"]
    assert "12 deletions held back" in Read(render(facts)).told


def test_the_records_of_a_matter_stand_apart_from_what_has_happened_to_them():
    setting = Matter("config", "x", "optiply/products: a setting is wrong")
    held = Matter("guard", "x", "2 deletions held until approved: 7, 8", which="7, 8")

    told = advice("acme", [setting, held])

    assert [(each.head, each.which) for each in told] == [
        ("optiply/products: a setting is wrong", ""),
        ("2 deletions held until approved", "7, 8"),
    ]


def test_every_job_that_is_advised_is_there():
    names = {each.name for each in JOBS.values()} | {held.RESEND.name, held.RETRY.name}

    assert names <= {job.name for job in defs.resolve_all_job_defs()}
    assert set(JOBS) <= set(KINDS)


TODAY = date(2026, 12, 1)


def trend(*values: float) -> Trend:
    days = [TODAY + timedelta(days=n) for n in range(len(values))]
    return Trend("runs", "Runs", "runs", "", True, days, [Series("success", "good", values)])


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (3, ["0", "2", "4"]),
        (7, ["0", "4", "8"]),
        (95, ["0", "50", "100"]),
        (23_400, ["0", "20k", "40k"]),
    ],
)
def test_an_axis_ends_with_a_round_number(most: float, lines: list[str]):
    assert [line.text for line in charts.chart(trend(most)).lines] == lines


def test_bars_stand_on_the_axis_and_stay_inside():
    picture = charts.chart(trend(*range(30)))

    assert len(picture.bars) == 29, "a day without anything has none"
    for bar in picture.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= charts.WIDTH
        assert bar.y + bar.height == pytest.approx(charts.HEIGHT - 22, abs=0.11)
    assert picture.bars[0].told == "2 Dec: 1 success"


def test_a_trend_is_told_in_a_sentence():
    assert trend(1, 4).in_words == "Runs, 2 days: 5 success; at most 4 runs, on 2026-12-02."
    assert trend(0, 0).in_words == "Runs: nothing in 2 days."
