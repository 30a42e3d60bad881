"""What is asked for is made, in the order of asking, with the values of a whole reading."""

from __future__ import annotations

import io
import json
import pickle
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from finrst import _native
from finrst.__main__ import main
from finrst._story import tally

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
BOTH = ("connections", "teardowns")
Rows = dict[str, list[dict[str, Any]]]

whole = finrst.read(DEMO)
names = {table: whole.table(table).column_names for table in BOTH}


def rows(cap: finrst.Capture) -> Rows:
    return {table: list(cap.table(table)) for table in BOTH}


def scanned(**options: Any) -> Rows:
    """The rows of a scan; those of connections in order."""
    found: Rows = {table: [] for table in BOTH}
    for pair in finrst.scan(DEMO, **options):
        for table in pair:
            found[table.name] += table
    return found


WHOLE, SCANNED = rows(whole), scanned()


def cut(of: Rows, columns: dict[str, list[str]]) -> Rows:
    """What is left of rows for who asks for some columns."""
    return {
        table: [{name: row[name] for name in columns[table]} for row in of[table]]
        if columns[table]
        else []
        for table in BOTH
    }


@pytest.mark.parametrize("threads", [1, 2])
def test_every_column_alone_has_the_values_that_it_has_among_all(threads: int) -> None:
    for table in BOTH:
        for name in names[table]:
            asked = {other: [name] if other == table else [] for other in BOTH}
            found = rows(finrst.read(DEMO, columns=asked, threads=threads))
            assert found == cut(WHOLE, asked), (table, name)


def subsets(seed: int, count: int) -> Iterator[dict[str, list[str]]]:
    drawn = random.Random(seed)
    for _ in range(count):
        yield {
            table: drawn.sample(names[table], drawn.randrange(0, 1 + len(names[table]) // 4))
            for table in BOTH
        }


@pytest.mark.parametrize("threads", [1, 2])
def test_any_columns_have_the_values_that_they_have_among_all(threads: int) -> None:
    for asked in subsets(threads, 25):
        found = rows(finrst.read(DEMO, columns=asked, threads=threads))
        assert found == cut(WHOLE, asked), asked
        assert scanned(columns=asked, threads=threads) == cut(SCANNED, asked), asked


@pytest.mark.parametrize("threads", [1, 2])
def test_several_files_have_them_too(tmp_path: Path, threads: int) -> None:
    octets = DEMO.read_bytes()
    paths = [tmp_path / f"{at}.pcap" for at in range(4)]
    for path in paths:
        path.write_bytes(octets)
    sources = [str(path) for path in paths]
    known = rows(finrst.read(sources, threads=threads))
    asked = {"connections": ["file", "ending"], "teardowns": ["packet", "file"]}
    assert rows(finrst.read(sources, columns=asked, threads=threads)) == cut(known, asked)
    judged = {"connections": ["cause", "evidence"], "teardowns": []}
    assert rows(finrst.read(sources, columns=judged, threads=threads)) == cut(known, judged)


def test_they_come_in_the_order_of_asking() -> None:
    cap = finrst.read(DEMO, columns=["cause", "packet", "client_ip", "flags"])
    assert cap.connections.column_names == ["cause", "client_ip"]
    assert cap.teardowns.column_names == ["cause", "packet", "flags"]
    assert cap.connections.metadata == whole.connections.metadata
    text = finrst.read(DEMO, columns="cause, packet")
    assert text.teardowns.column_names == ["cause", "packet"]


def test_a_stream_and_the_tables_without_rows_have_them_too() -> None:
    asked = ["cause", "packet", "client_ip"]
    with finrst.scan(DEMO, columns=asked) as scan:
        assert [table.column_names for table in scan.empty()] == [asked[::2], asked[:2]]
    pa = pytest.importorskip("pyarrow")
    for table, own in zip(BOTH, (asked[::2], asked[:2]), strict=True):
        rows = pa.table(getattr(finrst.scan(DEMO, columns=asked), table))
        assert rows.column_names == own
        assert rows.num_rows == len(SCANNED[table])


def test_a_mapping_asks_of_each_table() -> None:
    cap = finrst.read(DEMO, columns={"connections": ["cause"], "teardowns": None})
    assert cap.connections.column_names == ["cause"]
    assert list(cap.teardowns) == WHOLE["teardowns"]


def test_a_table_of_which_nothing_is_asked_is_empty() -> None:
    cap = finrst.read(DEMO, columns={"connections": ["cause"]})
    assert (len(cap.teardowns), cap.teardowns.column_names) == (0, [])
    assert len(cap) == 25
    nothing = finrst.read(DEMO, columns=[])
    assert (len(nothing), len(nothing.connections)) == (25, 0)
    assert sum(nothing.ledger["packets"]) == 164
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    assert nothing.to_pandas().shape == (0, 0)
    assert isinstance(nothing.to_pandas("teardowns"), pd.DataFrame)
    assert nothing.to_arrow().shape == (0, 0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["cuase"], "no column 'cuase' in connections or teardowns (did you mean 'cause'?)"),
        (["cause", "cause"], "column 'cause' is asked for twice"),
        ({"teardowns": ["client_ip"]}, "no column 'client_ip' in teardowns"),
        ({"conections": ["cause"]}, "did you mean 'connections'?"),
        ({"ledger": ["class"]}, "those of connections and teardowns can"),
        (["\x1b[2J"], "no column '\\x1b[2J'"),
    ],
)
def test_what_is_not_known_is_refused(asked: Any, said: str) -> None:
    for reader in (finrst.read, finrst.scan):
        with pytest.raises(ValueError) as raised:  # noqa: PT011 - its text is looked at
            reader(DEMO, columns=asked)
        assert said in str(raised.value)
    native: Any = {"columns": {"connections": ["nothing"], "teardowns": []}}
    with pytest.raises(ValueError, match="not at all"):
        _native.Reading([("path", str(DEMO))], native)


