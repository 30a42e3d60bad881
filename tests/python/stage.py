"""The explorer in a browser without a notebook: its scripts on a page, its Python in this process.

What anywidget does between them is played: messages go there and back as JSON, one at a time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_PAGE = """<!doctype html><meta charset="utf-8"><title>stage</title>
<style>body{margin:8px;background:%s}%s</style><div id="stage"></div>
<script type="module">%s
const heard = {};
const state = %s;
window.delay = 0;
window.sent = [];
const tell = (name, given) => [...(heard[name] ?? [])].forEach((one) => one(given));
window.deliver = (messages) => {
  for (const [kind, given] of messages) {
    if (kind === "answer") tell("msg:custom", given);
    else { state[kind] = given; tell(`change:${kind}`); }
  }
};
const model = {
  get: (name) => state[name],
  on: (name, act) => (heard[name] ??= []).push(act),
  off: (name, act) => { heard[name] = (heard[name] ?? []).filter((one) => one !== act); },
  send(content) {
    window.sent.push(content);
    window.line = (window.line ?? Promise.resolve()).then(async () => {
      if (window.deaf) return;
      const messages = JSON.parse(await window.python(JSON.stringify(content)));
      if (window.delay) await new Promise((done) => setTimeout(done, window.delay));
      window.deliver(messages);
    });
  },
};
window.finish = stage_widget.render({ model, el: document.querySelector("#stage") });
</script>"""


class Stage:
    """An explorer on a page, and what it says."""

    def __init__(self, page: Any, widget: Any, folder: Path, *, dark: bool = False) -> None:
        """Show it."""
        self.page, self.widget = page, widget
        self.messages: list[tuple[str, Any]] = []
        widget.send = lambda content: self.messages.append(("answer", content))
        for name in ("view", "detail"):
            widget.observe(lambda change: self.messages.append((change.name, change.new)), [name])
        script = widget._esm.replace("export default", "const stage_widget =")
        names = ("view", "detail", "findings")
        state = json.dumps({name: getattr(widget, name) for name in names})
        state = state.replace("<", "\\u003c")
        paper = "Canvas" if not dark else "#111111"
        (folder / "stage.html").write_text(_PAGE % (paper, widget._css, script, state))
        page.expose_function("python", self._python)
        page.goto((folder / "stage.html").as_uri())

    def _python(self, asked: str) -> str:
        self.messages.clear()
        self.widget._handle_custom_msg(json.loads(asked), [])
        return json.dumps(self.messages)

    def deliver(self) -> None:
        """Bring to the browser what Python did of itself."""
        self.page.evaluate("(messages) => window.deliver(messages)", self.messages)
        self.messages.clear()
