"""What the plots say and draw: the data behind them, at ten connections and at a million."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import finrst

pytest.importorskip("matplotlib", reason="matplotlib is not installed: no plot is drawn")
import finrst.plot
from conftest import SHARED
from finrst._base.classes import CLASSES, class_of
from finrst._base.palette import HUES

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
CHARTS = ["causes", "timeline", "matrix", "waits", "lifetimes", "fingerprint"]


@pytest.fixture(scope="module")
def demo() -> finrst.Capture:
    return finrst.read(DEMO)


def draw(name: str, data: Any, **options: Any) -> Any:
    return getattr(finrst.plot, name)(data, **options)


def test_every_cause_has_a_class() -> None:
    classes = {one.name for one in CLASSES}
    assert set(finrst.causes()["class"]) == classes
    assert class_of("port_closed").name == "refused"
    assert class_of("undetermined").name == "undecided"


def test_causes_are_the_table(demo: finrst.Capture) -> None:
    figure = demo.plot.causes()
    ax: Any = figure.axes[0]
    drawn = dict(
        zip(
            (label.get_text() for label in ax.get_yticklabels()),
            (bar.get_width() for bar in ax.patches),
            strict=True,
        )
    )
    assert drawn == dict(demo.connections.counts("cause"))
    assert figure.finding.startswith("15 of 25 (60 %) did not end")


def test_timeline_adds_up(demo: finrst.Capture) -> None:
    fins: Any
    resets: Any
    fins, resets = demo.plot.timeline().axes
    kinds = dict(demo.teardowns.counts("kind"))
    for ax, kind in ((fins, "fin"), (resets, "rst")):
        assert sum(bar.get_height() for bar in ax.patches) == kinds[kind]
    assert fins.get_ylim()[0] == resets.get_ylim()[1] == 0


def test_resets_are_seen_beside_many_fins() -> None:
    """Each kind has a scale of its own, and says how far it goes."""
    pa = pytest.importorskip("pyarrow")
    size = 10_000
    table = pa.table(
        {
            "time": pa.array([n * 10**6 for n in range(size)], pa.timestamp("ns", "UTC")),
            "kind": ["rst" if n % 5000 == 0 else "fin" for n in range(size)],
            "cause": [
                "application_abort" if n % 5000 == 0 else "client_close" for n in range(size)
            ],
        }
    )
    fins: Any
    resets: Any
    fins, resets = finrst.plot.timeline(table).axes
    highest = max(bar.get_height() for bar in resets.patches)
    assert highest == 1
    assert highest / resets.get_ylim()[0] > 0.8
    said = [text.get_text() for ax in (fins, resets) for text in ax.texts]
    assert said == ["FIN, at most 100", "RST, at most 1"]
    # Where there is one kind, nothing is kept free for the other.
    (alone,) = finrst.plot.timeline(table.filter(pa.compute.equal(table["kind"], "fin"))).axes
    assert alone.texts[0].get_text() == "FIN, at most 100"


def test_the_sum_of_other_causes_stands_apart_without_a_bar() -> None:
    pa = pytest.importorskip("pyarrow")
    known = finrst.causes()["name"]
    rows = [cause for n, cause in enumerate(known[:18]) for _ in range(40 - n)]
    rows += [cause for cause in known[18:] for _ in range(20)]
    ax: Any = finrst.plot.causes(pa.table({"cause": rows, "ending": ["reset"] * len(rows)})).axes[0]
    assert len(ax.patches) == 18
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[-1] == f"{len(known) - 18} other causes"
    assert ax.get_yticks()[-1] - ax.get_yticks()[-2] > 1.3
    assert ax.texts[-1].get_text().startswith(f"{20 * (len(known) - 18):,} (")
    assert ax.texts[-1].xy[0] == 0


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("kind", ["table", "to_pandas", "to_polars", "to_arrow"])
def test_any_table_draws_the_same(demo: finrst.Capture, name: str, kind: str) -> None:
    which = "teardowns" if name in {"timeline", "fingerprint"} else "connections"
    table = demo.table(which)
    other = table if kind == "table" else getattr(table, kind)()
    assert draw(name, other).svg() == draw(name, demo).svg()


@pytest.mark.parametrize("name", CHARTS)
def test_without_pyarrow(demo: finrst.Capture, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = draw(name, demo).svg()

    def absent(module: str, _extra: str) -> None:
        raise ModuleNotFoundError(module)

    monkeypatch.setattr("finrst.plot._columns.need", absent)
    if name not in {"timeline", "lifetimes"}:  # times of Python have no nanoseconds
        assert draw(name, demo).svg() == wanted


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("dark", [False, True])
def test_colours(demo: finrst.Capture, name: str, *, dark: bool) -> None:
    figure = draw(name, demo, dark=dark)
    text = figure.svg(themed=False)
    assert ("#16191d" in text) is dark
    assert ("#1f2329" in text) is not dark
    themed = figure.svg()
    assert ("var(--finrst-ink,#1f2329)" in themed) is not dark
    ET.fromstring(themed)


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_to_draw(name: str) -> None:
    empty = finrst.conversation("> S, < R.").connections.slice(0, 0)
    teardowns = finrst.conversation("> S, < R.").teardowns.slice(0, 0)
    figure = draw(name, teardowns if name in {"timeline", "fingerprint"} else empty)
    assert figure.is_empty


def test_missing_columns_are_named(demo: finrst.Capture) -> None:
    with pytest.raises(ValueError, match="the table lacks time, kind; teardowns has them"):
        finrst.plot.timeline(demo.connections)
    with pytest.raises(TypeError, match="a Capture or an Arrow table"):
        finrst.plot.causes([1, 2])


CALM = {"orderly", "undecided"}


def test_matrix_cells_are_the_table(demo: finrst.Capture) -> None:
    ax: Any = demo.plot.matrix().axes[0]
    servers = [label.get_text() for label in ax.get_yticklabels()]
    said = {servers[round(text.get_position()[1])]: text.get_text() for text in ax.texts}
    assert len(ax.patches) == len(servers) == 16
    assert said["10.77.0.2:4012"] == "3 / 4: intermittent_refusal 2, accept_queue_overflow 1"
    assert said["10.77.0.2:4026"] == "0 / 2: server_close 1, still_open 1"
    for server, words in said.items():
        port = int(server.rpartition(":")[2])
        counts = [
            (cause, count)
            for there, cause, count in demo.connections.counts("server_port", "cause")
            if there == port
        ]
        bad = [(cause, count) for cause, count in counts if class_of(cause).name not in CALM]
        figures, _, named = words.partition(": ")
        assert figures == f"{sum(n for _, n in bad)} / {sum(n for _, n in counts)}"
        assert set(named.split(", ")) == {f"{cause} {count}" for cause, count in bad or counts}


def cells(ax: Any) -> dict[str, Any]:
    """Give the colour of every cell by its words."""
    pairs = zip(ax.texts, ax.patches, strict=True)
    return {text.get_text(): patch.get_facecolor() for text, patch in pairs}


def of_clients(counts: dict[tuple[str, str], int], server: str = "192.0.2.1") -> Any:
    import pyarrow as pa

    rows = [pair for pair, count in counts.items() for _ in range(count)]
    return pa.table(
        {
            "client_ip": [client for client, _ in rows],
            "server_ip": [server] * len(rows),
            "server_port": [443] * len(rows),
            "cause": [cause for _, cause in rows],
        }
    )


def test_matrix_says_trouble_over_total_and_is_deep_where_trouble_is() -> None:
    """1,387 connections of which 131 were refused are no more trouble than 131 of 131."""
    pytest.importorskip("pyarrow")
    from matplotlib.colors import to_rgb

    counts = {
        ("10.0.0.1", "port_closed"): 131,
        ("10.0.0.1", "client_close"): 1256,
        ("10.0.0.2", "port_closed"): 131,
        ("10.0.0.3", "syn_unanswered"): 2,
        ("10.0.0.3", "client_close"): 5000,
        ("10.0.0.4", "client_close"): 9000,
    }
    ax: Any = finrst.plot.matrix(of_clients(counts), dark=False).axes[0]
    found = cells(ax)
    assert list(found) == ["131 / 1,387", "131 / 131", "2 / 5,002", "0 / 9,000"]
    many, all_of_them, few, none = found.values()
    assert many == all_of_them
    assert many[:3] == pytest.approx(to_rgb(class_of("port_closed").colour))
    assert few[:3] == pytest.approx(to_rgb(class_of("syn_unanswered").colour))
    assert many[3] > few[3] + 0.2 > none[3] + 0.2
    assert none[:3] not in [to_rgb(one.colour) for one in CLASSES]


def test_matrix_of_many_clients_counts() -> None:
    pytest.importorskip("pyarrow")
    causes = ["port_closed", "client_close"]
    counts = {(f"10.0.0.{n % 20}", causes[n % 2]): 2 for n in range(20)}
    figure = finrst.plot.matrix(of_clients(counts))
    ax: Any = figure.axes[0]
    names = [label.get_text() for label in ax.get_xticklabels()]
    assert names[0] == "10.0.0.0"
    count = len(names) - 1
    assert names[-1] == f"{20 - count} other clients"
    # The sum of others stands apart, and without a colour.
    assert ax.get_xticks()[-1] - ax.get_xticks()[-2] > 1.3
    assert [text.get_text() for text in ax.texts] == [
        *["2 / 2"] * count,
        f"{20 - 2 * count} / {40 - 2 * count}",
    ]
    assert ax.patches[-1].get_facecolor()[3] < 0.1 < ax.patches[0].get_facecolor()[3]
    assert figure.finding == (
        "192.0.2.1:443 (https) has all of the trouble: 20 connections that are not orderly"
    )


def test_matrix_of_many_servers_goes_by_port() -> None:
    """Where the worst servers have less than half of the trouble, they do not tell where it is."""
    pa = pytest.importorskip("pyarrow")
    size = 100
    table = pa.table(
        {
            "client_ip": ["10.0.0.9"] * size,
            "server_ip": [f"192.0.2.{n}" for n in range(size)],
            "server_port": [445] * (size - 1) + [139],
            "cause": ["application_abort"] * size,
        }
    )
    ax: Any = finrst.plot.matrix(table).axes[0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert [name.split()[1] for name in names] == ["445", "139"]
    assert list(cells(ax)) == ["99 / 99: application_abort 99", "1 / 1: application_abort 1"]


def test_matrix_of_a_scan_goes_by_port() -> None:
    """Where every server is another one, the port and the client are what is common."""
    pa = pytest.importorskip("pyarrow")
    size = 3000
    table = pa.table(
        {
            "client_ip": ["10.0.0.9"] * 2000 + [f"10.1.{n // 250}.{n % 250}" for n in range(1000)],
            "server_ip": [f"192.{n // 62500}.{n // 250 % 250}.{n % 250}" for n in range(size)],
            "server_port": [22, 443, 80] * (size // 3),
            "cause": ["syn_unanswered"] * 2000 + ["port_closed"] * 1000,
        }
    )
    figure = finrst.plot.matrix(table)
    ax: Any = figure.axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "port 22 (ssh)",
        "port 443 (https)",
        "port 80 (http)",
    ]
    assert figure.finding == (
        "10.0.0.9 is the client of 67 % of the trouble: 2,000 connections that are not orderly"
    )
    others = table.filter(pa.array([n >= 2000 for n in range(size)]))
    assert finrst.plot.matrix(others).finding == (
        "Trouble is spread over 1,000 services; port 80 (http) has 33 % of the trouble: "
        "334 connections that are not orderly"
    )


def heights(ax: Any) -> list[int]:
    """The counts of each filled step line."""
    return [int(patch.get_data().values.sum()) for patch in ax.patches]


def test_waits_are_the_table(demo: finrst.Capture) -> None:
    pairs = zip(demo.connections["client_wait_s"], demo.connections["ending"], strict=True)
    failed = [ending.startswith("handshake_") for wait, ending in pairs if wait is not None]
    figure = demo.plot.waits()
    assert heights(figure.axes[0]) == [failed.count(False), failed.count(True)] == [19, 1]
    assert figure.finding == (
        "19 handshakes completed, half of them within 21.9 ms; "
        "1 given up or reset after 152 ms; 4 more refused or unanswered"
    )


SMB = SHARED / "captures/public/files/cisco+mercury/unit_tests/pcaps/smb.pcap"


@pytest.mark.skipif(not SMB.exists(), reason="no shared captures")
def test_the_line_at_sixty_seconds_is_the_title() -> None:
    """The server's FIN comes after a minute of silence; the client's reset, soon after it."""
    cap = finrst.read(SMB)
    figure = cap.plot.lifetimes()
    assert figure.finding.startswith("104 connections end after 60.0 s of silence")
    ax: Any = figure.axes[0]
    (finding,) = (one for one in cap.findings() if one.kind == "idle_limit")
    assert [text.get_text() for text in ax.texts] == ["104 after 60.0 s"]
    assert finding.count == 104
    (points,) = (one for one in ax.collections if len(one.get_offsets()) > 100)
    assert sum(59.9 < y < 60.1 for _, y in points.get_offsets().tolist()) == 104


@pytest.mark.parametrize("name", CHARTS)
def test_plots_fit_a_phone(demo: finrst.Capture, name: str) -> None:
    """Drawn narrow, letters keep their size, and nothing is cut at the edges."""
    figure = draw(name, demo, dark=False, width=3.8)
    assert figure.get_figwidth() == 3.8
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    assert box.x0 >= -0.05
    assert box.x1 <= 3.85
    assert box.y0 >= -0.05
    assert box.y1 <= figure.get_figheight() + 0.05
    sizes = [
        text.get_fontsize()
        for ax in figure.axes
        for text in [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels()]
    ]
    assert min(sizes) >= 8


def test_a_common_limit_of_clients_is_found() -> None:
    pa = pytest.importorskip("pyarrow")
    waited = [0.02] * 10 + [3.0, 3.01, 3.0, 2.99, 3.0]
    endings = ["graceful"] * 10 + ["handshake_abandoned"] * 5
    figure = finrst.plot.waits(pa.table({"client_wait_s": waited, "ending": endings}))
    assert figure.finding.endswith("; 5 given up after about 3 s")
    assert [text.get_text() for text in figure.axes[0].texts] == ["limit: about 3 s"]


def test_lifetimes_are_the_table(demo: finrst.Capture) -> None:
    table = demo.connections
    columns = ("duration_s", "idle_before_close_s")
    known = [pair for pair in zip(*(table[c] for c in columns), strict=True) if None not in pair]
    ax: Any = demo.plot.lifetimes().axes[0]
    (points,) = (one for one in ax.collections if len(one.get_offsets()) == len(known))
    drawn = {(round(x, 6), round(y, 6)) for x, y in points.get_offsets().tolist()}
    assert drawn == {(round(x, 6), round(y, 6)) for x, y in known}


def test_an_idle_timeout_is_found() -> None:
    pa = pytest.importorskip("pyarrow")
    idle = [60.0 + place / 100 for place in range(12)] + [0.1 * place for place in range(1, 40)]
    table = pa.table(
        {
            "duration_s": [seconds + 1 for seconds in idle],
            "idle_before_end_s": idle,
            "cause": ["idle_close"] * len(idle),
        }
    )
    figure = finrst.plot.lifetimes(table)
    assert figure.finding == (
        "12 connections end after 60.1 s of silence, of 51 that were closed: "
        "an idle limit looks like that"
    )
    # Silences of every length are no limit.
    even = table.set_column(1, "idle_before_end_s", pa.array([1.1**n for n in range(len(idle))]))
    assert "idle limit" not in finrst.plot.lifetimes(even).finding


def test_fingerprint_is_the_table(demo: finrst.Capture) -> None:
    rows = [row for row in demo.teardowns if row["kind"] == "rst" and row["ttl_delta"] is not None]
    ax: Any = demo.plot.fingerprint().axes[0]
    labels = {
        (round(text.xy[0]), round(text.xy[1])): int(text.get_text())
        for text in ax.texts
        if text.get_text().isdigit()
    }
    assert sum(labels.values()) == len(rows) == 19
    # A TTL of 101 where the others have 64: 27 hops, and none.
    assert labels[27, 0] == sum(row["ttl"] == 101 for row in rows) == 3
    next_ones = [row for row in rows if row["ip_id_delta"] and 1 <= row["ip_id_delta"] <= 64]
    assert labels[0, 4] == sum(row["ttl_delta"] == 0 for row in next_ones)


def test_fingerprint_compares_hops_and_not_the_numbers_that_systems_begin_with() -> None:
    pa = pytest.importorskip("pyarrow")
    # A scanner begins with 255, its host's reset with 64, both three routers away.
    row = {"kind": ["rst"], "ttl": [61], "ttl_delta": [61 - 252], "ip_id_delta": [1]}
    figure = finrst.plot.fingerprint(pa.table({**row, "cause": ["syn_scan"]}))
    assert figure.finding == "The reset came over the hops of the claimed sender"


def test_fingerprint_rounds_away_from_the_middle() -> None:
    pa = pytest.importorskip("pyarrow")
    hops = list(range(-126, 127))
    table = pa.table(
        {
            "kind": ["rst"] * len(hops),
            "ttl": [255 - max(further, 0) for further in hops],
            "ttl_delta": [-further for further in hops],
            "ip_id_delta": [1] * len(hops),
            "cause": ["reset_injected"] * len(hops),
        }
    )
    figure = finrst.plot.fingerprint(table)
    ax: Any = figure.axes[0]
    centres = [one.get_offsets()[0][0] for one in ax.collections if len(one.get_offsets())]
    assert len(centres) <= 41
    assert 0 in centres
    assert figure.finding.startswith("252 of 253 resets (99.6 %) came over other hops")


@pytest.mark.parametrize("name", CHARTS)
def test_a_million_rows(demo: finrst.Capture, name: str) -> None:
    """Counted before they are drawn: a million rows make no bigger a picture than a few do."""
    pa = pytest.importorskip("pyarrow")
    which = "teardowns" if name in {"timeline", "fingerprint"} else "connections"
    one = demo.to_arrow(which)
    many = pa.concat_tables([one] * (1_000_000 // one.num_rows)).combine_chunks()
    figure = draw(name, many)
    artists = sum(len(ax.patches) + len(ax.collections) + len(ax.texts) for ax in figure.axes)
    assert artists < 600
    assert len(figure.svg()) < 120_000


def test_ladder_marks_what_decides(demo: finrst.Capture) -> None:
    text = str(demo.plot.ladder(2))
    root = ET.fromstring(text)
    said = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    # What is to be read first stands at the left, where a phone shows it.
    assert said[:2] == ["Connection 2: reset, ended by client", "abort_unread_data (61 % sure)"]
    assert "#29" in said
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 1
    assert str(finrst.plot.ladder(demo.packets(2))).count("<path") == 12


def test_ladder_tells_what_resets_were_that_did_not_decide(demo: finrst.Capture) -> None:
    root = ET.fromstring(str(demo.plot.ladder(12)))
    said = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    told = "".join(f" {text}" for text in said)
    assert "but one that is +776 off" in told.partition(" #84")[2].partition(" #85")[0]
    assert said.index("forged_syn_ack") > said.index("#85")


def test_long_ladder_leaves_out() -> None:
    middle = ", ".join(["> P. 10", "< ."] * 300)
    cap = finrst.conversation(f"> S, < S., > ., {middle}, > F., < F., > .")
    text = str(cap.plot.ladder())
    assert text.count("<path") < 50
    assert "packets not drawn" in text


@pytest.mark.parametrize("kind", ["table", "to_pandas", "to_polars", "to_arrow"])
def test_any_table_of_packets_draws_the_same(demo: finrst.Capture, kind: str) -> None:
    packets = demo.packets(2)
    other = packets if kind == "table" else getattr(packets, kind)()
    assert str(finrst.plot.ladder(other)) == str(finrst.plot.ladder(packets))
    drawn = finrst.plot.sequence(other)
    assert drawn.svg() == finrst.plot.sequence(packets).svg()
    assert drawn.finding == demo.plot.sequence(2).finding
    # A table of several connections needs the number of one.
    both = demo.packets([2, 3])
    both = both if kind == "table" else getattr(both, kind)()
    assert finrst.plot.sequence(both, 2).svg() == finrst.plot.sequence(packets).svg()
    with pytest.raises(ValueError, match="packets of 2 connections"):
        finrst.plot.ladder(both)


def test_sequence_draws_every_segment(demo: finrst.Capture) -> None:
    ax: Any = demo.plot.sequence(2).axes[0]
    segments = [
        [int(point[1]) for point in line]
        for one in ax.collections
        if hasattr(one, "get_segments")
        for line in one.get_segments()
    ]
    sent = [
        [row["seq"], row["seq"] + row["payload_length"]]
        for row in demo.packets(2)
        if row["sender"] == "server" and row["payload_length"]
    ]
    assert segments == sent


def test_sequence_of_either_side(demo: finrst.Capture) -> None:
    assert "Server sent 3,000 bytes in 3 segments" in demo.plot.sequence(2).finding
    assert "Client sent 3 bytes" in demo.plot.sequence(2, sender="client").finding
    with pytest.raises(ValueError, match="which of the 25 connections"):
        demo.plot.sequence()


def test_classes_have_distinct_colours() -> None:
    assert len({one.colour for one in CLASSES}) == len(CLASSES) == 6


def test_a_fin_and_a_reset_have_the_colour_of_their_cause() -> None:
    refused = finrst.conversation("> S, < R.")
    assert HUES["refused"].css in str(refused.plot.ladder(0))
    assert HUES["abort"].css not in str(refused.plot.ladder(0))
    closed = finrst.conversation("> S, < S., > ., > F., < F., > .")
    assert HUES["orderly"].css in str(closed.plot.ladder(0))
    # Their table alone does not say why.
    assert HUES["refused"].css not in str(finrst.plot.ladder(refused.packets(0)))


def test_the_sequence_says_which_reset_nobody_sent() -> None:
    drawn = finrst.read("tests/data/demo.pcap").plot.sequence(13)
    assert "RST in the server's name, RST by client" in drawn.finding


def test_trouble_that_is_everywhere_is_told_so() -> None:
    cap = finrst.conversation("> S service=1..62 +1ms")
    drawn = cap.plot.matrix()
    assert drawn.finding == (
        "Trouble is spread over 62 services at 62 ports; none has more than 2 % of it"
    )


def test_names_leave_room_for_the_cells_of_a_narrow_matrix() -> None:
    cap = finrst.conversation(
        "> S v6 server=1..9, < R. server=1..9",
        hosts={
            f"2001:db8:5::{number:x}": f"orders{number}.internal.example.org"
            for number in range(1, 10)
        },
    )
    (ax,) = cap.plot.matrix(width=3.8).axes
    assert max(len(tick.get_text()) for tick in ax.get_yticklabels()) <= 22


def test_no_number_stands_twice_beside_an_axis() -> None:
    figure = finrst.conversation("> S").plot.sequence(0)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    said = [tick.get_text() for tick in ax.get_yticklabels() if tick.get_text()]
    assert len(said) == len(set(said))
