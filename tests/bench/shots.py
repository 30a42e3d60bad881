"""Pictures of every face of a few captures, to be looked at: `tests/python/looked-at.md` says when.

    python tests/bench/shots.py FOLDER [CAPTURE...]

Card, connection, explorer, report and plots in light and dark at three widths, one contact sheet a
capture and face beside the single pictures; the summary, an explanation and the help as texts of 40,
80 and 200 columns. Without captures: the demonstration, the same in IPv6 with addresses as long as
can be, and of the shared captures one with a scan, if they are there. Needs the extra `browser` and
a Chromium.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from PIL import Image

import browsing
import finrst
from conftest import SHARED
from stage import Stage
from test_layout import in_ipv6

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTHS = (390, 800, 1280)
COLUMNS = (40, 80, 200)
SCAN = SHARED / "captures/public/files/cisco+mercury/unit_tests/pcaps/smb.pcap"
HEAD = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
# Pixels of a picture in a contact sheet, at most; what is longer goes on in the single one.
TALL = 2600
PLOTS = ("causes", "timeline", "matrix", "waits", "lifetimes", "fingerprint")


def captures(folder: Path) -> Iterator[Path]:
    """Those that are looked at if none are named."""
    yield browsing.DEMO
    (folder / "six.pcap").write_bytes(in_ipv6(browsing.DEMO.read_bytes()))
    yield folder / "six.pcap"
    if SCAN.exists():
        yield SCAN


def pages(cap: finrst.Capture, *, dark: bool, width: int) -> dict[str, str]:
    """Faces that are a page by themselves."""
    paper = "#111" if dark else "#fff"
    head = f"{HEAD}<style>body{{margin:8px;background:{paper}}}</style>"
    worst = cap.findings()[0].example
    inches = 4 if width < 600 else None
    plots = [getattr(cap.plot, name)(dark=dark, width=inches) for name in PLOTS]
    drawn = "".join(f"<div>{plot.svg()}</div>" for plot in plots)
    return {
        "card": head + cap._repr_html_(),
        "connection": head + worst._repr_html_() + str(cap.plot.ladder(worst.connection_id)),
        "plots": head + drawn,
    }


def shoot(browser: Any, cap: finrst.Capture, name: str, to: Path) -> None:
    """Make the pictures of a capture."""
    with tempfile.TemporaryDirectory() as scratch:
        page_of = Path(scratch)
        cap.report(page_of / "report.html")
        for dark in (False, True):
            for width in WIDTHS:
                made = pages(cap, dark=dark, width=width)
                for face, text in made.items():
                    (page_of / f"{face}.html").write_text(text, encoding="utf-8")
                for face in (*made, "report", "explorer"):
                    watched = browsing.Watched(browser, dark=dark, width=width)
                    if face == "explorer":
                        stage = Stage(watched.page, cap.explore(), page_of, dark=dark)
                        stage.page.locator(".finding").first.click()
                        stage.page.locator(".body .row").first.click()
                        stage.page.locator(".detail svg").wait_for(timeout=60_000)
                    else:
                        watched.page.goto((page_of / f"{face}.html").as_uri())
                    path = to / f"{name}_{face}_{width}{'_dark' if dark else ''}.png"
                    watched.page.screenshot(path=path, full_page=True)
                    watched.check()
                    watched.page.close()


def sheet(name: str, face: str, folder: Path) -> None:
    """Put the pictures of a face side by side, light above dark."""
    rows = []
    for theme in ("", "_dark"):
        paths = [folder / f"{name}_{face}_{width}{theme}.png" for width in WIDTHS]
        found = [Image.open(path) for path in paths]
        rows.append([one.crop((0, 0, one.width, min(one.height, TALL))) for one in found])
    heights = [max(one.height for one in row) for row in rows]
    whole = Image.new("RGB", (sum(WIDTHS) + 40, sum(heights) + 20), "#888")
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for one in row:
            whole.paste(one, (left, top))
            left += one.width + 20
        top += height + 20
    whole.save(folder / f"sheet_{name}_{face}.png")


def texts(path: Path, name: str, to: Path) -> None:
    """Write what a terminal shows."""
    for columns in COLUMNS:
        out = ""
        for arguments in ([str(path)], ["explain", str(path), "--packets"], ["play", "--help"]):
            command = [sys.executable, "-m", "finrst", *arguments]
            around = {**os.environ, "COLUMNS": str(columns)}
            done = subprocess.run(command, env=around, capture_output=True, text=True, check=False)
            out += f"$ finrst {' '.join(arguments)}\n{done.stdout}{done.stderr}\n"
        (to / f"{name}_{columns}.txt").write_text(out, encoding="utf-8")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    named = [Path(one) for one in sys.argv[2:]]
    with browsing.chromium() as browser:
        for path in named or captures(folder):
            cap, name = finrst.read(path, progress=False), path.stem
            shoot(browser, cap, name, folder)
            for face in ("card", "connection", "plots", "report", "explorer"):
                sheet(name, face, folder)
            texts(path, name, folder)
            print(f"{name}: {len(cap)} connections", flush=True)


if __name__ == "__main__":
    main()
