"""Puts many mutants into one build, each behind a switch that a variable of the environment turns.

A build for each mutant takes ten seconds and more; one that has them all takes minutes once, and
may be optimised. Lines stay where they were, so that what does not compile is found by its line.
What cannot stand behind a switch (constant functions, what does not compile so) is left out and
named: cargo-mutants has to build it.
"""

from __future__ import annotations

import bisect
import collections
import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import tree_sitter
import tree_sitter_rust

if TYPE_CHECKING:
    import pathlib

SWITCH = "crate::base::mutant_is"
"""The function that every switch asks."""
VARIABLE = "FINRST_MUTANT"
"""The number of the mutant that a process runs with; none without it."""
HOME = "src/base/mod.rs"
FUNCTION = f"""
/// Whether this process runs with mutant `number` (`tests/mutants/switch.py`).
pub fn mutant_is(number: u32) -> bool {{
    static WANTED: std::sync::LazyLock<Option<u32>> =
        std::sync::LazyLock::new(|| std::env::var("{VARIABLE}").ok()?.parse().ok());
    *WANTED == Some(number)
}}
"""
# Why a mutant has no switch, besides what the compiler says.
NO_PLACE = "its place is not found"
CONSTANT = "within a constant"
COMMENT = "a comment within what would be written twice"
NO_OPERATOR = "no operator of an expression"
NO_BODY = "no body"
NO_PATTERN = "no pattern"
NO_GUARD = "no plain guard"

_CONSTANT = {"const_item", "static_item", "array_type", "enum_variant", "const_block"}

Mutant = dict[str, Any]
"""One mutant as ``cargo mutants --list --json`` tells it."""


class UnswitchedError(ValueError):
    """Why a mutant cannot stand behind a switch."""


@dataclasses.dataclass
class Change:
    """How a node of the source is written anew: ``write`` takes the number and the node's text."""

    node: tree_sitter.Node
    number: int
    write: Callable[[Source, Change], str]
    mutant: Mutant
    done: frozenset[int] = frozenset()
    """Numbers whose switches are around it already, its own among them."""


