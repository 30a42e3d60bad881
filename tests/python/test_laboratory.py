"""A failure of the fresh laboratory is repeated, told and never forgotten."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# How sure is it: the laboratory's confusion table

- `ending` right: {} of 100 (x %)
- `ended_by` right: {} of 100 (x %)
- `cause` right: {} of 100 (x %)
- `cause` right where the confidence is 0.8 or more: 1 of 1 (100.00 %)

"""
SAID = "reset client no_socket"
MEANT = "reset client abort_unread_data"
KNOWN = {
    ("mimic", "*", "reset server no_socket", "reset third_party reset_injected"),
    ("foreign_isn", "server", "reset server undetermined", "reset server stray_segment"),
}


def script(name: str) -> Any:
    """One of the laboratory's commands; other directories have commands of the same names."""
    spec = importlib.util.spec_from_file_location(f"lab_{name}", ROOT / f"tests/lab/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Data classes look their module up by its name.
    sys.modules[f"lab_{name}"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fresh() -> Any:
    return script("fresh")


def line(scenario: str = "sigkill_client", capture: str = "abort.router", said: str = SAID) -> str:
    return f"{scenario} {capture} packet 12: {said}, not {MEANT}"


def wrong(fresh: Any, scenario: str = "sigkill_client", said: str = SAID) -> Any:
    return fresh.Wrong(scenario, "abort", "router", 12, said, MEANT)


def setup(fresh: Any, *, busy: bool, scenario: str | None = "triple") -> Any:
    return fresh.Setup("forged", scenario, "Traceback\nTimeoutError: timed out", busy)


def test_a_row_is_read_as_the_test_prints_it(fresh: Any) -> None:
    found = fresh.parse(HEAD.format(100, 100, 99) + line() + "\n", set())
    assert found == fresh.Outcome([], [wrong(fresh)])
    told = "sigkill_client (abort.router packet 12): " + f"{SAID}, not {MEANT}"
    assert str(found.verdicts[0]) == told


def test_the_judging_test_prints_rows_in_that_form() -> None:
    source = (ROOT / "tests/lab_verdicts.rs").read_text(encoding="utf-8")
    assert '"{} {capture} packet {}: {} {} {}, not {} {} {}"' in source
    for column in ("ending", "ended_by", "cause"):
        assert f'"`{column}` right"' in source


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "error: could not compile `finrst`",
        HEAD.format(100, 100, 100).replace("of 100", "of 0"),
        # A wrong verdict of which no row was understood.
        HEAD.format(100, 100, 99),
        HEAD.format(100, 100, 99) + "sigkill_client in another form\n",
        # More rows than wrong verdicts.
        HEAD.format(100, 100, 100) + line() + "\n",
    ],
)
def test_what_is_not_understood_is_trouble(fresh: Any, printed: str) -> None:
    outcome = fresh.parse(printed, set())
    assert outcome.trouble
    assert fresh.report(outcome, fresh.Outcome([], []))[1] == 1


def test_accepted_verdicts_are_those_that_are_listed_and_no_others(fresh: Any) -> None:
    known = "mimic forged.{} packet 3: reset server no_socket, not reset third_party reset_injected"
    other = (
        "foreign_isn forged.{} packet 3: reset server undetermined, not reset server stray_segment"
    )
    printed = HEAD.format(100, 100, 96)
    for row in (known.format("client"), known.format("server"), other.format("server")):
        printed += row + "\n"
    printed += other.format("client") + "\n"
    (left,) = fresh.parse(printed, KNOWN).verdicts
    assert (left.scenario, left.vantage) == ("foreign_isn", "client")
    anywhere = {("*", "*", left.verdict, left.label)}
    assert [row.scenario for row in fresh.parse(printed, anywhere).verdicts] == ["mimic", "mimic"]


