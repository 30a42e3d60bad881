"""Texts that a notebook, page, terminal, spreadsheet, database or file system might obey."""

from __future__ import annotations

STRINGS: tuple[str, ...] = (
    # Pages and notebooks.
    "<script>alert(1)</script>",
    "</td></tr></table><script src=//x></script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" style="background:url(//x)"',
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</text></g></svg><script>alert(1)</script>",
    "<!-- x --><b>bold</b>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<base href=//x>",
    "<meta http-equiv=refresh content='0;url=//x'>",
    "<form action=//x><input name=p>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "&quot;&apos;&amp;",
    "$$\\href{javascript:alert(1)}{x}$$",
    "$\\frac{1}{0}",
    "\\(x\\)",
    # Markdown.
    "[x](javascript:alert(1))",
    "![x](//x/y.png)",
    "| a | b |",
    "```\ncode\n```",
    "# heading",
    "<https://example.net>",
    "www.example.net/a_b_c",
    "*bold* _it_ ~~no~~",
    # Terminals.
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31mred",
    "\x90q#0;2;0;0;0\x9c",
    "a\rb",
    "a\bb\x7f",
    "line\nbreak",
    "nul\x00byte",
    "\u202egnp.exe",
    "\u2066left\u2069",
    "zero\u200bwidth\ufeff",
    "line\u2028paragraph\u2029",
    "\ue000private\U000e0041tag",
    # Spreadsheets, databases, shells, file systems, formats.
    "=cmd|'/c calc'!A0",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "＝1＋1",
    "x;=1+1|＠SUM(1)\r\n-2+3",
    'x;"=1+1";\u3000-1',
    "'=1+1;''+1",
    "'; DROP TABLE connections; --",
    "$(touch x); `id`; %s%n{0}{}",
    "../../etc/passwd",
    'a,"b",c;d\te',
    "\U0001f4a9" * 200 + "ä" * 5000,
)
assert len(STRINGS) == len(set(STRINGS)) == 64


def file_name(text: str) -> str:
    """As much of it as a file may be called."""
    plain = text.replace("/", "_").replace("\x00", "_")
    while len(plain.encode()) > 200:
        plain = plain[:-1]
    return plain
