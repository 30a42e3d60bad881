"""The steps of a reading on many cores or machines, without an engine that runs them.

Each takes and gives what can be pickled and written as JSON, or files, which may be objects in a
bucket. What a step writes appears whole or not at all, and is the same when the step is run again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack

from finrst import _native
from finrst._base import stores, told
from finrst._base.progress import follow
from finrst._base.source import sources
from finrst._base.text import printable
from finrst._base.times import zone
from finrst._files.places import place
from finrst._tables.table import Table

from .options import kinds, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from finrst._base.source import Source
    from finrst._base.times import Zone

    from .declared import Options

_PathText = str | os.PathLike[str]
_Storage: TypeAlias = "Mapping[str, Any] | None"
# Of a file: its run, its place in it, its time and rank.
_Place: TypeAlias = tuple[int, int, int | None, int | None]
_Made: TypeAlias = tuple[list[Any], list[_Place] | None]
# Options that change no row.
_ASIDE = ("threads", "chunk", "recursive")
_MOMENTS = ("start", "end")
MOST_BUCKETS = 65_536
"""Buckets of a digest at most."""


@dataclass(frozen=True)
class Plan:
    """How the digests of a capture's runs belong together; made by :func:`plan`.

    It can be pickled; :meth:`to_json` and :meth:`from_json` write and read it as text.

    >>> import finrst, tempfile
    >>> scratch = tempfile.mkdtemp()
    >>> run = finrst.digest("tests/data/demo.pcap", f"{scratch}/run-0.frd", buckets=1)
    >>> plan = finrst.plan([run])
    >>> plan.runs, plan.buckets, plan.files, plan.packets
    (1, 1, 1, 164)
    """

    digests: tuple[str, ...]
    """The digests, in the order in which they were given."""
    runs: int
    """How many there are, and so how many parts :func:`judge` makes."""
    buckets: int
    """How many buckets there are, each for one :func:`stitch`."""
    files: int
    """Files of the capture."""
    packets: int
    """Packets of the capture."""
    key: str
    """The same for the same digests, whatever they are called."""
    options: dict[str, Any]
    """The options that the digests were made with, as they are handed to the engine."""
    order: tuple[_Place, ...] | None
    """Run, place in it, time and rank of each file, where a survey tells them."""
    odd: tuple[Any, Any]
    """What the survey met besides."""

    def to_json(self) -> str:
        """Give it as text.

        >>> import finrst, tempfile
        >>> scratch = tempfile.mkdtemp()
        >>> run = finrst.digest("tests/data/demo.pcap", f"{scratch}/run-0.frd", buckets=1)
        >>> plan = finrst.plan([run])
        >>> plan.to_json()[:12]
        '{"digests": '
        """
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it from text that :meth:`to_json` gave.

        Raises ``ValueError`` for any other text: what it holds is looked at, since a plan comes
        out of a file that others may write.

        >>> import finrst, tempfile
        >>> scratch = tempfile.mkdtemp()
        >>> run = finrst.digest("tests/data/demo.pcap", f"{scratch}/run-0.frd", buckets=1)
        >>> plan = finrst.plan([run])
        >>> finrst.Plan.from_json(plan.to_json()) == plan
        True
        """
        try:
            return cls(**_plan_told(told.load(text)))
        except ValueError as error:
            message = f"this is no plan: {error}"
            raise ValueError(message) from None


def _plan_told(value: object) -> dict[str, Any]:
    """Give the fields of a plan, each of which is what it has to be."""
    known = told.fields(value, "it", (field.name for field in dataclasses.fields(Plan)))
    names = told.items(known["digests"], "digests")
    digests = tuple(told.text(name, f"digest {at}") for at, name in enumerate(names))
    if not digests:
        message = "it has no digest"
        raise ValueError(message)
    files = told.whole(known["files"], "files", 1)
    order = known["order"]
    if order is not None:
        places = told.items(order, "order", files)
        order = tuple(_place_told(place, len(digests), files) for place in places)
    examples, counts = told.items(known["odd"], "odd", 2)
    return {
        "digests": digests,
        "runs": told.whole(known["runs"], "runs", len(digests), len(digests)),
        "buckets": told.whole(known["buckets"], "buckets", 1, MOST_BUCKETS),
        "files": files,
        "packets": told.whole(known["packets"], "packets"),
        "key": told.text(known["key"], "key"),
        "options": _options_told(known["options"]),
        "order": order,
        "odd": (
            [_odd_told(one, told.text) for one in told.items(examples, "examples")],
            [_odd_told(one, told.whole) for one in told.items(counts, "counts")],
        ),
    }


