"""Pages and pictures of the manual that are made from the program itself."""

from __future__ import annotations

import ast
import html
import inspect
import re
import textwrap
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

import finrst
import finrst.cluster
import finrst.plot
from finrst.__main__ import COMMANDS, SUMMARY
from finrst._base.classes import CLASSES

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

HERE = Path(__file__).parent
DEMO = HERE.parent / "tests/data/demo.pcap"
WIDTH = 90
# What the manual has instead of what a page shows where it lies in the repository:
# <!-- manual: plot ladder 2 -->![...](pictures/...)<!-- end -->. After the colon comes one of
# `plot NAME ID...`, `script SCRIPT`, `table FILE` (without its title), `say MARKDOWN`.
PART = re.compile(r"<!-- manual: (plot|script|table|say) (.+?) -->(.*?)<!-- end -->", re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the references."""
    pages = {
        "causes.md": causes(),
        "columns.md": columns(),
        "command.md": commands(),
        "functions.md": functions(),
        "options.md": options(),
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Draw the pictures and put in the tables and links that the repository's pages do without."""
    return PART.sub(_part, markdown)


def _part(match: re.Match[str]) -> str:
    kind, rest, _ = match.groups()
    if kind == "say":
        return rest
    if kind == "table":
        text = (HERE / rest).read_text(encoding="utf-8").strip()
        return text.partition("\n")[2].strip() if text.startswith("# ") else text
    if kind == "script":
        return _block(finrst.conversation(rest.replace("&gt;", ">")).plot.ladder(0))
    name, *ids = rest.split()
    return _block(getattr(finrst.read(DEMO).plot, name)(*map(int, ids)))


def _block(shown: Any) -> str:
    # Without empty lines Markdown leaves a block of HTML alone.
    return "\n\n" + re.sub(r"\n\s*\n", "\n", shown._repr_html_()) + "\n\n"


def _plain(text: str) -> str:
    """Escape what Markdown would take for markup; quoted names stay as they are."""
    parts = re.split(r"(`[^`]*`)", text)
    quoted = {part for part in parts if part.startswith("`")}
    escape = re.compile(r"([\\*_{}\[\]|])")
    return "".join(
        part if part in quoted else escape.sub(r"\\\1", html.escape(part, quote=False))
        for part in parts
    )


def _example(name: str, scripts: list[str]) -> str:
    """Draw the first connection of the examples that has the cause."""
    for script in scripts:
        cap = finrst.conversation(script)
        for row in cap.connections:
            if row["cause"] == name:
                return _block(cap.plot.ladder(row["connection_id"]))
    return ""


def causes() -> str:
    """Write the reference of the causes, in order of decision."""
    table = finrst.causes()
    lines = [
        "# Causes",
        "",
        "In the order in which the rules decide; the first that is more likely ",
    ]
    lines[-1] += (
        "than not wins, the others become its [rivals](verdict.md). When none holds, it is "
    )
    lines[-1] += "`undetermined`."
    lines += ["", "| class | what happened | causes |", "| --- | --- | --- |"]
    for group in CLASSES:
        names = [row["name"] for row in table if row["class"] == group.name]
        links = ", ".join(f"[{_plain(name)}](#{name})" for name in names)
        links += ", `undetermined`" if group is CLASSES[-1] else ""
        lines.append(f"| {group.name} | {group.meaning} | {links} |")
    colours = {group.name: group.colour for group in CLASSES}
    for row in table:
        dot = f'<span style="color:{colours[row["class"]]}">&#9632;</span> {row["class"]}'
        lines += [
            "",
            f"## {row['name']} {{#{row['name']}}}",
            "",
            f"{dot}: {_plain(row['summary'])}",
        ]
        lines += [""]
        lines += [f"*On the wire:* {_plain(row['wire'])}", ""]
        lines += [f"*Next:* {_plain(row['next'])}", "", f"*Source:* {_plain(row['reference'])}"]
        lines += ["", *(f"- Cannot be told from {_plain(twin)}" for twin in row["twins"]), ""]
        lines += ["Examples, for `finrst.conversation`:", "", *map(_code, row["examples"]), ""]
        if row["near_misses"]:
            lines += ["Looks like it, and is not:", "", *map(_code, row["near_misses"]), ""]
        lines.append(_example(row["name"], row["examples"]))
    return "\n".join(lines)


def _code(text: str) -> str:
    return f"- <code>{html.escape(text)}</code>"


def columns() -> str:
    """Write the reference of the columns, by table and group."""
    lines = [
        "# Columns",
        "",
        "A missing value means that the capture does not show it, never zero.",
    ]
    for table, rows in groupby(finrst.columns(), lambda row: row["table"]):
        lines += ["", f"## {table}"]
        for group, members in groupby(rows, lambda row: row["group"]):
            lines += ["", f"### {group}" if group.lower() != table else "", ""]
            lines += ["| column | type | unit | may be missing | meaning |", "|" + " --- |" * 5]
            for row in members:
                words = f" One of: {', '.join(row['words'])}." if row["words"] else ""
                missing = "yes" if row["nullable"] else ""
                cells = (row["name"], row["type"], row["unit"], missing, row["doc"] + words)
                lines.append("| " + " | ".join(_plain(str(cell or "")) for cell in cells) + " |")
    lines += [
        "",
        "## Facts of the column evidence",
        "",
        "How `explain` tells them, as `finrst.facts()` has it. A number of the unit `weight` is",
        "how much a sign speaks for the cause (below 0 against it), and is never told.",
        "",
        "| fact | number | sentence |",
        "|" + " --- |" * 3,
    ]
    for row in finrst.facts():
        cells = (row["name"], row["unit"] or "", row["words"][0])
        lines.append("| " + " | ".join(map(_plain, cells)) + " |")
    return "\n".join(lines)


def options() -> str:
    """Write the reference of the options of a reading, and of the numbers of the causes."""
    lines = [
        "# Options and thresholds",
        "",
        "What `finrst.read` and `finrst.scan` take beside the source, with the command's flags in",
        "brackets; `finrst.options()` gives the same.",
        "",
        "| option | kind | default | meaning |",
        "|" + " --- |" * 4,
    ]
    for row in finrst.options():
        flag = "" if row["flag"] is None else f" (`--{row['name'].replace('_', '-')}`)"
        default = " ".join(filter(None, (row["default"], row["default"] and row["unit"])))
        meaning = " ".join(filter(None, (row["doc"], row["more"])))
        cells = map(_plain, (row["kind"], default, meaning))
        lines.append(f"| `{row['name']}`{flag} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Thresholds",
        "",
        'For `read(..., parameters={"handshake_timeout_s": 0.2})`; `finrst.parameters()` gives',
        "them too. Those that made a table stand in its `metadata`.",
        "",
        "| threshold | default | meaning |",
        "|" + " --- |" * 3,
    ]
    thresholds = [row for row in finrst.parameters() if row["settable"]]
    stated = [row for row in finrst.parameters() if not row["settable"]]
    for row in thresholds:
        lines.append(f"| `{row['name']}` | {_number(row)} | {_plain(row['doc'])} |")
    lines += [
        "",
        "## Numbers of the rules",
        "",
        "What else decides a verdict: `finrst.parameters()` shows it, and no reading can set",
        "it. A confidence is how sure a rule is before the quality of the capture counts, or",
        "the share of a candidate; a weight adds to a sum; a fraction is a part, or one part in",
        "so many; a bound is what is remembered or looked at, at most. Names begin with the",
        "cause, or with the part of the judgement or of the facts, that they belong to.",
        "",
        "| number | kind | value | meaning |",
        "|" + " --- |" * 4,
    ]
    for row in stated:
        cells = (row["kind"], _number(row), _plain(row["doc"]))
        lines.append(f"| `{row['name']}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _number(row: dict[str, Any]) -> str:
    """Write a number with its unit."""
    return " ".join(filter(None, (f"{row['default']:.12g}", row["unit"])))


def functions() -> str:
    """Write the reference of what the package exports, from the docstrings."""
    lines = ["# Functions and classes", "", *_doc(finrst)]
    for there in (finrst, finrst.cluster, finrst.plot):
        module = there.__name__
        for name in sorted(there.__all__, key=lambda name: _rank(getattr(there, name))):
            item = getattr(there, name)
            if name.startswith("_") or inspect.ismodule(item):
                continue
            shown = f"{module}.{name}"
            lines += ["", f"## {_plain(shown)}", "", *_signature(shown, item), *_doc(item)]
            if inspect.isclass(item) and not issubclass(item, Exception):
                lines += [*_fields(item), *_members(item)]
    return "\n".join(lines)


def _rank(item: Any) -> int:
    """Put functions first, then what they give, then what can go wrong."""
    if not inspect.isclass(item):
        return 0
    return 2 if issubclass(item, Exception) else 1


def _fields(item: type) -> list[str]:
    """Describe the attributes of a class that have a text below them."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(item))).body
    rows = []
    for one, below in pairwise(getattr(tree, "body", [])):
        if (
            isinstance(one, ast.AnnAssign)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            name, kind = ast.unparse(one.target), ast.unparse(one.annotation)
            said = _prose(" ".join(str(below.value.value).split()))
            # A bar would end the cell.
            rows.append(
                f"| `{name}` | <code>{html.escape(kind).replace('|', '&#124;')}</code> | {said} |"
            )
    head = ["", "| attribute | type | meaning |", "| --- | --- | --- |"]
    return [*head, *rows] if rows else []


def _members(item: type) -> list[str]:
    lines = []
    for name, member in inspect.getmembers(item):
        if name.startswith("_") or not inspect.getdoc(member):
            continue
        if isinstance(member, property) or inspect.isfunction(member):
            lines += ["", f"### .{_plain(name)}", "", *_signature(name, member), *_doc(member)]
    return lines


def _signature(name: str, item: Any) -> list[str]:
    if inspect.isclass(item) or not callable(item):
        return []
    text = str(inspect.signature(item)).replace("(self, ", "(").replace("(self)", "()")
    # Annotations are texts, whose quotes are of no interest; those of defaults are.
    text = name + re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)
    if len(text) > WIDTH:
        head, _, rest = text.partition("(")
        inner, _, result = rest.rpartition(")")
        # A comma within brackets separates no parameters.
        parameters = re.sub(r", (?![^\[(]*[\])])", ",\n    ", inner)
        text = f"{head}(\n    {parameters},\n){result}"
    return ["```text", text, "```", ""]


def _doc(item: Any) -> list[str]:
    """Turn a docstring into Markdown: paragraphs, lists, and its examples as code."""
    lines: list[str] = []
    example = False
    for line in (inspect.getdoc(item) or "").splitlines():
        begins, ends = line.startswith(">>>"), not line.strip()
        if begins and not example:
            lines += ["", "```python"]
            example = True
        if example and ends:
            lines += ["```", ""]
            example = False
        lines.append(line if example else _prose(line))
    return [*lines, "```"] if example else lines


def _prose(line: str) -> str:
    line = re.sub(r":\w+:`~?([^`]+)`", r"``\1``", line)
    return _plain(line.replace("``", "`"))


def commands() -> str:
    """Write the reference of the command line, from the parsers."""
    lines = ["# Command line", "", "Every command has a `--help`; this is what they say.", ""]
    lines += [
        "Errors go to standard error, in one line, and nothing in them is obeyed by a terminal.",
        "A progress bar appears there on a terminal when reading takes longer than half a second.",
    ]
    for command in (SUMMARY, *COMMANDS.values()):
        parser = command.parser()
        lines += ["", f"## {parser.prog}", "", _plain(parser.description or ""), ""]
        usage = parser.format_usage().removeprefix("usage: ").split()
        usage = textwrap.fill(" ".join(usage), WIDTH, subsequent_indent="    ")
        lines += ["```text", usage, "```", "", "| option | meaning |", "| --- | --- |"]
        for action in parser._actions:
            names = ", ".join(action.option_strings) or str(action.metavar)
            value = ""
            if action.option_strings and action.nargs != 0:
                value = " " + str(action.metavar or "{" + ",".join(action.choices or ()) + "}")
            lines.append(
                f"| <code>{html.escape(names + value)}</code> | {_plain(action.help or '')} |"
            )
        for part in (parser.epilog or "").split("\n\n"):
            title, _, body = part.partition("\n")
            if title.endswith(":"):
                lines += ["", f"**{title[:-1].capitalize()}**", "", "```text"]
                lines += [line.removeprefix("  ") for line in body.splitlines()] + ["```"]
            else:
                lines += ["", _plain(part)]
    return "\n".join(lines)
