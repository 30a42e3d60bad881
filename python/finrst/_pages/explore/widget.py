"""The widget: what is set, what follows from it, and what a browser asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.extras import need
from finrst._base.text import plural, printable

from . import asked, detail, scripts
from .asked import FACETS, PAGE, RefusedError
from .bars import Bars
from .found import Found
from .rows import Rows

if TYPE_CHECKING:
    from finrst._story.answer import Answer

np = need("numpy", "notebook")
traitlets = need("traitlets", "notebook")
_Widget: Any = need("anywidget", "notebook").AnyWidget

_FILTERS = ("chosen", "searched", "text", "span", "finding")


class Explorer(_Widget):  # type: ignore[misc]
    """Findings and bars to click, a table to sort and filter, the story of the row picked.

    ``selection`` is the filtered connections as a ``pyarrow.Table``, ``picked`` the
    ``connection_id`` of the row that was picked. All of it can be set from Python too: ``chosen``
    holds the words chosen in each bar chart, ``searched`` what words must contain, ``text`` what
    any cell must contain, ``span`` the seconds between which connections begin, ``finding`` the
    place in ``findings()`` of the one whose connections are wanted, ``order`` the column that the
    table is sorted by: ``"start"``, ``"-start"`` for the last first, ``""`` for the troubled first.

    Counting and sorting is done here and only what is shown goes to the browser, so a million
    connections are no burden to it. It asks by numbered messages, which are checked.
    """

    _esm = scripts.module()
    _css = scripts.style()
    view = traitlets.Dict().tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    findings = traitlets.List().tag(sync=True)
    chosen = traitlets.Dict()
    searched = traitlets.Dict()
    text = traitlets.Unicode()
    span = traitlets.List(traitlets.Float())
    finding = traitlets.Int(allow_none=True, default_value=None)
    order = traitlets.Unicode()
    picked = traitlets.Int(allow_none=True, default_value=None)

    def __init__(self, capture: Answer) -> None:
        """Prepare the columns that can be filtered and sorted."""
        super().__init__()
        self._capture = capture
        self._rows = Rows(capture)
        self._bars = Bars(self._rows)
        self._found = Found(capture, self._rows)
        self.findings = self._found.told()
        self._columns = self._rows.columns()
        self._left: Any = None
        self._version = 0
        self._held = False
        self.observe(self._changed, [*_FILTERS, "order"])
        self.observe(self._told, ["picked"])
        self.on_msg(self._asked)
        self._refresh()

    @property
    def selection(self) -> Any:
        """The connections that the filters leave, as a ``pyarrow.Table``, in order of time."""
        table, mask = self._capture.to_arrow(), self._joined(self._masks())
        return table if mask.all() else table.filter(need("pyarrow", "notebook").array(mask))

    @traitlets.validate(*asked.CHANGES)  # type: ignore[untyped-decorator]
    def _check(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        try:
            asked.checked(name, value)
        except RefusedError as error:
            raise traitlets.TraitError(str(error)) from None
        if name == "picked" and value is not None:
            self._capture.connection(value)
        if name == "finding" and value is not None and not 0 <= value < len(self._found):
            message = f"finding is None or a place among {len(self._found)} findings"
            raise traitlets.TraitError(message)
        return value

    def _masks(self) -> dict[str, Any]:
        """Give what each filter in force lets through."""
        masks = self._bars.masks(self.chosen, self.searched)
        if len(self.span) == 2:  # noqa: PLR2004
            low, high = self.span
            masks["time"] = (self._rows.start >= low) & (self._rows.start <= high)
        if self.finding is not None:
            masks["finding"] = self._found.mask(self.finding)
        if self.text.strip():
            masks["text"] = self._rows.containing(self.text)
        return masks

    def _joined(self, masks: dict[str, Any], without: str = "") -> Any:
        others = [mask for name, mask in masks.items() if name != without]
        return np.logical_and.reduce([np.ones(len(self._rows), dtype=bool), *others])

    def _changed(self, _change: object) -> None:
        if not self._held:
            self._refresh()

    def _refresh(self) -> None:
        masks = self._masks()
        mask = self._joined(masks)
        self._left = self._rows.ordered(self.order, mask)
        self._version += 1
        self.view = {
            "version": self._version,
            "title": f"{plural(len(self._left), 'connection')} of {len(mask):,}",
            "count": len(self._left),
            "columns": self._columns,
            "state": {name: getattr(self, name) for name in (*_FILTERS, "order")},
            "facets": [
                self._bars.facet(
                    name,
                    self._joined(masks, name) if name in masks else mask,
                    self.chosen.get(name, ()),
                    self.searched.get(name, ""),
                )
                for name in FACETS
            ],
            "time": self._bars.time(self._joined(masks, "time")),
            "rows": self._rows.shown(self._left[:PAGE]),
        }

    def _told(self, _change: object) -> None:
        if self.picked is None:
            self.detail = {}
            return
        # The story goes first: the packets of a large capture take their time.
        self.detail = detail.story(self._capture, self.picked)
        self.detail = detail.drawn(self._capture, self.detail)

    def _asked(self, _widget: object, content: object, _buffers: object) -> None:
        """Answer a browser; whatever goes wrong is told there, where somebody sees it."""
        answer: dict[str, Any] = {}
        try:
            who, number = asked.number(content)
            answer = {"of": who, "number": number}
            answer |= self._answer(content)
        except (RefusedError, KeyError, traitlets.TraitError) as error:
            answer["error"] = printable(error.args[0])
        except Exception as error:  # noqa: BLE001 - a widget has no other place to tell it
            answer["error"] = printable(f"{type(error).__name__}: {error}")
        self.send(answer)

    def _answer(self, content: Any) -> dict[str, Any]:
        if "change" in content:
            self._set(asked.change(content["change"]))
            return {}
        begin, count = asked.stretch(content)
        if content.get("version") != self._version:
            return {"stale": True}
        rows = self._rows.shown(self._left[begin : begin + count])
        return {"version": self._version, "from": begin, "rows": rows}

    def _set(self, changes: dict[str, Any]) -> None:
        """Set several at once and work out what follows once, even when one is refused."""
        self._held = True
        try:
            for name, value in changes.items():
                setattr(self, name, value)
        finally:
            self._held = False
            if set(changes) - {"picked"}:
                self._refresh()