def _place_told(value: object, runs: int, files: int) -> _Place:
    run, at, time, rank = told.items(value, "a place", 4)
    return (
        told.whole(run, "a run", 0, runs - 1),
        told.whole(at, "a place in a run", 0, files - 1),
        told.time(time, "a file's time"),
        None if rank is None else told.whole(rank, "a file's rank"),
    )


def _odd_told(value: object, read: Callable[[object, str], Any]) -> list[Any]:
    kind, what = told.items(value, "an oddity", 2)
    return [told.text(kind, "a kind"), read(what, "what is told of it")]


def _options_told(value: object) -> dict[str, Any]:
    """Give options as the engine takes them; which values each may have, it says itself."""
    options = told.mapping(value, "options")
    unknown = sorted(set(options) - set(kinds()) | set(options) & set(_ASIDE))
    if unknown:
        message = f"'{printable(unknown[0])}' is no option of a plan"
        raise ValueError(message)
    refuse(options)
    for name, one in options.items():
        if one is not None:
            _OPTION_TOLD[kinds()[name]](one, name)
    return options


def _pair_told(value: object, what: str, second: Callable[[object, str], Any]) -> None:
    one, other = told.items(value, what, 2)
    told.text(one, what)
    second(other, what)


def _moment_told(value: object, what: str) -> None:
    _pair_told(value, what, told.signed)


def _hosts_told(value: object, what: str) -> None:
    for host in told.items(value, what):
        _pair_told(host, what, told.text)


def _thresholds_told(value: object, what: str) -> None:
    for threshold in told.mapping(value, what).values():
        told.number(threshold, what)


def _whole_told(value: object, what: str) -> None:
    told.whole(value, what, 0, 2**63 - 1)


_OPTION_TOLD: dict[str, Callable[[object, str], object]] = {
    "filter": told.text,
    "moment": _moment_told,
    "duration": _whole_told,
    "size": _whole_told,
    "count": _whole_told,
    "switch": told.switch,
    "thresholds": _thresholds_told,
    "hosts": _hosts_told,
}
"""How the value of an option of each kind looks in a plan."""


def _held(names: Sequence[str], storage_options: _Storage) -> list[Any]:
    """Give what the engine reads: paths as they are, of URLs objects that are looked up."""
    urls = list(dict.fromkeys(name for name in names if stores.is_url(name)))
    known = dict(zip(urls, stores.objects(urls, storage_options), strict=True))
    return [known.get(name, name) for name in names]


def _made(digests: list[Any], order: Sequence[_Place] | None) -> _Made:
    return digests, None if order is None else list(order)


def _all_made(plan: Plan, scratch: _PathText, storage_options: _Storage) -> tuple[_Made, list[Any]]:
    """Give the digests and the facts of all buckets, which are looked up together."""
    facts = [_below(scratch, _facts(bucket)) for bucket in range(plan.buckets)]
    held = _held([*plan.digests, *facts], storage_options)
    count = len(plan.digests)
    return _made(held[:count], plan.order), held[count:]


def _known(plan: Plan, scratch: _PathText) -> str:
    said = json.dumps(plan.options, sort_keys=True)
    where = scratch if stores.is_url(scratch) else Path(scratch).absolute()
    return f"{plan.key} {os.fspath(where)} {said}"


def _facts(bucket: int) -> str:
    return f"facts-{bucket:05d}.frf"


def _below(scratch: _PathText, name: str) -> str:
    """Name what lies in a directory, or in a bucket's folder."""
    if stores.is_url(scratch):
        return f"{os.fspath(scratch).rstrip('/')}/{name}"
    return os.fspath(Path(scratch, name))


