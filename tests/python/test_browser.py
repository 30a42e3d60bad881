"""JupyterLab in a real browser with the network cut: notebooks run, the widget is clicked.

Needs the extra ``browser`` and a Chromium of the system (``CHROMIUM`` names another one). The
screenshots stay in ``FINRST_SHOTS``, or in a temporary directory; ``FINRST_RECORD=1`` takes those
of the manual anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import browsing
import finrst
import hostile
import pictures

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("playwright", reason="playwright is not installed: no browser is tested")
pytest.importorskip("jupyterlab", reason="jupyterlab is not installed: no browser is tested")
pytestmark = [
    pytest.mark.skipif(
        browsing.CHROMIUM is None, reason="chromium is not installed: no browser is tested"
    ),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("FINRST_SHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[str]:
    with browsing.jupyterlab(home) as address:
        yield address


@pytest.fixture
def browser() -> Iterator[Any]:
    with browsing.chromium() as started:
        yield started


def shoot(target: Any, folder: Path, name: str, **options: Any) -> None:
    target.screenshot(path=folder / f"{name}.png", **options)
    if pictures.RECORD:
        pictures.keep(folder / f"{name}.png", pictures.MANUAL / f"{name}.png")


def heading(page: Any, text: str) -> None:
    """Wait until the widget says so."""
    page.wait_for_function(
        "(text) => document.querySelector('.finrst-explore h3')?.textContent === text",
        arg=text,
        timeout=20_000,
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_first_look_and_its_widget(browser: Any, lab: str, shots: Path, theme: str) -> None:
    watched = browsing.Watched(browser, dark=theme == "dark")
    page = watched.page
    watched.open_notebook(lab, "notebooks/01-first-look.ipynb")
    suffix = ""
    if theme == "dark":
        watched.theme("JupyterLab Dark")
        suffix = "_dark"
    watched.tall(7600)
    card = page.locator(".finrst").first
    shoot(card, shots, f"card{suffix}")
    assert "25 TCP connections" in card.inner_text()
    # JupyterLab's own rules for tables could press the words and counts away.
    cells = card.locator(".bars tr:first-child td:not(:last-child)")
    assert cells.count() == 2 * 5
    assert all(cell.evaluate("one => one.scrollWidth <= one.clientWidth") for cell in cells.all())

    widget = page.locator(".finrst-explore")
    widget.scroll_into_view_if_needed()
    heading(page, "25 connections of 25")
    widget.get_by_role("button", name="reset_injected").click()
    heading(page, "1 connection of 25")
    widget.locator(".body .row").first.click()
    widget.locator(".detail svg").wait_for(timeout=20_000)
    story = widget.locator(".detail").inner_text()
    assert "by a box or a forger in between" in story
    assert "What speaks for it" in story
    assert "RST ACK seq 1 ack 26" in widget.locator(".detail svg").inner_html().replace("  ", " ")
    shoot(widget, shots, f"widget{suffix}")
    # The selection and the picked row are back in Python.
    again = watched.run_again("explorer.selection")
    assert "reset_injected" in again
    assert "port_closed" not in again

    widget.get_by_role("button", name="Clear filters").click()
    heading(page, "25 connections of 25")
    box = widget.locator(".time").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    heading(page, "18 connections of 25")
    search = widget.get_by_role("searchbox", name="Port contains")
    search.fill("402")
    search.press("Enter")
    widget.get_by_role("button", name="4022:").wait_for(timeout=20_000)
    heading(page, "5 connections of 25")

    page.screenshot(path=shots / f"notebook1{suffix}.png")
    assert page.locator(".finrst-plot svg").count() == 4
    assert page.locator("svg.finrst-ladder").count() == 2
    watched.check()


def test_why_it_was_reset(browser: Any, lab: str, shots: Path) -> None:
    watched = browsing.Watched(browser)
    watched.open_notebook(lab, "notebooks/02-why-was-this-connection-reset.ipynb")
    watched.tall(9000)
    watched.page.screenshot(path=shots / "notebook2.png")
    assert watched.page.locator("svg.finrst-ladder").count() >= 8
    watched.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_report_loads_nothing(browser: Any, shots: Path, tmp_path: Path, theme: str) -> None:
    finrst.read(browsing.DEMO).report(tmp_path / "report.html")
    watched = browsing.Watched(browser, dark=theme == "dark", width=1000)
    page = watched.page
    page.goto((tmp_path / "report.html").as_uri())
    page.screenshot(path=shots / f"report_whole_{theme}.png", full_page=True)
    shoot(page, shots, "report" if theme == "light" else "report_dark")
    assert [url for url in watched.asked if not url.startswith("data:")] == [page.url]
    assert page.locator("#findings .finding").count() > 5
    assert "port_closed" in page.inner_text("#findings")
    sheet = page.pdf(format="A4", prefer_css_page_size=True)
    assert 4 <= sheet.count(b"/Type /Page\n") <= 20
    watched.check()


PWNED = "() => window.pwned ?? null"


def test_the_hostile_texts_work_where_they_are_obeyed(browser: Any, tmp_path: Path) -> None:
    """What the next tests look for does happen to a page that trusts its texts."""
    bad = tmp_path / "bad.html"
    bad.write_text(f"<meta charset=utf-8><div>{hostile.EVERYTHING}</div>", encoding="utf-8")
    watched = browsing.Watched(browser)
    watched.page.goto(bad.as_uri())
    watched.page.wait_for_timeout(500)
    assert watched.page.evaluate(PWNED) is not None
    assert watched.page.evaluate(browsing.FOREIGN, "body")
    assert any(hostile.HOST in url for url in watched.external)


def test_a_hostile_capture_does_nothing_in_the_report(browser: Any, tmp_path: Path) -> None:
    cap = finrst.read(hostile.write(tmp_path))
    cap.report(tmp_path / "report.html", title=hostile.EVERYTHING)
    watched = browsing.Watched(browser)
    page = watched.page
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_timeout(300)
    assert page.evaluate(PWNED) is None
    # Its own policy and size are the only ones.
    assert page.locator("meta").count() == 3
    assert page.evaluate(browsing.FOREIGN, "body") == []
    assert "<script>window.pwned=1</script>" in page.inner_text("h1")
    assert page.locator("style").count() == 1 + page.locator("svg style").count()
    assert [url for url in watched.asked if not url.startswith("data:")] == [page.url]
    watched.check()


def test_a_hostile_capture_does_nothing_in_a_notebook(
    browser: Any, lab: str, home: Path, shots: Path
) -> None:
    path = hostile.write(home)
    tables = ("connections", "teardowns", "interfaces", "files", "issues", "ledger")
    plots = ("causes", "timeline", "matrix", "waits", "lifetimes", "fingerprint")
    cells = [
        f"import finrst\ncap = finrst.read({str(path)!r})\ncap",
        "explorer = cap.explore()\nexplorer",
        f"for name in {tables}: display(cap.table(name))",
        "for n in range(len(cap)): display(cap.connection(n), cap.connection(n).explain())",
        "for n in range(len(cap)): display(cap.plot.ladder(n), cap.packets(n))",
        f"for name in {plots}: display(getattr(cap.plot, name)())",
        "print(cap)\ncap.plot.sequence(3)",
    ]
    book = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell{place}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for place, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (home / "hostile.ipynb").write_text(json.dumps(book))
    watched = browsing.Watched(browser)
    page = watched.page
    watched.open_notebook(lab, "hostile.ipynb")
    widget = page.locator(".finrst-explore")
    widget.scroll_into_view_if_needed()
    widget.get_by_role("button", name="#", exact=True).click()
    widget.get_by_role("button", name="# ▲", exact=True).wait_for()
    grid = widget.locator(".grid")
    assert grid.get_attribute("aria-rowcount") == str(1 + 17)
    told = ""
    for place in range(17):
        # As a person does: the arrows of the keyboard, which JupyterLab leaves to the widget.
        grid.press("ArrowDown" if place else "Home")
        grid.press("Enter")
        page.wait_for_function(
            "(number) => document.querySelector('.finrst-explore .detail svg text')"
            "?.textContent.startsWith(`Connection ${number}:`)",
            arg=place,
            timeout=20_000,
        )
        told += widget.locator(".detail").inner_text()
    assert '"><svg onload=window.pwned=3>' in told
    watched.tall(30_000)
    page.screenshot(path=shots / "hostile.png")
    assert page.evaluate(PWNED) is None
    assert page.evaluate(browsing.FOREIGN, ".jp-OutputArea-output") == []
    shown = "\n".join(page.locator(".jp-OutputArea-output").all_inner_texts())
    assert "<script>window.pwned=1</script>" in shown
    assert "\x1b" not in shown
    watched.check()
