"""JupyterLab in a real browser with the network cut: notebooks run, the widget is clicked.

Needs the extra ``browser`` and a Chromium of the system (``CHROMIUM`` names another one). The
screenshots stay in ``FINRST_SHOTS``, or in a temporary directory.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: no browser is tested"),
    pytest.mark.filterwarnings("ignore"),
]

IDLE = """() => {
  const accept = document.querySelector(".jp-Dialog .jp-mod-accept");
  if (accept) accept.click();
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
  return session?.kernel?.status === "idle";
}"""
RAN = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
  let ran = 0, code = 0;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells.get(i);
    if (cell.type !== "code") continue;
    code += 1;
    if (cell.executionCount !== null && cell.executionState !== "running") ran += 1;
  }
  return code > 0 && ran === code;
}"""
# Rejections of JupyterLab's own that come up without a network; none of them is ours.
HARMLESS = ("favicon", "ResizeObserver loop")


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("FINRST_SHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab of its own, with copies of the notebooks."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    (home / "tests/data").mkdir(parents=True)
    shutil.copy(ROOT / "tests/data/demo.pcap", home / "tests/data")
    quiet = {
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false",
            "checkForUpdates": False,
        }
    }
    settings = home / "settings"
    settings.mkdir()
    (settings / "overrides.json").write_text(json.dumps(quiet))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [
        f"--port={port}",
        "--ip=127.0.0.1",
        "--IdentityProvider.token=",
        f"--notebook-dir={home}",
    ]
    command += ["--ServerApp.password=", "--LabApp.expose_app_in_browser=True"]
    command += [f"--LabApp.app_settings_dir={settings}"]
    paths = {f"JUPYTER_{name}": str(home / name.lower()) for name in ("CONFIG_DIR", "RUNTIME_DIR")}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | paths, stdout=log, stderr=log, cwd=home)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api", timeout=2):
                break
            assert server.poll() is None, (home / "log").read_text()
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(20)


class Watched:
    """A page that notes errors and refuses, and notes, what is not on this machine."""

    def __init__(self, browser: Any, *, dark: bool = False) -> None:
        scheme = "dark" if dark else "light"
        self.page = browser.new_page(viewport={"width": 1400, "height": 1000}, color_scheme=scheme)
        self.errors: list[str] = []
        self.external: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._said)
        self.page.route("**/*", self._asked)

    def _said(self, message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in HARMLESS):
            self.errors.append(message.text)

    def _asked(self, route: Any) -> None:
        url = route.request.url
        if url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
            route.continue_()
        else:
            self.external.append(url)
            route.abort()

    def check(self) -> None:
        assert not self.external
        assert not self.errors


@pytest.fixture
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def run_notebook(watched: Watched, lab: str, name: str) -> Any:
    page = watched.page
    page.goto(f"{lab}/lab/tree/notebooks/{name}?reset")
    page.wait_for_selector(".jp-Notebook", timeout=120_000)
    page.wait_for_function(IDLE, timeout=120_000, polling=300)
    page.evaluate(
        "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); return 1; }"
    )
    page.wait_for_function(RAN, timeout=180_000, polling=300)
    page.wait_for_function(IDLE, timeout=60_000, polling=300)
    assert (
        page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count()
        == 0
    )
    return page


def show(page: Any, path: Path) -> None:
    """Screenshot the whole notebook, not only what the window shows."""
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area') && 1")
    page.set_viewport_size({"width": 1400, "height": 7000})
    page.evaluate("() => { document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0; }")
    page.wait_for_timeout(1500)
    page.screenshot(path=path)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_first_look_and_its_widget(browser: Any, lab: str, shots: Path, *, dark: bool) -> None:
    watched = Watched(browser, dark=dark)
    page = run_notebook(watched, lab, "1 first look.ipynb")
    if dark:
        theme = "{ theme: 'JupyterLab Dark' }"
        page.evaluate(
            f"() => {{ jupyterapp.commands.execute('apputils:change-theme', {theme}); return 1; }}"
        )
    widget = page.locator(".finrst-explore")
    widget.scroll_into_view_if_needed()
    widget.get_by_role("button", name="port_closed").click()
    page.wait_for_function(
        "() => document.querySelector('.finrst-explore h3').textContent.startsWith('1 ')"
    )
    widget.locator("table tr").nth(1).click()
    widget.locator(".detail svg").wait_for(timeout=20_000)
    assert "Nothing listens" in widget.locator(".detail").inner_text()
    widget.screenshot(path=shots / f"widget_{'dark' if dark else 'light'}.png")
    show(page, shots / f"notebook1_{'dark' if dark else 'light'}.png")
    assert page.locator(".finrst-plot svg").count() == 4
    assert page.locator("svg.finrst-ladder").count() == 2
    watched.check()


def test_why_it_was_reset(browser: Any, lab: str, shots: Path) -> None:
    watched = Watched(browser)
    page = run_notebook(watched, lab, "2 why was this connection reset.ipynb")
    show(page, shots / "notebook2.png")
    assert page.locator("svg.finrst-ladder").count() >= 8
    watched.check()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_loads_nothing(browser: Any, shots: Path, tmp_path: Path, scheme: str) -> None:
    import finrst

    finrst.read(ROOT / "tests/data/demo.pcap").report(tmp_path / "report.html")
    watched = Watched(browser, dark=scheme == "dark")
    asked: list[str] = []
    watched.page.on("request", lambda request: asked.append(request.url))
    watched.page.goto((tmp_path / "report.html").as_uri())
    watched.page.screenshot(path=shots / f"report_{scheme}.png", full_page=True)
    assert [url for url in asked if not url.startswith("data:")] == [watched.page.url]
    assert watched.page.locator("#findings .finding").count() > 5
    assert "port_closed" in watched.page.inner_text("#findings")
    watched.check()
