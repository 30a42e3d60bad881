"""Every entry of the native half with a panic behind each of its guards, and with memory refused.

Run by test_faults.py as a process of its own, on a build with the feature ``failpoints``.
"""

from __future__ import annotations

import io
import os
import pickle
import tempfile
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

import finrst
from finrst import _native

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
# Enough for connections to be followed on several threads.
MANY = DEMO.read_bytes() + 40 * DEMO.read_bytes()[24:]
NATIVE: Any = _native
PLACE = Path(tempfile.mkdtemp(prefix="finrst-faults-"))

whole = finrst.read(DEMO)
table = whole.connections._native
script = finrst.conversation("> S, < R.")


def row(cap: finrst.Capture, number: int) -> dict[str, Any]:
    """A connection as the native half asks for it."""
    return next(iter(cap.connections.slice(number, 1)))


rows = [row(whole, 3)]
source = [("path", str(DEMO))]


def scan() -> Any:
    return NATIVE.Scan(source, {})


def reading(it: Any, options: Any = ()) -> Any:
    """A reading to its end."""
    one = NATIVE.Reading(it, dict(options))
    while one.step() is not None:
        pass
    return one


def file_object(main: int) -> Any:
    """One that is read on the thread of this number, else on a thread of its own."""
    return [("reader", "r", io.BytesIO(DEMO.read_bytes()), None, main, None)]


def writer() -> Any:
    """A file that tables are added to."""
    return NATIVE.Writer(PLACE / "added.csv", "csv", True, table, False)


def printed() -> Any:
    """Standard output: it stays open, and has no file that could be left."""
    return NATIVE.Output(None, NATIVE.Sources([]), False)


def output() -> Any:
    return NATIVE.Output(PLACE / "x.html", NATIVE.Sources(source), False)


def annotation() -> Any:
    return NATIVE.Annotation(source, {}, "x", PLACE / "x.pcapng", NATIVE.Sources(source), True)


def copied(one: Any) -> Any:
    while one.step() is not None:
        pass
    return one


def ended(one: Any) -> Any:
    while one.next() is not None:
        pass
    return one


def digesting() -> Any:
    """A run on its way into a digest."""
    return NATIVE.Digesting(source, PLACE / "one.frd", {}, (1, 2, 1, None), [])


def digested(one: Any) -> Any:
    while one.step() is not None:
        pass
    return one


def job() -> Any:
    """What a job is made of, and its facts."""
    digested(digesting()).finish()
    made = ([str(PLACE / "one.frd")], None)
    NATIVE.stitched(made, 0, PLACE / "facts.frf", {})
    return made, [str(PLACE / "facts.frf")]


