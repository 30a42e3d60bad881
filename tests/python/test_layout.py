"""Card and report in a browser: nothing outside, nothing cut, no word broken, at every width."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

import browsing
import finrst

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("playwright", reason="playwright is not installed: no browser is tested")
pytestmark = [
    pytest.mark.skipif(
        browsing.CHROMIUM is None, reason="chromium is not installed: no browser is tested"
    ),
    pytest.mark.filterwarnings("ignore"),
]

PAPER = 688
"""Pixels between the margins of A4."""
# What is wrong with a page: it scrolls sideways, cells are outside of it or cut, words are broken.
# Only what is wider than any phone may be broken: a path.
FAULTS = """() => {
  const room = document.documentElement.clientWidth, found = [];
  const whole = document.documentElement.scrollWidth;
  if (whole > room) found.push(`the page takes ${whole} of ${room}`);
  for (const one of document.querySelectorAll("td, th, p, h1, h2, h3, h4, li, dt, dd, .facts b")) {
    const box = one.getBoundingClientRect();
    const text = one.textContent.slice(0, 50);
    if (box.width && (box.right > room + 1 || box.left < -1))
      found.push(`outside: ${one.tagName} ${text}`);
    if (box.width && one.scrollWidth > one.clientWidth + 1 && one.clientWidth)
      found.push(`cut: ${one.tagName} ${text}`);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = texts.nextNode()); ) {
    if (node.parentElement.closest("style, svg, .t")) continue;
    for (const word of node.data.matchAll(/[^\\s/-]+/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) found.push(`broken: ${word[0].slice(0, 60)}`);
    }
  }
  return found;
}"""


def in_ipv6(data: bytes) -> bytes:
    """Make a capture of Ethernet and IPv4 one of IPv6, whose addresses are as long as can be."""

    def address(ip: bytes) -> bytes:
        network = "20010db885a308d313198a2e" if ip[3] == 1 else "2001067c2e8c00224c1f7b0a"
        return bytes.fromhex(network) + ip

    out, at = data[:24], 24
    while at < len(data):
        seconds, fraction, kept, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        ip = frame[14:]
        tcp = ip[(ip[0] & 15) * 4 : struct.unpack_from(">H", ip, 2)[0]]
        head = struct.pack(">IHBB", 6 << 28, len(tcp), 6, ip[8])
        head += address(ip[12:16]) + address(ip[16:20])
        made = frame[:12] + b"\x86\xdd" + head + tcp
        out += struct.pack("<IIII", seconds, fraction, len(made), len(made)) + made
    return out


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, finrst.Capture]:
    six = tmp_path_factory.mktemp("six") / "six.pcap"
    six.write_bytes(in_ipv6(browsing.DEMO.read_bytes()))
    return {"IPv4": finrst.read(browsing.DEMO), "IPv6": finrst.read(six)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing.chromium() as started:
        yield started


def opened(browser: Any, path: Path, width: int, **options: str) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.emulate_media(**options)
    page.goto(path.as_uri())
    return page


def card_of(cap: finrst.Capture, folder: Path) -> Path:
    path = folder / "card.html"
    head = (
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    )
    path.write_text(f"{head}<style>body{{margin:8px}}</style>{cap._repr_html_()}", "utf-8")
    return path


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_the_verdict_is_never_cut_in_a_card(
    family: str, captures: dict[str, finrst.Capture], browser: Any, tmp_path: Path
) -> None:
    path = card_of(captures[family], tmp_path)
    for width in (390, 768, 1280, 1920):
        page = opened(browser, path, width)
        assert page.evaluate(FAULTS) == [], width
        heads = page.locator(".rows th").all_inner_texts()
        if width > 600:
            assert heads[:3] == ["#", "cause", "sure"]
        first = page.locator(".rows tbody tr").first.locator("td")
        assert first.nth(1).inner_text() == "reset_injected"
        assert first.nth(2).inner_text() == "97 %"
        # Beside the number, in the same line.
        tops = {round(first.nth(place).bounding_box()["y"]) for place in range(3)}
        assert max(tops) - min(tops) <= 2
        page.close()


def test_addresses_are_whole_where_one_hovers(
    captures: dict[str, finrst.Capture], browser: Any, tmp_path: Path
) -> None:
    page = opened(browser, card_of(captures["IPv6"], tmp_path), 1280)
    server = page.locator(".rows tbody tr").first.locator("td").nth(4).locator("span")
    assert server.inner_text() == "[2001:67c:…:a4d:2]:4022"
    assert server.get_attribute("title") == "[2001:67c:2e8c:22:4c1f:7b0a:a4d:2]:4022"
    page.close()


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_a_report_fits_a_phone_a_screen_and_paper(
    family: str, captures: dict[str, finrst.Capture], browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    captures[family].report(path)
    screens = [(width, "screen") for width in (390, 800, 880, 920, 1280, 1920)]
    for width, media in [*screens, (PAPER, "print")]:
        page = opened(browser, path, width, media=media)
        assert page.evaluate(FAULTS) == [], (width, media)
        rows = page.locator(".many tbody tr")
        assert rows.count() == 25
        cells = rows.first.locator("td")
        assert cells.nth(0).inner_text() == "13"
        assert cells.nth(1).inner_text().split() == ["reset_injected", "third_party_reset"]
        assert cells.nth(2).inner_text() == "97 %"
        page.close()


def test_the_first_screen_of_a_report_tells_when_how_long_and_how_much(
    captures: dict[str, finrst.Capture], browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    captures["IPv4"].report(path)
    page = opened(browser, path, 390)
    told = page.locator("header .facts").inner_text()
    for fact in ("2026-11-22 06:00:06", "36 min 53 s", "164", "25", "32"):
        assert fact in told
    assert page.locator("header .facts").bounding_box()["y"] < 300
    # What plots say can be read on a phone, where they scroll by themselves.
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("figure svg text, .example svg text")]
          .map((one) => one.getBoundingClientRect().height).filter((height) => height)"""
    )
    assert all(size >= 7 for size in sizes)
    page.close()


def test_what_is_cut_outside_or_broken_is_found(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    cells = "".join(f"<td>{word}</td>" for word in ("number", "a" * 60, "cause", "sure"))
    cut = '<td style="max-width:3em;overflow:hidden;white-space:nowrap">application_abort</td>'
    broken = '<p style="width:3em;overflow-wrap:anywhere">application_abort</p>'
    path.write_text(f"<!doctype html><table><tr>{cut}{cells}</tr></table>{broken}")
    page = opened(browser, path, 390)
    faults = "\n".join(page.evaluate(FAULTS))
    assert "the page takes " in faults
    assert "outside: TD sure" in faults
    assert "cut: TD application_abort" in faults
    assert "broken: application_abort" in faults
    page.close()