def test_the_list_of_accepted_verdicts_names_scenarios_and_gives_reasons(fresh: Any) -> None:
    scenarios = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests/lab/scenarios").glob("*.py")
    )
    with (ROOT / "tests/lab/accepted.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(fresh.accepted()) == len(rows)
    for row in rows:
        assert row["scenario"] == "*" or f"def {row['scenario']}(" in scenarios
        assert "*" not in row["verdict"] + row["label"]
        assert row["vantage"] in {"*", "client", "router", "server"}
        assert row["verdict"] != row["label"]


def test_right_is_right(fresh: Any) -> None:
    assert fresh.report(fresh.Outcome([], []), fresh.Outcome([], [])) == ([], 0)
    assert fresh.again(fresh.Outcome([], [])) == []


def test_a_verdict_that_is_wrong_twice_is_wrong(fresh: Any) -> None:
    first = fresh.Outcome([], [wrong(fresh)])
    lines, status = fresh.report(first, fresh.Outcome([], [wrong(fresh), wrong(fresh)]))
    assert (len(lines), status) == (1, 1)
    assert lines[0].startswith("WRONG: sigkill_client (abort.router packet 12)")
    assert "1 rows, 2 when repeated" in lines[0]


def test_a_verdict_that_is_wrong_once_is_told_and_fails_if_it_is_one_of_many(fresh: Any) -> None:
    nothing, one = fresh.Outcome([], []), fresh.Outcome([], [wrong(fresh)])
    for first, second, said in (
        (one, nothing, "right when repeated"),
        (nothing, one, "only when repeated"),
    ):
        lines, status = fresh.report(first, second)
        assert (len(lines), status) == (1, 0)
        assert lines[0].startswith("FLAKY: sigkill_client (abort.router packet 12)")
        assert said in lines[0]
    several = [wrong(fresh, scenario=name) for name in ("one", "two", "three")]
    assert fresh.report(fresh.Outcome([], several[:2]), nothing)[1] == 0
    lines, status = fresh.report(fresh.Outcome([], several), nothing)
    assert (len(lines), status) == (3, 1)


def test_another_mistake_of_the_same_scenario_is_not_the_same_one(fresh: Any) -> None:
    other = wrong(fresh, said="reset server no_socket")
    lines, _ = fresh.report(fresh.Outcome([], [wrong(fresh)]), fresh.Outcome([], [other]))
    assert sorted(text.partition(":")[0] for text in lines) == ["FLAKY", "FLAKY"]


@pytest.mark.parametrize(
    ("busy", "failed_again", "status", "said"),
    [
        (True, False, 0, "REPEATED"),
        (True, True, 1, "SETUP failed twice"),
        (False, False, 1, "machine was not busy"),
        (False, True, 1, "SETUP failed twice"),
    ],
)
def test_only_a_busy_machine_excuses_a_setup_that_holds_then(
    fresh: Any, *, busy: bool, failed_again: bool, status: int, said: str
) -> None:
    first = fresh.Outcome([setup(fresh, busy=busy)], [])
    second = fresh.Outcome([setup(fresh, busy=True)] if failed_again else [], [])
    lines, found = fresh.report(first, second)
    assert (len(lines), found) == (1, status)
    assert said in lines[0]
    assert "triple: TimeoutError: timed out" in lines[0]


def test_a_setup_is_no_excuse_for_a_verdict(fresh: Any) -> None:
    first = fresh.Outcome([setup(fresh, busy=True)], [wrong(fresh)])
    assert fresh.report(first, fresh.Outcome([], [wrong(fresh)]))[1] == 1


def test_what_failed_is_repeated_by_its_name_and_the_rest_by_its_family(fresh: Any) -> None:
    setups = [setup(fresh, busy=True), setup(fresh, busy=True, scenario=None)]
    verdicts = [wrong(fresh), wrong(fresh), wrong(fresh, scenario="ordinary")]
    assert fresh.again(fresh.Outcome(setups, verdicts)) == [
        ["--repetitions", "6", "--only", "sigkill_client,triple"],
        ["--quick", "--family", "abort,forged"],
    ]


# What was held out of the tuning, the score by family, and the kernel's reasons.


@pytest.fixture(scope="module")
def lab() -> Any:
    """The laboratory's modules, which know each other by their short names."""
    sys.path.insert(0, str(ROOT / "tests/lab"))
    yield importlib.import_module
    sys.path.remove(str(ROOT / "tests/lab"))


def test_wrong_verdicts_of_families_that_were_held_out_are_counted_and_fail_nothing(
    fresh: Any,
) -> None:
    told = "held out: " + line(capture="idle.router") + "\n"
    outcome = fresh.parse(HEAD.format(100, 100, 100) + told, set())
    assert (outcome.verdicts, outcome.trouble, outcome.apart) == ([], "", 1)
    assert fresh.report(outcome, fresh.Outcome([], [])) == ([], 0)
    # A repetition of such families alone has no others to judge.
    nothing = HEAD.format(0, 0, 0).replace("of 100", "of 0")
    alone = fresh.parse(nothing + "\n## Added later\n\n" + told, set())
    assert (alone.trouble, alone.apart) == ("", 1)


def test_every_family_held_out_is_one_of_the_laboratory_and_has_a_module(lab: Any) -> None:
    held_out = script("score").held_out()
    families = lab("run").FAMILIES
    assert held_out < set(families)
    for name in families:
        assert lab(f"scenarios.{name}").FAMILY.name == name


def test_no_two_scenarios_have_one_name(lab: Any) -> None:
    names = [s.name for f in lab("run").FAMILIES for s in lab(f"scenarios.{f}").FAMILY.scenarios]
    assert len(names) == len(set(names))


def test_a_score_counts_what_is_right_and_who_is_accused() -> None:
    score = script("score")
    label = {
        "ending": "reset",
        "ended_by": "server",
        "cause": "no_socket",
        "alternatives_allowed": "stray_segment|",
    }
    verdict = SimpleNamespace(
        ending="reset", ended_by="third_party", cause="stray_segment", confidence=0.9
    )
    tally = score.Tally()
    assert tally.count(label, verdict)
    verdict.cause, verdict.confidence = "reset_injected", 0.8
    assert not tally.count(label, verdict)
    assert (tally.rows, tally.ending, tally.who, tally.cause) == (2, 2, 0, 1)
    assert (tally.sure, tally.surer) == ([1, 2], [1, 1])
    assert (tally.innocent, tally.accused) == (2, 2)
    assert not score.Tally().count(label | {"alternatives_allowed": ""}, verdict)
    # Where a box may have been at work, naming one accuses nobody who is innocent.
    doubtful = score.Tally()
    doubtful.count(label | {"alternatives_allowed": "nat_state_lost"}, verdict)
    assert (doubtful.innocent, doubtful.accused) == (0, 0)


def test_the_kernels_line_is_read(lab: Any) -> None:
    kernel = lab("kernel")
    text = (
        "  python3-1  [000] ..s1. 1795995271.617985: tcp_send_reset: skbaddr=00000000861a1e31 "
        "skaddr=0000000000000000 src=[::ffff:10.77.1.14]:40447 dest=[fd77:2::14]:26386 "
        "state=UNKNOWN reason=NO_SOCKET"
    )
    found = kernel._LINE.search(text)
    assert found is not None
    assert found.group(8) == "NO_SOCKET"
    assert kernel.address(found.group(3)) == "10.77.1.14"
    assert kernel.address(found.group(5)) == "fd77:2::14"


def test_a_label_that_the_kernel_contradicts_is_told(lab: Any) -> None:
    kernel, labels = lab("kernel"), lab("labels")
    abort = labels.label("reset", "client", "abort_unread_data", ">S")
    for reasons, said in (
        (["TCP_ABORT_ON_CLOSE"], ""),
        (["TCP_STATE"], "abort_unread_data, but the kernel says TCP_STATE"),
        ([], "abort_unread_data, but the kernel sent none of the 1 resets"),
    ):
        told = kernel._contradicts(abort, "client", [1.0], reasons, kernel.UNREAD)
        assert told == said
    assert kernel._contradicts(abort, "server", [1.0], [], kernel.UNREAD) == ""


COLUMNS = "capture client_ip client_port server_ip server_port scenario ending ended_by cause"
ENDS = ("192.0.2.1", "40000", "198.51.100.1", "443")


@pytest.mark.parametrize("asked", [[], ["--scenarios"]])
def test_mistakes_of_held_out_families_are_told_to_who_asks_for_them(
    asked: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    score = script("score")
    closed = sorted(score.held_out() - score.held_out("opened"))
    families = {"silent": "tuned on", "races": "opened later", closed[0]: "held out"}
    lines = [f"{COLUMNS} alternatives_allowed visible ordinal".replace(" ", ",")]
    for family in families:
        verdict = ("reset", "client", "keepalive_race", "", "yes", "1")
        lines.append(",".join((f"{family}.client", *ENDS, f"secret_{family}", *verdict)))
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    for family in families:
        (tmp_path / f"{family}.client.pcap").touch()
    said = SimpleNamespace(ending="reset", ended_by="client", cause="no_socket", confidence=0.98)
    monkeypatch.setattr(score, "verdicts", lambda _: {(*ENDS, "1"): said})

    def told(*more: str) -> str:
        monkeypatch.setattr(sys, "argv", ["score.py", str(tmp_path), *asked, *more])
        assert score.main() == 0
        return capsys.readouterr().out

    plain = told()
    # Its figures are there, and what it got wrong is not.
    assert f"{closed[0]} *" in plain
    assert [f"secret_{family}" in plain for family in families] == [True, True, False]
    assert "worst confusions, held out" not in plain
    opened = told("--open-held-out")
    assert all(f"secret_{family}" in opened for family in families)
    assert opened.index("WARNING") < opened.index(f"secret_{closed[0]}")
    assert "WARNING" not in plain
