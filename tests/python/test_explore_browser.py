"""The explorer in a real browser, without a notebook: what a person does with it.

Needs the extra ``browser`` and a Chromium of the system (``CHROMIUM`` names another one). The
screenshots stay in ``FINRST_SHOTS``, or in a temporary directory.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

import browsing
import crowd
import finrst
import hostile
from stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("playwright", reason="playwright is not installed: no browser is tested")
pytest.importorskip("anywidget", reason="anywidget is not installed: the widget is not tested")
pytestmark = [
    pytest.mark.skipif(
        browsing.CHROMIUM is None, reason="chromium is not installed: no browser is tested"
    ),
    pytest.mark.filterwarnings("ignore"),
]
MANY = 100_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> finrst.Capture:
    return finrst.read(crowd.write(tmp_path_factory.mktemp("crowd") / "crowd.pcap", MANY))


Show: TypeAlias = "Callable[..., Stage]"


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Show]:
    """Show an explorer; at the end nothing must have gone wrong on its page."""
    shown: list[browsing.Watched] = []

    def open_it(cap: finrst.Capture | None = None, width: int = 1280, **options: Any) -> Stage:
        watched = browsing.Watched(browser, width=width, dark=options.get("dark", False))
        shown.append(watched)
        widget = (cap or finrst.read(browsing.DEMO)).explore()
        folder = tmp_path / str(len(shown))
        folder.mkdir()
        stage = Stage(watched.page, widget, folder, **options)
        watched.page.locator(".grid .row.top").wait_for()
        return stage

    yield open_it
    for watched in shown:
        watched.check()
        watched.page.close()


def numbers(stage: Stage) -> list[int]:
    """The numbers of the rows that are in the page, from above."""
    found: list[int] = stage.page.evaluate("""() => [...document.querySelectorAll(".body .row")]
      .sort((a, b) => a.dataset.place - b.dataset.place)
      .map((row) => Number(row.querySelector(".connection_id").textContent))""")
    return found


def heading(stage: Stage, text: str) -> None:
    stage.page.wait_for_function(
        "(text) => document.querySelector('h3').textContent === text", arg=text, timeout=10_000
    )


def seen(stage: Stage, place: int) -> Any:
    """A row, once it is there with its cells."""
    row = stage.page.locator(f".body .row[data-place='{place}']:not([data-state='waiting'])")
    row.wait_for(timeout=10_000)
    return row


def sort_of(stage: Stage, title: str) -> str | None:
    found: str | None = stage.page.get_by_role("columnheader", name=title).get_attribute(
        "aria-sort"
    )
    return found


def test_a_heading_sorts_up_down_and_not_at_all(show: Show) -> None:
    stage = show()
    first = numbers(stage)
    assert first[0] == 13
    assert sort_of(stage, "start") == "none"
    start = stage.page.get_by_role("button", name="start")
    start.click()
    stage.page.get_by_role("button", name="start (UTC) ▲").wait_for()
    assert sort_of(stage, "start") == "ascending"
    assert numbers(stage) == sorted(numbers(stage))
    start.click()
    stage.page.get_by_role("button", name="start (UTC) ▼").wait_for()
    assert sort_of(stage, "start") == "descending"
    assert numbers(stage)[0] == 24
    # With the keyboard: Enter on the heading, as on any button.
    start.press("Enter")
    stage.page.wait_for_function("() => !document.querySelector('.top').innerText.match(/[▲▼]/)")
    assert numbers(stage) == first
    assert stage.page.evaluate("() => document.activeElement.textContent") == "start (UTC)"


def test_the_filter_filters_the_table_the_bars_and_the_title(show: Show) -> None:
    stage = show()
    stage.page.get_by_role("searchbox", name="Filter the table").type("reset_inj")
    heading(stage, "1 connection of 25")
    assert numbers(stage) == [13]
    assert stage.widget.selection["connection_id"].to_pylist() == [13]
    stage.page.get_by_role("button", name="Clear filters").click()
    heading(stage, "25 connections of 25")
    port = stage.page.get_by_role("searchbox", name="Port contains")
    port.type("402")
    heading(stage, "5 connections of 25")
    assert len(numbers(stage)) == 5
    # A text that fits nothing says so, and can be taken back.
    port.type("x")
    heading(stage, "0 connections of 25")
    stage.page.get_by_text("No connection fits all filters.").wait_for()
    port.fill("")
    heading(stage, "25 connections of 25")


def test_the_last_of_a_hundred_thousand_rows_is_reached(show: Show, crowded: Any) -> None:
    stage = show(crowded)
    stage.page.get_by_role("button", name="#", exact=True).click()
    seen(stage, 0)
    stage.page.wait_for_function(
        "() => document.querySelector('.body .connection_id').textContent === '0'"
    )
    grid = stage.page.locator(".grid")
    assert grid.get_attribute("aria-rowcount") == str(MANY + 1)
    for share, place in ((1.0, MANY - 1), (0.5, MANY // 2), (0.25, MANY // 4)):
        grid.evaluate("(one, share) => { one.scrollTop = share * one.scrollHeight; }", share)
        row = seen(stage, place)
        assert row.locator(".connection_id").inner_text() == str(place)
        assert row.get_attribute("aria-rowindex") == str(place + 2)
    # The page holds what is seen, whatever there is.
    assert stage.page.locator(".body .row").count() < 60
    assert stage.page.evaluate("() => document.querySelectorAll('*').length") < 2500
    asked = stage.page.evaluate("() => window.sent.filter((one) => 'from' in one)")
    assert len(asked) <= 6
    assert all(one["count"] <= 100 for one in asked)


def test_scrolling_through_everything_asks_for_little(show: Show, crowded: Any) -> None:
    """Somebody drags the bar from top to bottom: what flies by is not asked for."""
    stage = show(crowded)
    stage.page.evaluate("""async () => {
      const grid = document.querySelector(".grid");
      for (let step = 0; step <= 100; step += 1) {
        grid.scrollTop = (step / 100) * grid.scrollHeight;
        await new Promise((done) => setTimeout(done, 10));
      }
    }""")
    seen(stage, MANY - 1)
    assert stage.page.evaluate("() => window.sent.length") < 20


def test_a_million_rows_are_taller_than_a_page_can_be(show: Show) -> None:
    """Rows are then further apart on the scroll bar, and none is lost."""
    stage = show()
    many = 3_000_000
    stage.widget._rows.shown = lambda places: [
        {"id": place, "cells": [str(place), *"abcdefgh"], "colour": "red"} for place in places
    ]
    stage.widget._left = range(many)
    rows = stage.widget._rows.shown(range(100))
    stage.widget.view = {**stage.widget.view, "count": many, "rows": rows}
    stage.deliver()
    grid = stage.page.locator(".grid")
    assert grid.evaluate("(one) => one.scrollHeight") < 16_000_000
    grid.focus()
    grid.press("End")
    last = seen(stage, many - 1)
    box, around = last.bounding_box(), grid.bounding_box()
    assert box["y"] + box["height"] <= around["y"] + around["height"] + 1
    for _ in range(3):
        grid.press("ArrowUp")
    assert stage.page.locator(".row.cursor").get_attribute("data-place") == str(many - 4)
    grid.press("Home")
    seen(stage, 0)


def test_everything_with_the_keyboard_alone(show: Show) -> None:
    stage = show()
    page = stage.page
    page.keyboard.press("Tab")
    for _ in range(80):
        if page.evaluate("() => document.activeElement.getAttribute('role')") == "grid":
            break
        # What has the focus can be seen.
        ring = "() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle }"
        assert page.evaluate(ring) == "solid"
        page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('role')") == "grid"
    active = "() => document.querySelector('.grid').getAttribute('aria-activedescendant')"
    place = (
        "() => document.getElementById("
        "document.querySelector('.grid').getAttribute('aria-activedescendant'))?.dataset.place"
    )
    assert page.evaluate(active)
    for key, wanted in (
        ("ArrowDown", "1"),
        ("ArrowDown", "2"),
        ("ArrowUp", "1"),
        ("End", "24"),
        ("ArrowDown", "24"),
        ("Home", "0"),
        ("ArrowUp", "0"),
    ):
        page.keyboard.press(key)
        assert page.evaluate(place) == wanted, key
    page.keyboard.press("PageDown")
    assert int(page.evaluate(place)) > 5
    page.keyboard.press("PageUp")
    page.keyboard.press("Enter")
    page.locator(".detail svg").wait_for(timeout=10_000)
    assert stage.widget.picked == 13
    assert page.evaluate("() => document.activeElement.getAttribute('role')") == "grid"
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.querySelector('.detail').innerText")
    assert stage.widget.picked is None
    page.keyboard.press("/")
    page.keyboard.type("port_closed")
    heading(stage, "1 connection of 25")
    # A slash in a text is a slash.
    page.keyboard.type("/")
    heading(stage, "0 connections of 25")
    page.keyboard.press("Escape")
    heading(stage, "25 connections of 25")
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.activeElement.getAttribute('role')") == "grid"


def test_the_timeline_with_the_keyboard(show: Show) -> None:
    stage = show()
    line = stage.page.locator(".time")
    line.press("ArrowRight")
    line.press("Shift+ArrowRight")
    line.press("Enter")
    heading(stage, "18 connections of 25")
    line.press("Escape")
    heading(stage, "25 connections of 25")
    assert stage.widget.span == []


def test_a_bar_keeps_the_keyboard_when_its_count_changes(show: Show) -> None:
    stage = show()
    bar = stage.page.get_by_role("button", name="application_abort")
    bar.press("Enter")
    heading(stage, "4 connections of 25")
    assert "application_abort" in stage.page.evaluate("() => document.activeElement.innerText")
    assert bar.get_attribute("aria-pressed") == "true"
    bar.press("Enter")
    heading(stage, "25 connections of 25")


def test_a_finding_filters_tells_more_and_shows_its_example(show: Show) -> None:
    stage = show()
    first = stage.page.locator(".finding").first
    told = stage.widget.findings[0]
    assert told["sentence"] in first.inner_text()
    first.click()
    heading(stage, f"{told['count']} connection{'s' * (told['count'] > 1)} of 25")
    assert first.get_attribute("aria-pressed") == "true"
    assert f"Next: {told['next']}" in stage.page.locator(".more").inner_text()
    stage.page.get_by_role("button", name=f"Show connection {told['example']}").click()
    stage.page.locator(".detail svg").wait_for(timeout=10_000)
    assert stage.widget.picked == told["example"]
    first.click()
    heading(stage, "25 connections of 25")
    # Those beyond the first few are a click away.
    many = len(stage.widget.findings)
    assert stage.page.locator(".finding").count() == 5 < many
    others = stage.page.get_by_role("button", name="more findings")
    others.press("Enter")
    assert stage.page.locator(".finding").count() == many
    assert stage.page.evaluate("() => document.activeElement.className") == "others"


def test_clicks_faster_than_answers_are_not_lost(show: Show) -> None:
    stage = show()
    stage.page.evaluate("() => { window.delay = 1500; }")
    names = ["application_abort", "keepalive_timeout", "port_closed", "reset_injected"]
    for name in names:
        stage.page.get_by_role("button", name=name).click(no_wait_after=True)
    # What was clicked is seen at once, before Python has said anything.
    assert stage.page.locator(".bar.on").count() == len(names)
    heading(stage, "7 connections of 25")
    assert sorted(stage.widget.chosen["cause"]) == sorted(names)
    # The first went alone, what was clicked meanwhile went together.
    changes = stage.page.evaluate("() => window.sent.filter((one) => one.change).length")
    assert changes < len(names)


def test_an_old_answer_does_not_undo_a_newer_click(show: Show) -> None:
    stage = show()
    stage.page.evaluate("() => { window.delay = 300; }")
    bar = stage.page.get_by_role("button", name="application_abort")
    for _ in range(3):
        bar.click(no_wait_after=True)
    heading(stage, "4 connections of 25")
    stage.page.wait_for_timeout(500)
    assert stage.widget.chosen == {"cause": ["application_abort"]}
    assert bar.get_attribute("aria-pressed") == "true"


def test_the_last_picked_is_told(show: Show) -> None:
    stage = show()
    stage.page.evaluate("() => { window.delay = 100; }")
    for place in range(5):
        stage.page.locator(".body .row").nth(place).click()
    last = numbers(stage)[4]
    stage.page.wait_for_function(
        "(n) => document.querySelector('.detail svg text')?.textContent"
        ".startsWith(`Connection ${n}:`)",
        arg=last,
        timeout=10_000,
    )
    assert stage.page.locator(".body .row.on").count() == 1
    assert stage.widget.picked == last


def test_what_goes_wrong_is_told_and_can_be_tried_again(show: Show) -> None:
    stage = show()
    containing = stage.widget._rows.containing

    def fail(_: str) -> None:
        message = "<b>no</b> memory"
        raise MemoryError(message)

    stage.widget._rows.containing = fail
    search = stage.page.get_by_role("searchbox", name="Filter the table")
    search.fill("reset")
    alert = stage.page.get_by_role("alert")
    alert.get_by_text("MemoryError: <b>no</b> memory").wait_for()
    stage.widget._rows.containing = containing
    alert.get_by_role("button", name="Dismiss").click()
    search.fill("reset_injected")
    heading(stage, "1 connection of 25")


def test_a_kernel_that_does_not_answer_is_told(show: Show) -> None:
    stage = show()
    stage.page.clock.install()
    stage.page.evaluate("() => { window.deaf = true; }")
    stage.page.get_by_role("button", name="application_abort").click()
    stage.page.clock.fast_forward(1500)
    assert "Python is busy" in stage.page.get_by_role("status").inner_text()
    stage.page.clock.fast_forward(30_000)
    assert "run this cell again" in stage.page.get_by_role("status").inner_text()


def test_python_can_set_everything_too(show: Show) -> None:
    stage = show()
    stage.widget.order = "-duration_s"
    stage.widget.text = "server"
    stage.widget.picked = 8
    stage.deliver()
    assert sort_of(stage, "lasted") == "descending"
    assert stage.page.get_by_role("searchbox", name="Filter the table").input_value() == "server"
    assert stage.page.locator(".detail svg").count() == 1
    stage.page.get_by_role("button", name="Close", exact=True).click()
    stage.page.wait_for_function("() => !document.querySelector('.detail').innerText")
    assert stage.widget.picked is None


def test_the_filter_of_wireshark_is_copied(show: Show) -> None:
    stage = show()
    stage.page.evaluate("""() => {
      const clipboard = { writeText: async (text) => { window.copied = text; } };
      Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
    }""")
    stage.page.locator(".body .row").first.click()
    stage.page.get_by_role("button", name="Copy").click()
    stage.page.get_by_text("Copied").wait_for()
    wanted = finrst.read(browsing.DEMO).connection(13).wireshark_filter
    assert stage.page.evaluate("() => window.copied") == wanted
    # No clipboard, as on pages that are neither encrypted nor of this machine: no button.
    stage.page.evaluate("""() => {
      Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
    }""")
    stage.page.locator(".body .row").nth(1).click()
    stage.page.wait_for_function("() => document.querySelector('.body .row.on .cause').textContent")
    stage.page.locator(".filter code").wait_for()
    assert stage.page.get_by_role("button", name="Copy").count() == 0


# What is cut: a text wider than its box. Addresses and names lose their middle, which is no harm.
CUT = """() => {
  const found = [];
  const boxes = ".body .cell, .top button, h3, h4, .bar b, .lead, li, code, .tools button";
  for (const one of document.querySelectorAll(boxes)) {
    if (one.querySelector(".middle")) continue;
    if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
      found.push(`${one.className}: ${one.textContent} ${one.scrollWidth} > ${one.clientWidth}`);
  }
  return found;
}"""
OVER = """() => [...document.querySelectorAll(".finrst-explore *")].filter((one) =>
  !one.closest("svg, .drawing, .ruler") && one.getBoundingClientRect().right > innerWidth)
  .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`)"""
LAPPED = """() => {
  const found = [];
  for (const row of document.querySelectorAll(".body .row")) {
    const inside = row.getBoundingClientRect();
    const cells = [...row.children].map((one) => [one, one.getBoundingClientRect()]);
    for (const [one, a] of cells) {
      if (a.bottom > inside.bottom + 0.5 || a.right > inside.right + 0.5)
        found.push(`outside: ${one.textContent}`);
      for (const [other, b] of cells)
        if (one !== other && a.left < b.right - 1 && b.left < a.right - 1 &&
            a.top < b.bottom - 1 && b.top < a.bottom - 1)
          found.push(`${one.textContent} on ${other.textContent}`);
    }
  }
  return found;
}"""


# A hint in a field is a text like any other, and no box that has a width of its own.
HINTS = """() => {
  const found = [], paper = document.createElement("canvas").getContext("2d");
  for (const one of document.querySelectorAll(".finrst-explore input")) {
    if (!one.offsetWidth) continue;
    const style = getComputedStyle(one);
    paper.font = style.font;
    const room = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const needed = paper.measureText(one.placeholder).width;
    if (needed > room) found.push(`${one.placeholder}: ${needed} > ${room}`);
  }
  return found;
}"""


LONG = "a-name-as-long.as-clouds-give-them.to-what-they.rent-out.region-7.cloud.example"


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> finrst.Capture:
    """Addresses of IPv6 and names that are longer than columns are wide, over several days."""
    path = crowd.write(tmp_path_factory.mktemp("long") / "long.pcap", 60, seconds=200_000, v6=True)
    return finrst.read(path, hosts={f"{crowd.SERVER}:{200 - place:x}": LONG for place in range(9)})


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 800, 1280, 1920])
@pytest.mark.parametrize("which", ["demo", "long"])
def test_nothing_is_cut_at_any_width(
    show: Show, long: finrst.Capture, width: int, which: str, *, dark: bool
) -> None:
    stage = show(long if which == "long" else None, width=width, dark=dark)
    stage.page.locator(".finding").first.click()
    stage.page.locator(".more").wait_for()
    stage.page.locator(".body .row").first.click()
    stage.page.locator(".detail svg").wait_for(timeout=10_000)
    for wrong in (OVER, CUT, LAPPED, HINTS):
        assert stage.page.evaluate(wrong) == []
    if folder := os.environ.get("FINRST_SHOTS"):
        name = f"explore_{which}_{width}{'_dark' if dark else ''}.png"
        stage.page.screenshot(path=Path(folder) / name, full_page=True)


def test_a_hint_that_is_cut_is_found(show: Show) -> None:
    stage = show(width=390)
    assert stage.page.evaluate(HINTS) == []
    stage.page.evaluate("() => { document.querySelector('.tools input').style.flex = '0 0 12em'; }")
    (found,) = stage.page.evaluate(HINTS)
    assert found.startswith("filter: address, port, name, cause, #number")


@pytest.mark.parametrize("width", [390, 800, 1280, 1920])
def test_a_hostile_capture_does_nothing(show: Show, tmp_path: Path, width: int) -> None:
    stage = show(finrst.read(hostile.write(tmp_path)), width=width)
    page = stage.page
    page.get_by_role("searchbox", name="Filter the table").fill("<script>window.pwned=1</script>")
    page.wait_for_function("() => window.sent.some((one) => one.change?.text)")
    stage.widget.text = ""
    stage.deliver()
    told = ""
    for place in range(len(stage.widget.view["rows"])):
        page.locator(f".body .row[data-place='{place}']").click()
        page.locator(".detail svg").wait_for(timeout=10_000)
        told += page.locator(".detail").inner_text()
        page.get_by_role("button", name="Close", exact=True).click()
    assert '"><svg onload=window.pwned=3>' in told
    assert "\x1b" not in page.inner_text("body")
    assert page.evaluate("() => window.pwned ?? null") is None
    assert page.evaluate(browsing.FOREIGN, "#stage") == []
    assert page.evaluate(OVER) == []
    assert page.evaluate(LAPPED) == []
