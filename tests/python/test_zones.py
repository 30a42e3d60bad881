"""Times are shown and taken in the zone that people chose, and every output says which it is."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import re
import struct
import subprocess
import sys
import time
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from finrst._base.paint import PLAIN
from finrst._base.times import LOCAL, clock, offset, stamp, zone, zone_name
from finrst._base.units import moment
from finrst._cli import live

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
BERLIN = "Europe/Berlin"

pytestmark = pytest.mark.skipif(
    not zoneinfo.available_timezones(), reason="this machine has no database of time zones"
)


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine whose own zone is New York's."""
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of this system cannot be set for a test")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="module")
def there() -> finrst.Capture:
    return finrst.read(DEMO, tz=BERLIN)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]


def report(cap: finrst.Capture, folder: Path, name: str) -> str:
    cap.report(folder / name)
    return (folder / name).read_text(encoding="utf-8")


FACES: dict[str, Callable[[finrst.Capture, Path], str]] = {
    "summary": lambda cap, _: repr(cap),
    "card": lambda cap, _: cap._repr_html_(),
    "report": lambda cap, folder: report(cap, folder, "x.html"),
    "Markdown": lambda cap, folder: report(cap, folder, "x.md"),
    "widget": lambda cap, _: str(cap.explore().view),
    "timeline": lambda cap, _: cap.plot.timeline().svg(),
    "sequence": lambda cap, _: cap.plot.sequence(13).svg(),
}


@pytest.mark.parametrize("face", FACES)
def test_every_face_shows_the_zone_and_no_other(
    face: str, there: finrst.Capture, tmp_path: Path
) -> None:
    shown = FACES[face](there, tmp_path)
    assert re.search(r"Europe/Berlin|\+01:00", shown), face
    assert " UTC" not in shown
    assert "(UTC)" not in shown
    if face != "timeline":
        assert "07:00:06" in shown or "07:00:07" in shown or "07:01" in shown or "07:0" in shown


@pytest.mark.parametrize("face", FACES)
def test_without_a_zone_every_face_says_utc(face: str, tmp_path: Path) -> None:
    shown = FACES[face](finrst.read(DEMO), tmp_path)
    assert "UTC" in shown, face


def test_a_capture_that_was_read_can_be_shown_in_another_zone() -> None:
    cap = finrst.read(DEMO)
    assert cap.tz is dt.UTC
    cap.tz = BERLIN
    assert "from 2026-11-22 07:00:06 +01:00 (Europe/Berlin)" in str(cap)
    cap.tz = "-03:30"
    assert "from 2026-11-22 02:30:06 -03:30 (-03:30)" in str(cap)
    with pytest.raises(ValueError, match=r"no time zone 'Europe/Berln' \(did you mean"):
        cap.tz = "Europe/Berln"
    again = pickle.loads(pickle.dumps(cap))
    assert str(again) == str(cap)


def test_tables_stay_in_utc_and_their_heading_says_so(there: finrst.Capture) -> None:
    assert there.connections["start"] == finrst.read(DEMO).connections["start"]
    assert ">start (UTC)</th>" in there.connections._repr_html_()


MOMENTS: dict[str, dt.datetime | None] = {
    "2026-11-22": utc(2026, 11, 21, 23),
    "2026-11-22 07:00": utc(2026, 11, 22, 6),
    "2026-11-22T07:00:06": utc(2026, 11, 22, 6, 0, 6),
    "2026-07-22 07:00": utc(2026, 7, 22, 5),
    "2026-11-22 07:00:06 +01:00": utc(2026, 11, 22, 6, 0, 6),
    "2026-11-22T07:00+02:00": utc(2026, 11, 22, 5),
    "2026-11-22T07:00:00Z": utc(2026, 11, 22, 7),
    "2026-11-22 07:00 UTC": utc(2026, 11, 22, 7),
    "20261122T070000": utc(2026, 11, 22, 6),
    "2026-10-25 02:30+02:00": utc(2026, 10, 25, 0, 30),
    "2026-10-25 02:30+01:00": utc(2026, 10, 25, 1, 30),
}


@pytest.mark.parametrize("text", MOMENTS)
def test_a_time_without_a_zone_is_of_the_zone_that_is_shown(text: str) -> None:
    wanted = MOMENTS[text]
    assert wanted is not None
    assert moment(text, zone(BERLIN)) == ("at", int(wanted.timestamp()) * 10**9)


