"""The workflows run only what is pinned, and publish only what was tested."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(
    r"(?P<name>[\w.-]+/[\w./-]+)@(?P<hash>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)"
)


def load(name: str) -> Any:
    yaml = pytest.importorskip("yaml", reason="PyYAML is absent: workflows are not read")
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text(encoding="utf-8"))


def used() -> list[tuple[str, str]]:
    """Whatever the workflows run that is not in this repository."""
    lines = [
        (path.name, found[1])
        for path in WORKFLOWS
        for line in path.read_text(encoding="utf-8").splitlines()
        if (found := re.match(r"\s*(?:- )?uses: (.+)$", line))
    ]
    return [(name, what) for name, what in lines if not what.startswith("./")]


def test_every_action_is_named_by_its_hash() -> None:
    assert len(used()) > 20
    assert [pair for pair in used() if not PINNED.fullmatch(pair[1])] == []


@pytest.mark.parametrize(
    "movable",
    [
        "actions/checkout@v6",
        "actions/checkout@v6.0.2 # v6.0.2",
        "actions/checkout@de0fac2e45 # v6.0.2",
        "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd",
        "pypa/gh-action-pypi-publish@release/v1",
    ],
)
def test_names_that_can_be_moved_are_no_pins(movable: str) -> None:
    assert not PINNED.fullmatch(movable)


def test_the_pins_are_those_whose_origin_is_told() -> None:
    text = (ROOT / ".github/pins.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+/\S+) \| (v[\d.]+) \| `([0-9a-f]{40})` \|", text, re.MULTILINE)
    pins = {found.groups() for _, what in used() if (found := PINNED.fullmatch(what))}
    assert {(name, digest, version) for name, version, digest in rows} == pins


def test_nothing_is_published_before_everything_else() -> None:
    jobs = load("wheels.yml")["jobs"]
    assert set(jobs["publish"]["needs"]) == set(jobs) - {"publish"}
    assert jobs["publish"]["if"] == "github.ref_type == 'tag'"
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    for name in ("test", "wheel", "sdist"):
        assert jobs[name]["needs"] == "tag"


def test_only_publishing_may_sign() -> None:
    for path in WORKFLOWS:
        workflow = load(path.name)
        assert workflow["permissions"] == {"contents": "read"}
        for name, job in workflow["jobs"].items():
            rights = {"id-token": "write"} if name == "publish" else {"contents": "read"}
            assert job.get("permissions", rights) == rights


def test_every_wheel_is_tried_where_it_runs() -> None:
    jobs = load("wheels.yml")["jobs"]
    built = {row["name"]: row["os"] for row in jobs["wheel"]["strategy"]["matrix"]["include"]}
    tried = {
        row["name"]: row["os"]
        for name in ("try", "try-musl")
        for row in jobs[name]["strategy"]["matrix"]["wheel"]
    }
    assert tried == built
    for name in ("try", "try-musl"):
        assert len(jobs[name]["strategy"]["matrix"]["python"]) == 2


def test_tests_run_on_every_push_on_three_systems_and_two_pythons() -> None:
    workflow = load("test.yml")
    # YAML takes the key `on` for true.
    assert {"push", "pull_request", "workflow_call"} == set(workflow[True])
    matrix = workflow["jobs"]["python"]["strategy"]["matrix"]
    systems = {name.partition("-")[0] for name in matrix["os"]}
    assert systems == {"ubuntu", "macos", "windows"}
    assert matrix["python"] == ["3.11", "3.x"]