def test_what_is_no_name_is_refused() -> None:
    wrong: Any = [1]
    with pytest.raises(TypeError, match="a column's name is wanted, not int"):
        finrst.read(DEMO, columns=wrong)


FEW = finrst.read(DEMO, columns={"connections": ["server_port"]})


def test_a_capture_of_few_columns_does_what_a_whole_one_does(tmp_path: Path) -> None:
    cap = finrst.read(DEMO, columns={"connections": ["server_port"]})
    assert list(cap.packets([3, 13])) == list(whole.packets([3, 13]))
    assert cap.save(13, tmp_path / "one.pcapng") == whole.save(13, tmp_path / "two.pcapng")
    assert cap._all is None
    assert cap.connection(7).to_dict() == whole.connection(7).to_dict()
    assert cap.connection(7).explain() == whole.connection(7).explain()
    assert cap.connection(7).teardowns == whole.connection(7).teardowns
    assert cap.findings().to_dict() == whole.findings().to_dict()
    for one, name in ((cap, "a"), (whole, "b")):
        one.report(tmp_path / f"{name}.md")
        one.annotate(tmp_path / f"{name}.pcapng", progress=False)
        one.save([1, 2], tmp_path / f"{name}.of", comments=True)
    for end in ("md", "pcapng", "of"):
        assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()
    cap.check()
    assert cap.connections.column_names == ["server_port"]


def test_a_connection_that_is_not_there_is_not_looked_for_again() -> None:
    cap = finrst.read(DEMO, columns=["cause"])
    with pytest.raises(KeyError, match="no connection 99"):
        cap.connection(99)
    assert cap._all is None


def test_it_says_what_it_is_without_reading_again() -> None:
    cap = finrst.read(DEMO, columns=["cause", "packet"])
    said = str(cap).splitlines()
    assert said[0] == f"25 TCP connections in {DEMO}"
    assert "1 column of connections and 2 columns of teardowns" in said[2]
    assert "25 TCP connections" in cap._repr_html_()
    assert cap._all is None
    cap.tz = "+02:00"
    assert "+02:00" in str(cap)
    assert cap.connection(0)._zone == cap.tz


def test_a_column_that_was_not_asked_for_is_missed_by_its_name() -> None:
    with pytest.raises(KeyError, match="'cause' here: it was not among the columns"):
        FEW.connections["cause"]
    with pytest.raises(ValueError, match="'cause' here: it was not among the columns"):
        finrst.compare(FEW, whole)
    with pytest.raises(ValueError, match="the table lacks cause"):
        finrst.plot.causes(FEW)
    with pytest.raises(KeyError, match="did you mean 'server_port'"):
        FEW.connections["server_prot"]


def test_what_cannot_be_read_again_says_so() -> None:
    cap = finrst.read(io.BytesIO(DEMO.read_bytes()), columns=["server_port"])
    assert cap.connections["server_port"] == FEW.connections["server_port"]
    with pytest.raises(finrst.CaptureError, match="not asked for, and the source was a stream"):
        cap.connection(0)