def _local(to: _PathText, storage_options: _Storage) -> AbstractContextManager[Path]:
    """Give the path that is written to; what is to be an object becomes one when it is whole."""
    if stores.is_url(to):
        return place(to, storage_options).local()
    return nullcontext(Path(to))


def _native_options(known: Mapping[str, Any]) -> dict[str, Any]:
    """Give options as the engine takes them, of what JSON made of them."""
    options = dict(known)
    for name in _MOMENTS:
        if options.get(name) is not None:
            options[name] = tuple(options[name])
    if options.get("hosts") is not None:
        options["hosts"] = [tuple(host) for host in options["hosts"]]
    return options


def refuse(options: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for what makes one connection depend on all others."""
    if options.get("memory_limit") is not None:
        message = (
            "memory_limit cannot be used here: which connections are let go for it depends on all "
            "others; memory is bounded by the number of buckets instead"
        )
        raise ValueError(message)
    if options.get("columns") is not None:
        message = (
            "columns cannot be chosen here: parts have all of them, and who opens the dataset "
            "chooses those that are read"
        )
        raise ValueError(message)


def _settled(options: dict[str, Any], origin: int | None) -> dict[str, Any]:
    """Give the options with bounds that are moments, also those after the first packet."""
    for name in _MOMENTS:
        kind, at = options.get(name, ("at", 0))
        if kind == "after":
            if origin is None:
                message = f"{name} is after the first packet, whose time origin has to tell"
                raise ValueError(message)
            options[name] = ("at", min(origin + at, 2**63 - 1))
    return options


def _fingerprint(options: Mapping[str, Any]) -> int:
    said = json.dumps([_native.__version__, options], sort_keys=True).encode()
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest())


def survey(
    source: Source,
    /,
    *,
    storage_options: Mapping[str, Any] | None = None,
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Find the files of a capture and put them in the order in which :func:`read` reads them.

    ``source`` and ``storage_options`` are what :func:`read` takes; ``recursive`` and
    ``max_uncompressed_bytes`` are the options that matter. Of each file some kilobytes are read.
    Gives ``files``, a list of dicts in that order with ``name`` (of an object its URL, without
    what may be a secret), ``path`` (``None`` for what is no file), ``time`` (nanoseconds since the
    epoch: that of its first packet, or of the file that it stands with; ``None`` where there is
    none, or only one file), ``named`` (its place in ``source``, ``None`` if it was found in a
    directory or by a pattern), ``size`` (bytes, or ``None``) and ``stamp`` (as :func:`digest` has
    it); ``odd``, what is no capture among them; and ``origin``, the time of the first packet.

    Raises what :func:`read` raises at once.

    >>> import finrst
    >>> found = finrst.survey("tests/data/demo.pcap")
    >>> [(file["name"], file["size"]) for file in found["files"]]
    [('tests/data/demo.pcap', 23302)]
    """
    native = settings(options)
    items, opened = sources(source, storage_options, recursive=native.get("recursive", False))
    try:
        files, odd, origin = _native.surveyed(items, native)
    finally:
        for file in opened:
            file.close()
    names = ("name", "path", "time", "named", "size")
    rows = [dict(zip(names, row, strict=True)) for row in files]
    known = _Objects(items)
    for row in rows:
        row["path"] = None if row["path"] is None else os.fspath(row["path"])
        one = known.of(row)
        row["stamp"] = None if one is None else [one.known.size, one.known.tag]
        if row["path"] is not None:
            row["stamp"] = list(state(row["path"]))
    return {"files": rows, "odd": [[list(one) for one in part] for part in odd], "origin": origin}


def state(name: _PathText, storage_options: _Storage = None) -> tuple[int | None, int | str | None]:
    """Give a file's size in bytes, and when it was changed last in nanoseconds; an object's tag."""
    if stores.is_url(name):
        return stores.state(os.fspath(name), storage_options)
    status = os.stat(name)  # noqa: PTH116 - follows links, as open() does
    return status.st_size, status.st_mtime_ns


class _Objects:
    """The objects among what the engine takes, by the files that it makes of them.

    Those of one folder have names of their own. URLs that were named may differ in their queries
    alone, which are not shown: they are told apart by where they were named.
    """

    def __init__(self, items: Sequence[tuple[Any, ...]]) -> None:
        self._items = items
        self.all = list(stores.among(items))
        self._by_name = {one.name: one for one in self.all}

    def of(self, file: Mapping[str, Any]) -> stores.Object | None:
        """Give the object of a file; ``None`` of one on a disk, and of other sources."""
        if file["path"] is not None:
            return None
        if file["named"] is None:
            return self._by_name.get(file["name"])
        kind, *rest = self._items[file["named"]]
        return rest[0] if kind == "object" else None


def _now(one: _PathText | stores.Object) -> list[int | str | None] | None:
    """Give the stamp of a file or an object; ``None`` where there is none any more."""
    try:
        if isinstance(one, stores.Object):
            found = one.now()
            return [found.size, found.tag]
        return list(state(one))
    except FileNotFoundError:
        return None


def digest(  # noqa: PLR0913 - each has its default
    files: Source,
    to: _PathText,
    *,
    buckets: int = 64,
    seed: int = 0,
    of: int | None = None,
    origin: int | None = None,
    progress: Callable[[int, int | None, int], object] | None = None,
    tz: Zone = "UTC",
    storage_options: Mapping[str, Any] | None = None,
    **options: Unpack[Options],
) -> dict[str, Any]:
    """Read some files of a capture, a run, into a digest: its packets without their payload.

    ``files`` are all or some files of the capture, as :func:`read` takes them; a file is never
    split. ``to`` is the digest, about 1.5 % of what is read, a path or a URL in a bucket
    (``s3://``, ``gs://``, ``az://``): an older one is replaced, a capture on a disk never.
    ``storage_options`` are for both. ``buckets``, ``seed`` (0 to 2**64 - 1, at best drawn at random
    for each job), ``of`` (how many files the whole capture has, without it as many as these) and
    the options must be the same for all runs.
    ``origin`` is the time of the capture's first packet (see :func:`survey`), which ``start`` and
    ``end`` of the form ``"+30s"`` need. ``progress`` is called with bytes read, bytes in all, and
    packets.

    Gives a dict of ``digest`` (``to``), ``bytes`` (of the digest), ``buckets``, ``seed``, ``of``,
    ``packets``, ``segments``, ``first_time``, ``last_time`` (nanoseconds since the epoch),
    ``files`` (a list of dicts: ``name``, ``path``, ``status``, ``packets``, ``first_time``,
    ``last_time``, ``size``; ``stamp``, size and time of change in nanoseconds, of an object its
    tag, as they were before the reading, and ``changed``, whether they are others after it),
    ``ledger`` (packets by class), ``issues`` (counts by kind) and ``options``.

    Raises what :func:`read` raises, and ``ValueError`` for ``memory_limit``: with it what becomes
    of one connection depends on all others.

    >>> import finrst, tempfile
    >>> scratch = tempfile.mkdtemp()
    >>> run = finrst.digest("tests/data/demo.pcap", f"{scratch}/run-0.frd", buckets=2)
    >>> run["packets"], run["segments"]
    (164, 164)
    """
    refuse(options)
    native = _settled(settings(options, zone(tz)), origin)
    kept = {name: value for name, value in native.items() if name not in _ASIDE}
    items, opened = sources(files, storage_options, recursive=native.get("recursive", False))
    try:
        objects = _Objects(items)
        paths = {os.fspath(item[1]): _now(item[1]) for item in items if item[0] == "path"}
        before = [(name, *(stamp or [None, None]), None) for name, stamp in paths.items()]
        before += [(one.name, one.known.size, None, one.known.tag) for one in objects.all]
        how = (_fingerprint(kept), seed, buckets, of)
        with _local(to, storage_options) as local:
            reading = _native.Digesting(items, os.fspath(local), native, how, before)
            follow(reading.step, progress)
            run: dict[str, Any] = reading.finish()
    finally:
        for file in opened:
            file.close()
    for file in run["files"]:
        one = objects.of(file)
        del file["named"]
        file["stamp"] = paths.get(file["path"])
        if one is not None:
            file["stamp"] = [one.known.size, one.known.tag]
        known = file["stamp"] is not None
        file["changed"] = known and _now(one or file["path"]) != file["stamp"]
    about = {
        "digest": os.fspath(to),
        "buckets": buckets,
        "seed": seed,
        "of": len(run["files"]) if of is None else of,
        "version": _native.__version__,
        "options": json.loads(json.dumps(kept)),
    }
    return {**about, **run}


def plan(
    summaries: Iterable[Mapping[str, Any]],
    survey: Mapping[str, Any] | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> Plan:
    """Tell how the digests of a capture's runs belong together.

    ``summaries`` are what :func:`digest` gave, of all runs, in the order in which their files
    would be named to :func:`read`; with a ``survey`` of all files (see :func:`survey`) that order,
    and what else a directory holds, is known by it. The digests must lie where they were written.

    Raises :exc:`StateError` for digests that are damaged or do not belong together, and
    ``ValueError`` where the survey is of other files.

    >>> import finrst, tempfile
    >>> scratch = tempfile.mkdtemp()
    >>> run = finrst.digest("tests/data/demo.pcap", f"{scratch}/run-0.frd", buckets=1)
    >>> plan = finrst.plan([run])
    >>> plan.packets
    164
    """
    all_ = [_summary_told(summary) for summary in summaries]
    if not all_:
        message = "no digest to plan with"
        raise ValueError(message)
    digests = tuple(summary["digest"] for summary in all_)
    order = None if survey is None else _order(all_, survey["files"])
    made = _made(_held(digests, storage_options), order)
    key, runs, buckets, files, packets = _native.planned(made)
    odd = ([], []) if survey is None else (survey["odd"][0], survey["odd"][1])
    return Plan(
        digests, runs, buckets, files, packets, f"{key:016x}", dict(all_[0]["options"]), order, odd
    )


def _summary_told(value: object) -> Mapping[str, Any]:
    """Give what :func:`digest` told of a run, looked at: it comes out of a file as often as not."""
    summary = told.fields(value, "a summary", ("digest", "files", "options"))
    told.text(summary["digest"], "the digest of a summary")
    told.mapping(summary["options"], "the options of a summary")
    for file in told.items(summary["files"], "the files of a summary"):
        told.fields(file, "a file of a summary", ("name", "stamp"))
        told.text(file["name"], "the name of a file")
    return summary


def _order(
    summaries: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> tuple[_Place, ...]:
    places: dict[str, list[tuple[int, int, Any]]] = {}
    for run, summary in enumerate(summaries):
        for at, file in enumerate(summary["files"]):
            places.setdefault(file["name"], []).append((run, at, file["stamp"]))
    order = []
    for file in found:
        known = places.get(file["name"])
        if not known:
            message = f"no digest has the file {file['name']!r} of the survey"
            raise ValueError(message)
        # URLs that differ in their queries have one name.
        same = (at for at, (_, _, stamp) in enumerate(known) if stamp == file["stamp"])
        run, at, _ = known.pop(next(same, 0))
        order.append((run, at, file["time"], file["named"]))
    return tuple(order)


def stitch(
    plan: Plan,
    bucket: int,
    scratch: _PathText,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Follow the connections of one bucket through all runs.

    ``bucket`` is 0 to ``plan.buckets - 1``. What they came to goes into ``scratch``, a directory or
    a bucket's folder (to which ``storage_options`` belong), as ``facts-00012.frf``. Gives a dict of
    ``bucket``, ``facts`` (the file), ``bytes``, ``connections`` and ``teardowns``.

    Raises :exc:`StateError` for digests that are damaged, and ``ValueError`` for a bucket that
    there is not.

    >>> import finrst, tempfile
    >>> scratch = tempfile.mkdtemp()
    >>> run = finrst.digest("tests/data/demo.pcap", f"{scratch}/run-0.frd", buckets=1)
    >>> plan = finrst.plan([run])
    >>> finrst.stitch(plan, 0, scratch)["connections"]
    25
    """
    to = _below(scratch, _facts(bucket))
    options = _native_options(plan.options)
    with stores.shared(), _local(to, storage_options) as local:
        made = _made(_held(plan.digests, storage_options), plan.order)
        found = _native.stitched(made, bucket, os.fspath(local), options)
    size, connections, teardowns = found
    counts = {"bytes": size, "connections": connections, "teardowns": teardowns}
    return {"bucket": bucket, "facts": to, **counts}


def judge(
    plan: Plan,
    run: int,
    scratch: _PathText,
    to: _PathText | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Judge the connections of one part of a capture; all buckets must be stitched.

    ``run`` is 0 to ``plan.runs - 1``. The parts are the runs where these share no time, in the
    order of time, else as many packets each as these have. Gives a dict of two tables:
    ``connections``, those whose first packet is in the part, by ``connection_id``, and
    ``teardowns``, the FIN and RST segments in it, by ``packet``. The tables of all parts, one
    behind the other, are those of :func:`read`. ``storage_options`` are for a ``scratch`` in a
    bucket. With ``to``, a directory, they are written there
    instead, as ``connections-00007.arrow`` and ``teardowns-00007.arrow``, and the dict has the
    numbers of rows by the same names, and ``files``, a list of the two paths.

    What connections say of each other is read once in a process and kept for the next part.
    Raises :exc:`StateError` for what is missing there, damaged, or made of other digests.

    >>> import finrst, tempfile
    >>> scratch = tempfile.mkdtemp()
    >>> run = finrst.digest("tests/data/demo.pcap", f"{scratch}/run-0.frd", buckets=1)
    >>> plan = finrst.plan([run])
    >>> found = finrst.stitch(plan, 0, scratch)
    >>> len(finrst.judge(plan, 0, scratch)["teardowns"])
    32
    """
    ((tables, _),) = _judged(plan, run, scratch, storage_options, [None])
    if to is None:
        return tables
    paths = {name: os.fspath(Path(to) / f"{name}-{run:05d}.arrow") for name in tables}
    rows = {name: table.write(paths[name]) for name, table in tables.items()}
    return {**rows, "files": list(paths.values())}


def slices(
    plan: Plan, run: int, scratch: _PathText, storage_options: _Storage
) -> Iterator[dict[str, Table]]:
    """Give the two tables of :func:`judge` piece by piece, each of a bounded number of rows."""
    for tables, count in _judged(plan, run, scratch, storage_options, itertools.count()):
        yield tables
        if count == 0:
            return


def _judged(
    plan: Plan,
    run: int,
    scratch: _PathText,
    storage_options: _Storage,
    numbers: Iterable[int | None],
) -> Iterator[tuple[dict[str, Table], int]]:
    """Give slices of these numbers (``None``: all of them in one), and how many follow."""
    options = _native_options(plan.options)
    key, (made, facts) = _known(plan, scratch), _all_made(plan, scratch, storage_options)
    for number in numbers:
        *found, count = _native.judged(key, made, facts, (run, number), options)
        names = ("connections", "teardowns")
        tables = {name: Table(one, name) for name, one in zip(names, found, strict=True)}
        yield tables, 0 if number is None else count - number - 1


def accounts(
    plan: Plan, scratch: _PathText, *, storage_options: Mapping[str, Any] | None = None
) -> dict[str, Table]:
    """Give the tables about the capture itself; all buckets must be stitched.

    A dict of ``ledger``, ``interfaces``, ``issues``, ``files`` and ``names``, the tables of
    :func:`read`. ``storage_options`` are for a ``scratch`` in a store. Raises :exc:`StateError` for
    what is missing in ``scratch``, damaged, or made of other digests.

    >>> import finrst, tempfile
    >>> scratch = tempfile.mkdtemp()
    >>> run = finrst.digest("tests/data/demo.pcap", f"{scratch}/run-0.frd", buckets=1)
    >>> plan = finrst.plan([run])
    >>> found = finrst.stitch(plan, 0, scratch)
    >>> [row["packets"] for row in finrst.accounts(plan, scratch)["ledger"]]
    [164]
    """
    options = _native_options(plan.options)
    odd: Any = ([tuple(one) for one in plan.odd[0]], [tuple(one) for one in plan.odd[1]])
    made, facts = _all_made(plan, scratch, storage_options)
    found = _native.accounts(_known(plan, scratch), made, facts, odd, options)
    return {name: Table(table, name) for name, table in found.items()}
