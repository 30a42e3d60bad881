"""A browser with the network cut, and a JupyterLab of its own, for the tests that need them."""

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

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "tests/data/demo.pcap"
CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
# Names are not found, so that nothing leaves the machine whoever asks.
_CUT = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
_NOWHERE = "http://127.0.0.1:9"

_IDLE = """() => {
  const accept = document.querySelector(".jp-Dialog .jp-mod-accept");
  if (accept) accept.click();
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
  return session?.kernel?.status === "idle";
}"""
_RAN = """() => {
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
_RUN_AGAIN = """(source) => {
  const book = window.jupyterapp.shell.currentWidget.content;
  const cells = book.model.cells;
  for (let i = 0; i < cells.length; i++) {
    if (!cells.get(i).sharedModel.getSource().startsWith(source)) continue;
    book.activeCellIndex = i;
    window.jupyterapp.commands.execute("notebook:run-cell");
    return i;
  }
  return -1;
}"""
_OUTPUT = """(place) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[place];
  return cell.outputArea.node.innerText;
}"""

# What nobody may make of a capture's texts.
FOREIGN = """(within) => {
  const found = [];
  for (const part of document.querySelectorAll(within)) {
    for (const one of part.querySelectorAll("script,iframe,object,embed,link,base,form,meta,img"))
      if (!(one.src ?? "").startsWith("data:")) found.push(one.outerHTML.slice(0, 200));
    for (const one of part.querySelectorAll("*"))
      for (const { name, value } of one.attributes)
        if (name.startsWith("on") || /^\\s*javascript:/i.test(value) ||
            (["href", "src", "xlink:href", "action"].includes(name) && /evil/.test(value)))
          found.push(`${one.tagName} ${name}=${value}`.slice(0, 200));
  }
  return found;
}"""


class Watched:
    """A page that notes what it says and asks for; what is not on this machine is refused."""

    def __init__(self, browser: Any, *, dark: bool = False, width: int = 1400) -> None:
        self.page = browser.new_page(
            viewport={"width": width, "height": 1000},
            color_scheme="dark" if dark else "light",
        )
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        self.page.on("console", self._said)
        self.page.on("dialog", self._opened)
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.route("**/*", self._route)

    @property
    def external(self) -> list[str]:
        """What was asked for outside this machine."""
        here = ("http://127.0.0.1:", "ws://127.0.0.1:", "file:///", "data:", "blob:")
        return [url for url in self.asked if not url.startswith(here)]

    def _said(self, message: Any) -> None:
        # A browser asks every server for an icon of itself.
        if message.type == "error" and "favicon" not in message.location.get("url", ""):
            self.errors.append(f"console: {message.text}")

    def _opened(self, dialog: Any) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _route(self, route: Any) -> None:
        url = route.request.url
        if url.startswith(("http://127.0.0.1:", "file:///", "data:", "blob:")):
            route.continue_()
        else:
            route.abort()

    def check(self) -> None:
        """Neither an error nor a request to anywhere else."""
        assert self.external == []
        assert self.errors == []

    def open_notebook(self, address: str, path: str) -> None:
        """Open a notebook in JupyterLab and run it from top to bottom."""
        page = self.page
        page.goto(f"{address}/lab/tree/{path}?reset")
        page.wait_for_selector(".jp-Notebook", timeout=120_000)
        page.wait_for_function(_IDLE, timeout=120_000, polling=300)
        page.evaluate(
            "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); return 1; }"
        )
        page.wait_for_function(_RAN, timeout=180_000, polling=300)
        page.wait_for_function(_IDLE, timeout=60_000, polling=300)
        wrong = page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
        assert wrong.all_inner_texts() == []
        assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0

    def run_again(self, source: str) -> str:
        """Run the cell that begins with a text once more and give what it shows."""
        place = self.page.evaluate(_RUN_AGAIN, source)
        assert place >= 0, source
        self.page.wait_for_timeout(500)
        self.page.wait_for_function(_IDLE, timeout=60_000, polling=300)
        self.page.wait_for_timeout(500)
        return str(self.page.evaluate(_OUTPUT, place))

    def theme(self, name: str) -> None:
        """Choose JupyterLab's theme."""
        chosen = f"{{ theme: '{name}' }}"
        self.page.evaluate(
            f"() => {{ jupyterapp.commands.execute('apputils:change-theme', {chosen}); return 1; }}"
        )
        self.page.wait_for_timeout(1500)

    def tall(self, height: int) -> None:
        """Show the whole notebook, without the files beside it."""
        self.page.evaluate(
            "() => window.jupyterapp.commands.execute('application:toggle-left-area') && 1"
        )
        self.page.set_viewport_size({"width": 1400, "height": height})
        self.page.evaluate(
            "() => { document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0; }"
        )
        self.page.wait_for_timeout(1500)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Start the system's browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", _CUT])
        try:
            yield started
        finally:
            started.close()


@contextlib.contextmanager
def jupyterlab(home: Path) -> Iterator[str]:
    """Start a JupyterLab of its own, with copies of the notebooks, and give its address."""
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    (home / "tests/data").mkdir(parents=True)
    shutil.copy(DEMO, home / "tests/data")
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
    command += [f"--port={port}", "--ip=127.0.0.1", "--IdentityProvider.token="]
    command += [f"--notebook-dir={home}", "--ServerApp.password="]
    command += ["--LabApp.expose_app_in_browser=True", f"--LabApp.app_settings_dir={settings}"]
    around = {f"JUPYTER_{name}": str(home / name.lower()) for name in ("CONFIG_DIR", "RUNTIME_DIR")}
    around |= dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), _NOWHERE)
    around |= {"no_proxy": "127.0.0.1,localhost", "NO_COLOR": "1"}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            command, env=os.environ | around, stdout=log, stderr=log, cwd=home
        )
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