class Source:
    """One file, its tree, and what is changed in it."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        language = tree_sitter.Language(tree_sitter_rust.language())
        self.tree = tree_sitter.Parser(language).parse(text)
        self._lines = [0]
        for line in text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self.changes: dict[tuple[int, int], list[Change]] = collections.defaultdict(list)
        self._starts: list[int] = []
        self.without: dict[int, str] = {}
        """Why a change that was added is not written."""

    def at(self, place: dict[str, int]) -> int:
        """Where a line and a column (in characters), both from 1, lie in the text."""
        start = self._lines[place["line"] - 1]
        line = self.text[start : self._lines[place["line"]]].decode()
        return start + len(line[: place["column"] - 1].encode())

    def add(self, mutant: Mutant, number: int) -> None:
        """Put a mutant behind its switch. Raises ``UnswitchedError``."""
        start, end = (self.at(mutant["span"][key]) for key in ("start", "end"))
        node = self.tree.root_node.descendant_for_byte_range(start, max(start, end - 1))
        if node is None:
            raise UnswitchedError(NO_PLACE)
        node, write = _KINDS[mutant["genre"]](self, node, (start, end))
        if _is_constant(node):
            raise UnswitchedError(CONSTANT)
        self.changes[node.start_byte, node.end_byte].append(Change(node, number, write, mutant))

    def written(self) -> bytes:
        """The text with all switches."""
        self._starts = sorted({start for start, _ in self.changes})
        return self.piece(0, len(self.text), frozenset()).encode()

    def piece(self, start: int, end: int, done: frozenset[int]) -> str:
        """Part of the text, with the switches in it but those of these numbers."""
        out, at = [], start
        while at < end:
            inner = self._next(at, end, done)
            if inner is None:
                break
            inner = dataclasses.replace(inner, done=done | {inner.number})
            try:
                changed = inner.write(self, inner)
            except UnswitchedError as why:
                self.without[inner.number] = str(why)
                continue
            out += [self.text[at : inner.node.start_byte].decode(), changed]
            at = inner.node.end_byte
        out.append(self.text[at:end].decode())
        return "".join(out)

    def _next(self, start: int, end: int, done: frozenset[int]) -> Change | None:
        """The first change that lies in this part; of those that begin together the widest."""
        for place in self._starts[bisect.bisect_left(self._starts, start) :]:
            if place >= end:
                return None
            found = [
                change
                for (begin, stop), changes in self.changes.items()
                if begin == place and stop <= end
                for change in changes
                if change.number not in done and change.number not in self.without
            ]
            if found:
                return max(found, key=lambda change: change.node.end_byte)
        return None


def _ancestors(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    outer: tree_sitter.Node | None = node
    while outer is not None:
        yield outer
        outer = outer.parent


def _enclosing(node: tree_sitter.Node, *kinds: str) -> tree_sitter.Node:
    for outer in _ancestors(node):
        if outer.type in kinds:
            return outer
    raise UnswitchedError(NO_PLACE)


def _is_constant(node: tree_sitter.Node) -> bool:
    for outer in _ancestors(node):
        if outer.type in _CONSTANT:
            return True
        if outer.type == "function_item":
            modifiers = [c for c in outer.children if c.type == "function_modifiers"]
            return any(b"const" in (m.text or b"").split() for m in modifiers)
    return False


def _asks(change: Change) -> str:
    return f"{SWITCH}({change.number})"


def _flat(text: str) -> str:
    """A second copy of some lines on one line."""
    if "\n" in text and "//" in text:
        raise UnswitchedError(COMMENT)
    return text.replace("\n", " ")


def _either(source: Source, change: Change, mutated: str) -> str:
    node = change.node
    original = source.piece(node.start_byte, node.end_byte, change.done)
    return f"(if {_asks(change)} {{{_flat(mutated)}}} else {{{original}}})"


_Found = tuple[tree_sitter.Node, Callable[[Source, Change], str]]


def _binary(_: Source, node: tree_sitter.Node, __: tuple[int, int]) -> _Found:
    outer = node.parent
    if outer is None or outer.type not in {"binary_expression", "compound_assignment_expr"}:
        raise UnswitchedError(NO_OPERATOR)

    def write(source: Source, change: Change) -> str:
        mutated = (
            source.piece(outer.start_byte, node.start_byte, change.done)
            + change.mutant["replacement"]
            + source.piece(node.end_byte, outer.end_byte, change.done)
        )
        return _either(source, change, mutated)

    return outer, write


def _unary(_: Source, node: tree_sitter.Node, __: tuple[int, int]) -> _Found:
    outer = _enclosing(node, "unary_expression")

    def write(source: Source, change: Change) -> str:
        return _either(source, change, source.piece(node.end_byte, outer.end_byte, change.done))

    return outer, write


def _value(_: Source, node: tree_sitter.Node, __: tuple[int, int]) -> _Found:
    body = _enclosing(node, "function_item").child_by_field_name("body")
    if body is None:
        raise UnswitchedError(NO_BODY)

    def write(source: Source, change: Change) -> str:
        inner = source.piece(body.start_byte, body.end_byte, change.done)
        value = change.mutant["replacement"]
        return f"{{ if {_asks(change)} {{ return {value}; }} {inner.removeprefix('{')}"

    return body, write


def _arm(_: Source, node: tree_sitter.Node, __: tuple[int, int]) -> _Found:
    arm = _enclosing(node, "match_arm")
    pattern = arm.child_by_field_name("pattern")
    if pattern is None:
        raise UnswitchedError(NO_PATTERN)
    guard = pattern.child_by_field_name("condition")

    def write(source: Source, change: Change) -> str:
        done = change.done
        if guard is None:
            return (
                source.piece(arm.start_byte, pattern.end_byte, done)
                + f" if !{_asks(change)}"
                + source.piece(pattern.end_byte, arm.end_byte, done)
            )
        return (
            source.piece(arm.start_byte, guard.start_byte, done)
            + f"!{_asks(change)} && ({source.piece(guard.start_byte, guard.end_byte, done)})"
            + source.piece(guard.end_byte, arm.end_byte, done)
        )

    return arm, write


def _guard(_: Source, node: tree_sitter.Node, span: tuple[int, int]) -> _Found:
    if (node.start_byte, node.end_byte) != span or "let" in node.type:
        raise UnswitchedError(NO_GUARD)

    def write(source: Source, change: Change) -> str:
        inner = source.piece(node.start_byte, node.end_byte, change.done)
        if change.mutant["replacement"] == "true":
            return f"({_asks(change)} || ({inner}))"
        return f"(!{_asks(change)} && ({inner}))"

    return node, write


def _field(_: Source, node: tree_sitter.Node, span: tuple[int, int]) -> _Found:
    outer = _enclosing(node, "struct_expression")

    def write(source: Source, change: Change) -> str:
        done = change.done
        rest = source.piece(span[1], outer.end_byte, done).lstrip().removeprefix(",")
        return _either(source, change, source.piece(outer.start_byte, span[0], done) + rest)

    return outer, write


_KINDS: dict[str, Callable[[Source, tree_sitter.Node, tuple[int, int]], _Found]] = {
    "BinaryOperator": _binary,
    "UnaryOperator": _unary,
    "FnValue": _value,
    "MatchArm": _arm,
    "MatchArmGuard": _guard,
    "StructField": _field,
}


def put(root: pathlib.Path, mutants: dict[int, Mutant]) -> dict[int, str]:
    """Write the files under ``root`` anew with these switches; why some have none, by number."""
    without: dict[int, str] = {}
    sources: dict[str, Source] = {}
    for number, mutant in mutants.items():
        file = mutant["file"]
        source = sources.setdefault(file, Source((root / file).read_bytes()))
        try:
            source.add(mutant, number)
        except UnswitchedError as why:
            without[number] = str(why)
    home = sources.setdefault(HOME, Source((root / HOME).read_bytes()))
    for file, source in sources.items():
        text = source.written()
        (root / file).write_bytes(text + FUNCTION.encode() if source is home else text)
        without |= source.without
    return without