def test_what_is_shown_can_be_asked_for(there: finrst.Capture) -> None:
    first = there.files["start"][0]
    for digits in (0, 6):
        for where in (dt.UTC, zone(BERLIN), zone("+05:45"), LOCAL):
            kind, at = moment(stamp(first, where, digits), where)
            assert kind == "at"
            assert abs(at / 1e9 - first.timestamp()) < (1 if digits == 0 else 1e-5)


def test_nanoseconds_of_a_stamp_are_kept() -> None:
    assert moment("1970-01-01T00:00:00.123456789Z") == ("at", 123456789)
    assert moment("1970-01-01T00:00:00.1Z") == ("at", 100_000_000)


def test_a_time_that_clocks_skip_or_show_twice_is_refused_with_both_meanings() -> None:
    where = zone(BERLIN)
    with pytest.raises(ValueError, match=r"02:30:00 is not shown by the clocks of Europe/Berlin"):
        moment("2026-03-29 02:30", where)
    with pytest.raises(ValueError, match=r"twice .*: write .*02:30:00\+0200 or .*02:30:00\+0100"):
        moment("2026-10-25 02:30", where)
    # Both that it offers can be read.
    assert moment("2026-10-25 02:30:00+0200") < moment("2026-10-25 02:30:00+0100")
    # A datetime that says which of them it is needs no more.
    late = dt.datetime.fromisoformat("2026-10-25T02:30").replace(fold=1)
    assert moment(late, where) == moment("2026-10-25 02:30:00+01:00")


def test_times_on_both_sides_of_a_change_of_clocks_have_their_own_offset() -> None:
    where = zone(BERLIN)
    shown = [stamp(utc(2026, 10, 25, hour, 30), where) for hour in range(3)]
    assert shown == [
        "2026-10-25 02:30:00 +02:00",
        "2026-10-25 02:30:00 +01:00",
        "2026-10-25 03:30:00 +01:00",
    ]


def test_the_machines_own_zone_has_its_rules_for_every_moment(new_york: None) -> None:
    del new_york
    shown = [stamp(utc(2026, 11, 1, hour, 30), LOCAL) for hour in (5, 6, 7)]
    assert shown == [
        "2026-11-01 01:30:00 -04:00",
        "2026-11-01 01:30:00 -05:00",
        "2026-11-01 02:30:00 -05:00",
    ]
    assert stamp(utc(2026, 7, 1, 12), zone("local")) == "2026-07-01 08:00:00 -04:00"
    with pytest.raises(ValueError, match=r"shown twice by the clocks of local time"):
        moment("2026-11-01 01:30", LOCAL)
    with pytest.raises(ValueError, match=r"not shown by the clocks of local time"):
        moment("2026-03-08 02:30", LOCAL)
    assert pickle.loads(pickle.dumps(LOCAL)).utcoffset(utc(2026, 7, 1)) == dt.timedelta(hours=-4)


ZONES = {
    "UTC": "UTC",
    "z": "UTC",
    "Europe/Berlin": "Europe/Berlin",
    "+02:00": "+02:00",
    "-0330": "-03:30",
    "+5": "+05:00",
    "UTC+02:00": "+02:00",
    "local": "local time",
}


@pytest.mark.parametrize("text", ZONES)
def test_zones_are_named(text: str) -> None:
    assert zone_name(zone(text)) == ZONES[text]


@pytest.mark.parametrize("text", ["", "Nowhere", "+25:00", "+02:60", "../../etc/passwd", "\x1b[2J"])
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no time zone .* write a name as Europe/Berlin") as error:
        zone(text)
    assert "\x1b" not in str(error.value)


def test_a_machine_without_zones_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: str) -> Any:
        raise zoneinfo.ZoneInfoNotFoundError

    monkeypatch.setattr(zoneinfo, "ZoneInfo", none)
    monkeypatch.setattr(zoneinfo, "available_timezones", set[str])
    with pytest.raises(ModuleNotFoundError, match="pip install tzdata"):
        finrst.read(DEMO, tz=BERLIN)
    assert len(finrst.read(DEMO, tz="+01:00")) == 25