def test_it_pickles() -> None:
    cap = finrst.read(DEMO, columns=["cause", "client_ip"])
    cap.connection(0)
    again = pickle.loads(pickle.dumps(cap))
    assert list(again.connections) == list(cap.connections)
    assert again._all is None
    assert list(again.packets(2)) == list(whole.packets(2))


def test_names_of_clients_are_told_where_their_columns_are_there() -> None:
    cap = finrst.read(DEMO, columns=["client_ip"], hosts={"10.77.0.1": "me"})
    assert cap.naming.host("10.77.0.1") == "me (10.77.0.1)"


def test_findings_need_the_columns_that_they_say_they_need() -> None:
    needed = _native.Finder.columns()
    cap = finrst.read(DEMO, columns={"connections": needed})
    assert _native.Findings(cap.connections._native).facts() == whole._found.facts()
    for name in needed:
        rest = [other for other in needed if other != name]
        fewer = finrst.read(DEMO, columns={"connections": rest}).connections
        with pytest.raises(ValueError, match=name):
            _native.Finder().add(fewer._native)


def test_a_tally_needs_the_columns_that_it_says_it_needs() -> None:
    few, all_ = tally.Tally(), tally.Tally()
    cap = finrst.read(DEMO, columns=tally.needed())
    few.add(cap.connections, len(cap.teardowns))
    all_.add(whole.connections, len(whole.teardowns))
    told = [
        {name: value for name, value in vars(one).items() if name != "collector"}
        for one in (few, all_)
    ]
    assert told[0] == told[1]
    found = [one.findings(whole.naming).to_dict() for one in (few, all_)]
    assert found[0] == found[1]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_convert_writes_columns_in_their_order(capfd: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--stream"]):
        code, out, _ = run(
            capfd,
            *("convert", str(DEMO), "-o", "-", "--format", "json"),
            *("--columns", "cause,server_port", *more),
        )
        assert code == 0
        lines = [json.loads(line) for line in out.splitlines()]
        assert [list(line) for line in lines] == [["cause", "server_port"]] * 25
        assert sorted(line["server_port"] for line in lines) == sorted(
            whole.connections["server_port"]
        )


def test_convert_leaves_out_tables_of_which_nothing_is_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, *_ = run(
        capsys,
        *("convert", str(DEMO), "-o", f"{tmp_path}/", "--format", "csv"),
        *("--columns", "packet,flags"),
    )
    assert code == 0
    assert not (tmp_path / "connections.csv").exists()
    assert (tmp_path / "teardowns.csv").read_text().splitlines()[0] == "packet,flags"
    assert (tmp_path / "ledger.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--columns", "cuase"], "did you mean 'cause'"),
        (["-t", "teardowns", "--columns", "client_ip"], "no column 'client_ip' in teardowns"),
        (["-t", "ledger", "--columns", "class"], "those of connections and teardowns"),
        (["--columns", ","], "names no column"),
    ],
)
def test_convert_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], said: str
) -> None:
    path = tmp_path / "x.csv"
    code, _, told = run(capsys, "convert", str(DEMO), "-o", str(path), *arguments)
    assert code == 2
    assert said in told
    assert not path.exists()


class Asked:
    """What a command asked a reader for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
        self.columns: list[Any] = []
        reader = module.read

        def read(source: Any, **options: Any) -> finrst.Capture:
            self.columns.append(options["columns"])
            cap: finrst.Capture = reader(source, **options)
            return cap

        monkeypatch.setattr(module, "read", read)


def test_commands_ask_for_what_they_show(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from finrst._cli import compare, convert, summary

    asked = Asked(monkeypatch, summary)
    assert run(capsys, str(DEMO))[0] == 0
    (columns,) = asked.columns
    assert "evidence" not in columns["connections"]
    assert columns["teardowns"] == ["connection_id"]

    asked = Asked(monkeypatch, compare)
    assert run(capsys, "compare", str(DEMO), str(DEMO), "--by", "server_ip,ending")[0] == 0
    assert asked.columns == [{"connections": ["server_ip", "ending", "server_name"]}] * 2

    asked = Asked(monkeypatch, convert)
    for table in ("ledger", "teardowns"):
        path = str(tmp_path / f"{table}.csv")
        assert run(capsys, "convert", str(DEMO), "-o", path, "-t", table)[0] == 0
    assert asked.columns == [
        {"connections": [], "teardowns": []},
        {"connections": [], "teardowns": None},
    ]


def test_parts_of_a_capture_have_all_columns(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="columns cannot be chosen here"):
        finrst.cluster.read(str(DEMO), to=tmp_path / "x", columns=["cause"])