# Each gives what it is called on, made without a fault, and the call.
ENTRIES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "Reading": (lambda: source, lambda it: NATIVE.Reading(it, {})),
    "Reading.step": (lambda: source, reading),
    "Reading.step bytes": (lambda: [("bytes", "b", DEMO.read_bytes())], reading),
    "Reading.step a file object": (lambda: file_object(threading.get_ident()), reading),
    "Reading.step a file object on another thread": (lambda: file_object(0), reading),
    "Reading.step many packets": (
        lambda: [("bytes", "b", MANY)],
        lambda it: reading(it, {"threads": 2}),
    ),
    "Reading.step several files": (
        lambda: [("bytes", name, MANY) for name in "abc"],
        lambda it: reading(it, {"threads": 2}),
    ),
    "Reading.paths": (lambda: reading(source), lambda it: it.paths()),
    "Reading.tables": (lambda: reading(source), lambda it: it.tables()),
    "Annotation": (lambda: None, lambda _: annotation()),
    "Annotation.add": (annotation, lambda it: it.add([(1, None, "x")])),
    "Annotation.step": (annotation, lambda it: it.step()),
    "Annotation.commit": (lambda: copied(annotation()), lambda it: it.commit(164)),
    "Annotation.abandon": (annotation, lambda it: it.abandon()),
    "Digesting": (lambda: None, lambda _: digesting()),
    "Digesting.step": (digesting, lambda it: it.step()),
    "Digesting.finish": (lambda: digested(digesting()), lambda it: it.finish()),
    "surveyed": (lambda: source, lambda it: NATIVE.surveyed(it, {})),
    "planned": (job, lambda it: NATIVE.planned(it[0])),
    "stitched": (job, lambda it: NATIVE.stitched(it[0], 0, PLACE / "facts.frf", {})),
    "judged": (job, lambda it: NATIVE.judged(os.urandom(8).hex(), *it, (0, None), {})),
    "accounts": (job, lambda it: NATIVE.accounts(os.urandom(8).hex(), *it, ([], []), {})),
    "causes": (lambda: None, lambda _: NATIVE.causes()),
    "columns": (lambda: None, lambda _: NATIVE.columns()),
    "finding_kinds": (lambda: None, lambda _: NATIVE.finding_kinds()),
    "Findings": (lambda: table, NATIVE.Findings),
    "Findings.facts": (lambda: NATIVE.Findings(table), lambda it: it.facts()),
    "Findings.connections": (lambda: NATIVE.Findings(table), lambda it: it.connections(0)),
    "Finder": (lambda: None, lambda _: NATIVE.Finder()),
    "Finder.columns": (NATIVE.Finder, lambda it: it.columns()),
    "Finder.add": (NATIVE.Finder, lambda it: it.add(table)),
    "Finder.facts": (NATIVE.Finder, lambda it: it.facts()),
    "facts": (lambda: None, lambda _: NATIVE.facts()),
    "options": (lambda: None, lambda _: NATIVE.options()),
    "parameters": (lambda: None, lambda _: NATIVE.parameters()),
    "conversation": (lambda: None, lambda _: NATIVE.conversation("> S, < R.")),
    "capture_of_script": (lambda: None, lambda _: NATIVE.capture_of_script("> S, < R.")),
    "packets_of": (lambda: None, lambda _: NATIVE.packets_of(source, {}, rows)),
    "packets_of_script": (
        lambda: [row(script, 0)],
        lambda it: NATIVE.packets_of_script("> S, < R.", it),
    ),
    "save_packets": (
        lambda: None,
        lambda _: NATIVE.save_packets(
            source,
            {},
            rows,
            ("x", [(1, None, "y")]),
            PLACE / "saved.pcapng",
            NATIVE.Sources(source),
            True,
        ),
    ),
    "Scan": (lambda: None, lambda _: scan()),
    "Scan.next": (scan, lambda it: it.next()),
    "Scan.accounts": (lambda: ended(scan()), lambda it: it.accounts()),
    "Scan.empty": (scan, lambda it: it.empty("connections")),
    "Scan.stream": (scan, lambda it: it.stream("teardowns")),
    "Scan.stream pulled": (
        lambda: finrst.scan(DEMO, progress=False),
        lambda it: pa.table(it.connections),
    ),
    "Scan.turn": (scan, lambda it: it.turn()),
    "Scan.so_far": (scan, lambda it: it.so_far(100)),
    "Scan.close": (scan, lambda it: it.close()),
    "Table.num_rows": (lambda: table, lambda it: it.num_rows),
    "Table.column_names": (lambda: table, lambda it: it.column_names),
    "Table.nbytes": (lambda: table, lambda it: it.nbytes),
    "Table.metadata": (lambda: table, lambda it: it.metadata),
    "Table.__arrow_c_stream__": (lambda: table, lambda it: it.__arrow_c_stream__()),
    "Table.__arrow_c_stream__ pulled": (lambda: whole.connections, pa.table),
    "Table.__arrow_c_schema__": (lambda: table, lambda it: it.__arrow_c_schema__()),
    "Table.slice": (lambda: table, lambda it: it.slice(1, 2)),
    "Table.rows": (lambda: table, lambda it: it.rows()),
    "Table.json": (lambda: table, lambda it: it.json()),
    "Table.column": (lambda: table, lambda it: it.column("ending")),
    "Table.counts": (lambda: table, lambda it: it.counts(["ending"])),
    "Table.find": (lambda: table, lambda it: it.find("connection_id", 3)),
    "Table.find_all": (lambda: table, lambda it: it.find_all("connection_id", 3, 9)),
    "Table.write csv": (lambda: table, lambda it: it.write(PLACE / "x.csv", "csv", True, False)),
    "Table.write json": (lambda: table, lambda it: it.write(PLACE / "x.json", "json", True, False)),
    "Table.write arrow": (
        lambda: table,
        lambda it: it.write(PLACE / "x.arrow", "arrow", True, False),
    ),
    "Table.sources": (lambda: table, lambda it: it.sources),
    "Sources": (lambda: source, NATIVE.Sources),
    "Sources.of": (lambda: [("a.pcap", None, (1, 2), (3, 4), False)], NATIVE.Sources.of),
    "Output": (lambda: None, lambda _: output()),
    "Output.descriptor": (printed, lambda it: os.close(it.descriptor())),
    "Output.temporary": (printed, lambda it: it.temporary),
    "Output.commit": (output, lambda it: it.commit()),
    "Output.abandon": (output, lambda it: it.abandon()),
    "check_output": (
        lambda: NATIVE.Sources(source),
        lambda it: NATIVE.check_output(PLACE / "x.csv", it, False),
    ),
    "guarded": (lambda: "=cmd()", NATIVE.guarded),
    "Table.octets": (lambda: table, lambda it: it.octets()),
    "table_of": (
        table.octets,
        lambda it: NATIVE.table_of("connections", it, table.sources),
    ),
    "Writer": (lambda: None, lambda _: writer()),
    "Writer.add": (writer, lambda it: it.add(table)),
    "Writer.commit": (writer, lambda it: it.commit()),
    "Writer.abandon": (writer, lambda it: it.abandon()),
}
FAULTS = {"panic_at", "panic_left", "refuse_at"}