def run(*arguments: str, code: int = 0, **environment: str) -> str:
    command = [sys.executable, "-m", "finrst", *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done
    return done.stdout + done.stderr


def test_the_command_shows_and_takes_local_times() -> None:
    whole = run(str(DEMO), "--tz", BERLIN)
    assert "from 2026-11-22 07:00:06 +01:00 (Europe/Berlin)" in whole
    some = json.loads(run(str(DEMO), "--json", "--tz", BERLIN, "--end", "2026-11-22 07:01"))
    same = json.loads(run(str(DEMO), "--json", "--end", "2026-11-22T06:01:00Z"))
    assert some == same
    assert 0 < some["connections"] < 25
    assert "no time zone 'x'" in run(str(DEMO), "--tz", "x", code=2)
    assert "twice" in run(str(DEMO), "--tz", BERLIN, "--start", "2026-10-25 02:30", code=2)


def test_every_command_takes_a_zone(tmp_path: Path) -> None:
    demo, out = str(DEMO), str(tmp_path / "x.json")
    run("convert", demo, "-o", out, "--tz", "local", "--start", "2026-01-01")
    run("compare", demo, demo, "--tz", BERLIN)
    run("report", demo, "-o", str(tmp_path / "x.md"), "--tz", BERLIN)
    run("explain", demo, "--connection", "0", "--tz", BERLIN)
    assert "+01:00" in (tmp_path / "x.md").read_text()


def test_stamps_in_json_are_the_same_from_every_command(tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    run("convert", str(DEMO), "-o", str(out), "--tz", BERLIN)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    told = json.loads(run("explain", str(DEMO), "--connection", "13", "--json", "--tz", BERLIN))
    assert told[0]["connection"] == lines[13]
    assert re.fullmatch(r"2026-11-22T06:\d\d:\d\d\.\d{9}Z", lines[13]["start"])
    figures = json.loads(run(str(DEMO), "--json", "--tz", BERLIN))
    assert figures["start"] == min(line["start"] for line in lines)
    assert figures["end"] == max(line["end"] for line in lines)


def test_a_clock_shows_the_date_where_there_are_several() -> None:
    day = utc(2026, 11, 22, 23, 30)
    assert clock(day, dt.UTC, date=False) == "23:30:00"
    assert clock(day, zone(BERLIN), 3, date=True) == "2026-11-23 00:30:00.000"
    assert offset(day, dt.UTC) == "UTC"


def starts(cap: finrst.Capture) -> tuple[str, list[str]]:
    """The heading of the widget's column of times, and what is in it, in order of time."""
    view = cap.explore().view
    titles = [column["title"] for column in view["columns"]]
    place = next(n for n, title in enumerate(titles) if title.startswith("start"))
    return titles[place], sorted(row["cells"][place] for row in view["rows"])


def test_the_widget_shows_dates_when_the_capture_has_several_days() -> None:
    title, cells = starts(finrst.read(DEMO))
    assert title == "start (UTC)"
    assert re.fullmatch(r"06:00:06\.\d{6}", cells[0])
    several = finrst.conversation("> S, < R., > S port=40001 +108000s, < R.", tz=BERLIN)
    title, cells = starts(several)
    assert title == "start (Europe/Berlin)"
    assert cells[0].startswith("2026-01-01 01:00:00")
    assert cells[1].startswith("2026-01-02 07:00:00")
    assert several.explore().view["time"]["end"].startswith("2026-01-02 07:00:00 +01:00")


def of_two_days() -> bytes:
    """The demonstration, with its second half two days later."""
    data = bytearray(DEMO.read_bytes())
    order = "<" if bytes(data[:4]) in {b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"} else ">"
    at, number = 24, 0
    while at < len(data):
        seconds, _, length = struct.unpack_from(order + "3I", data, at)
        struct.pack_into(order + "I", data, at, seconds + (2 * 86400 if number >= 80 else 0))
        at, number = at + 16 + length, number + 1
    return bytes(data)


def watched(data: bytes, where: str) -> str:
    """What the live view shows when all of a capture has come."""
    view = live._View(0.0, PLAIN, zone(where))
    scan = finrst.scan(data)
    while scan.turn() is not None:
        if (so_far := scan.so_far()) is not None:
            view.look(so_far)
    return "\n".join(view.lines)


def test_the_live_view_shows_local_times_and_dates_where_there_are_several() -> None:
    one, two = watched(DEMO.read_bytes(), BERLIN), watched(of_two_days(), BERLIN)
    for shown in (one, two):
        assert "Latest that did not end in order (Europe/Berlin)" in shown
    assert re.search(r"^  07:\d\d:\d\d  ", one, re.MULTILINE)
    assert re.search(r"^  2026-11-2\d 07:\d\d:\d\d  ", two, re.MULTILINE)
