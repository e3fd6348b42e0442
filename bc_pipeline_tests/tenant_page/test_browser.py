"""The page in a real browser, on a phone and on a desk: what is seen of it, and that nothing hangs
out at the side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from bc_pipeline import clock
from bc_pipeline.tenant_page.facts import gather
from bc_pipeline.tenant_page.page import render
from bc_pipeline.tenants import registry
from bc_pipeline_tests.tenant_page.weeks import SPOILT_NAME
from bc_pipeline_tests.ui import as_wide_as, chromium, chromium_path, picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium_path() is None, reason="needs Chromium and ChromeDriver"),
]

PHONE, DESK = 375, 1280
HANGING_OUT = """
return [...document.querySelectorAll('body *')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && !each.closest('thead');
}).map(each => each.tagName + ' ' + each.textContent.trim().slice(0, 60));
"""
LETTER_BELOW_LETTER = """
return [...document.querySelectorAll('body *')].filter(each =>
  each.getClientRects().length && !each.closest('svg') && !each.closest('thead')
  && [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim().length > 12)
  && each.getBoundingClientRect().width < 50
).map(each => each.tagName + ' ' + each.textContent.trim());
"""
CONTRAST = """
const colour = text => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
  .map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
const over = (above, below) => above.length < 4 || above[3] === 1 ? above.slice(0, 3)
  : above.slice(0, 3).map((c, i) => c * above[3] + below[i] * (1 - above[3]));
const behind = each => {
  const own = colour(getComputedStyle(each).backgroundColor);
  if (own.length < 4 || own[3] === 1 || !each.parentElement) return own.slice(0, 3);
  return over(own, behind(each.parentElement));
};
return [...document.querySelectorAll('body *')].filter(each =>
  [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
  && each.getClientRects().length && !each.closest('svg')
).map(each => {
  const [a, b] = [light(colour(getComputedStyle(each).color)), light(behind(each))];
  return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), each.className + each.textContent];
}).filter(([ratio]) => ratio < 4.5).map(([ratio, text]) => ratio.toFixed(1) + ' ' + text);
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium(DESK, 900) as driver:
        yield driver


def opened(browser: Chrome, directory: Path, tenant: str, width: int, *, dark: bool = False) -> str:
    """Opens the page of a tenant; its text."""
    path = directory / f"{tenant}.html"
    path.write_text(render(gather(registry.load(), tenant, clock.now())), "utf-8")
    as_wide_as(browser, width, dark=dark)
    browser.get(path.as_uri())
    return browser.find_element(By.TAG_NAME, "body").text


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("tenant", ["cronus", "wholesale"])
def test_everything_is_seen_and_nothing_hangs_out(
    home: Path, tmp_path: Path, browser: Chrome, tenant: str, width: int
):
    text = opened(browser, tmp_path, tenant, width)

    sides = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert sides[0] <= sides[1] == width
    assert browser.execute_script(HANGING_OUT) == []
    assert browser.execute_script(LETTER_BELOW_LETTER) == []
    for told in ("Health", "Trends", "Parity with the source", "Data quality", "Slowest reads"):
        assert told in text
    assert "stock at most" in text
    assert "supplier_products" in text
    bars = browser.find_elements(By.CSS_SELECTOR, "svg rect")
    assert bars and all(bar.size["height"] > 0 for bar in bars[:3])
    height = browser.execute_script("return document.documentElement.scrollHeight")
    png = picture(browser, {"x": 0, "y": 0, "width": width, "height": height})
    (tmp_path / f"{tenant}_{width}.png").write_bytes(png)
    assert len(png) > 50_000


def test_the_one_with_trouble_says_what_to_do(home: Path, tmp_path: Path, browser: Chrome):
    text = opened(browser, tmp_path, "wholesale", PHONE)

    assert "things need somebody" in text
    assert "bc-pipeline approve-deletions wholesale products" in text
    assert "Jobs, approve_deletions, Launchpad; partition wholesale" in text
    assert "crm-2" in text
    assert SPOILT_NAME in text, "a name is text, whatever it looks like"
    browser.find_element(By.LINK_TEXT, "Data quality").click()
    assert browser.current_url.endswith("#quality")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("tenant", ["cronus", "wholesale"])
def test_every_text_stands_out_from_what_is_behind_it(
    home: Path, tmp_path: Path, browser: Chrome, tenant: str, dark: bool
):
    opened(browser, tmp_path, tenant, DESK, dark=dark)

    assert browser.execute_script(CONTRAST) == []


def test_a_chart_opens_its_figures(home: Path, tmp_path: Path, browser: Chrome):
    opened(browser, tmp_path, "wholesale", PHONE)

    browser.find_element(By.CSS_SELECTOR, "#trends summary").click()

    table = browser.find_element(By.CSS_SELECTOR, "#trends table")
    assert table.is_displayed()
    assert "success" in table.text
    assert browser.execute_script(HANGING_OUT) == []