def complete() -> None:
    """Every entry is here."""
    known = {name.split()[0] for name in ENTRIES}
    found = (
        {name for name in dir(NATIVE) if not name.startswith("_")}
        - FAULTS
        - {"Table", "Feed", "Request", "Requests"}
    )
    for kind in (
        NATIVE.Table,
        NATIVE.Reading,
        NATIVE.Scan,
        NATIVE.Writer,
        NATIVE.Sources,
        NATIVE.Output,
        NATIVE.Annotation,
        NATIVE.Digesting,
        NATIVE.Findings,
        NATIVE.Finder,
    ):
        own = {name for name in vars(kind) if name in kind.__dict__}
        public = {n for n in own if not n.startswith("_") or n.startswith("__arrow")}
        found |= {f"{kind.__name__}.{name}" for name in public}
    assert known == found, known ^ found


def panics(name: str) -> list[str]:
    """Panic behind each guard in turn; give the texts."""
    make, call = ENTRIES[name]
    texts = []
    for guard in range(1, 1000):
        it = make()
        NATIVE.panic_at(guard)
        try:
            call(it)
        except Exception as error:
            text = str(error)
            assert "on demand" in text, f"{name}: {text}"
            assert len(text) < 700
            if "pulled" not in name:  # the consumer raises its own there
                assert type(error) is finrst.InternalError, (name, type(error))
                assert str(pickle.loads(pickle.dumps(error))) == text
            texts.append(text)
            if name == "Scan.next" and guard > 1:  # the first is passed before the pass is touched
                over(it)
        else:
            fired = NATIVE.panic_left() < 1
            NATIVE.panic_at(0)
            assert not fired, f"{name}: the panic behind guard {guard} was swallowed"
            break
        NATIVE.panic_at(0)
        assert PLACE.exists()
        # What was begun and is not done goes with what holds it.
        it = None
        assert not list(PLACE.glob(".finrst-*")), name
    assert texts, f"{name} passes no guard"
    call(make())  # and all is well again
    return texts


def over(it: Any) -> None:
    NATIVE.panic_at(0)
    try:
        it.next()
    except RuntimeError as error:
        assert "over" in str(error)
    else:
        raise AssertionError("a broken scan goes on")


def refusals(name: str) -> int:
    """Refuse memory from each request on; count the refusals."""
    make, call = ENTRIES[name]
    for request in range(1, 1000):
        it = make()
        NATIVE.refuse_at(request)
        try:
            call(it)
        except MemoryError:
            pass
        except Exception as error:
            assert "pulled" in name, (name, error)
            assert "out of memory" in str(error), (name, error)
        else:
            NATIVE.refuse_at(0)
            return request - 1
        NATIVE.refuse_at(0)
    raise AssertionError(name)


def main() -> None:
    warnings.simplefilter("ignore")
    complete()
    guards = 0
    for name in ENTRIES:
        texts = panics(name)
        guards += len(texts)
        if name.startswith("Reading.step"):
            assert any("near packet" in text and "before byte" in text for text in texts), texts
        if name == "Reading.step":
            assert any(str(DEMO) in text for text in texts), texts
    refused = {name: refusals(name) for name in ENTRIES}
    assert refused["Reading.step"] > 1
    assert refused["Scan.next"] > 0
    assert len(finrst.read(DEMO)) == 25
    print(f"{len(ENTRIES)} entries, {guards} panics, {sum(refused.values())} refusals")


if __name__ == "__main__":
    main()
