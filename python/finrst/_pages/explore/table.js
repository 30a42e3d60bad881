// The table: only the rows that can be seen are in the page, and a few around them; Python is asked
// for the others as they come near.
import { button, count, debounced, element, middle } from "./pieces.js";

const PAGE = 100;
// Pages that are kept, and rows above and below those seen.
const KEPT = 40;
const AROUND = 6;
// No browser scrolls further than some 17 million pixels.
const TALLEST = 15_000_000;
const SCROLLING = 60;
// Heights of a row in pixels: on one line, on two, on a phone; `explore.css` has the lines.
const HEIGHTS = { wide: 24, two: 44, phone: 92 };
const GAP = 14;

export function table(parent, talked, pick) {
  const box = element(parent, "div", "grid");
  box.tabIndex = 0;
  box.setAttribute("role", "grid");
  box.setAttribute("aria-label", "Connections; arrows move, Enter tells the story, / filters");
  const head = element(box, "div", "row top");
  head.setAttribute("role", "row");
  head.setAttribute("aria-rowindex", "1");
  const body = element(box, "div", "body");
  body.setAttribute("role", "rowgroup");
  const none = element(parent, "p", "none", "No connection fits all filters.");
  const ruler = element(box, "span", "ruler", "0".repeat(20));
  const prefix = `finrst-${Math.random().toString(36).slice(2)}-`;

  let view = null;
  let picked = null;
  let cursor = 0;
  let form = "wide";
  let pages = new Map();
  const drawn = new Map();

  const height = () => HEIGHTS[form];
  const tall = () => Math.min(TALLEST, view.count * height());
  // Pixels of rows for one pixel of the scroll bar: more than one where rows are very many.
  const scale = () => {
    const seen = box.clientHeight - head.offsetHeight;
    return tall() > seen ? (view.count * height() - seen) / (tall() - seen) : 1;
  };

  const known = (place) => pages.get(Math.floor(place / PAGE))?.[place % PAGE];

  const fill = (line, place) => {
    const row = known(place);
    const state = row ? `${row.id} ${row.id === picked} ${place === cursor}` : "waiting";
    if (line.dataset.state === state) return;
    line.dataset.state = state;
    line.className = "row";
    line.classList.toggle("on", row !== undefined && row.id === picked);
    line.classList.toggle("cursor", place === cursor);
    line.setAttribute("aria-selected", String(row !== undefined && row.id === picked));
    line.replaceChildren();
    view.columns.forEach((column, at) => {
      const cell = element(line, "span", `cell ${column.name}`);
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-colindex", String(at + 1));
      if (!row) cell.textContent = at ? "" : "…";
      else if (column.most) {
        middle(cell, row.cells[at]);
        cell.setAttribute("aria-label", row.cells[at]);
      }
      else cell.textContent = row.cells[at];
      if (row && column.name === "cause") cell.style.borderLeftColor = row.colour;
    });
  };

  const draw = () => {
    if (!view) return;
    const seen = box.clientHeight - head.offsetHeight;
    const offset = box.scrollTop * scale();
    const first = Math.max(0, Math.floor(offset / height()) - AROUND);
    const last = Math.min(view.count, Math.ceil((offset + seen) / height()) + AROUND);
    for (const [place, line] of drawn) {
      if (place >= first && place < last) continue;
      line.remove();
      drawn.delete(place);
    }
    for (let place = first; place < last; place += 1) {
      let line = drawn.get(place);
      if (!line) {
        line = element(body, "div", "row");
        line.setAttribute("role", "row");
        line.setAttribute("aria-rowindex", String(place + 2));
        line.id = prefix + place;
        line.dataset.place = place;
        drawn.set(place, line);
      }
      line.style.top = `${place * height() - offset + box.scrollTop}px`;
      fill(line, place);
    }
    const active = drawn.has(cursor) ? prefix + cursor : "";
    if (active) box.setAttribute("aria-activedescendant", active);
    else box.removeAttribute("aria-activedescendant");
    fetch(first, last);
  };

  const ask = debounced((page) => talked.rows(view.version, page * PAGE, PAGE), SCROLLING);
  const fetch = (first, last) => {
    const lacking = [first, last - 1].filter((at) => at >= 0).map((at) => Math.floor(at / PAGE))
      .filter((page) => !pages.has(page));
    if (lacking.length) ask(lacking[0]);
  };

  const fit = () => {
    if (!view) return;
    const character = ruler.getBoundingClientRect().width / 20;
    const room = box.clientWidth;
    if (!room || !character) return;
    const width = (column) => Math.ceil(column.wide * character) + GAP;
    const sum = (columns) => columns.reduce((all, column) => all + width(column), 0);
    const named = (name) => width(view.columns.find((column) => column.name === name));
    const upper = view.columns.filter((column) => !["client", "server", "start"].includes(column.name));
    const more = Math.max(0, named("start") - named("duration_s"));
    form = room >= sum(view.columns) ? "wide" : room >= sum(upper) + more ? "two" : "phone";
    for (const name of Object.keys(HEIGHTS)) box.classList.toggle(name, name === form);
    const tracks = view.columns.map((column) => (column.most
      ? `minmax(${width(column)}px, ${column.most * character + GAP}px)`
      : `${width(column)}px`));
    box.style.setProperty("--tracks", tracks.join(" "));
    const rest = ["confidence", "ending", "ended_by"].map((name) => `${named(name)}px`).join(" ");
    const second = `${Math.max(named("cause"), named("ending"))}px`;
    const ends = `${Math.max(named("start"), named("duration_s"))}px`;
    const lines = form === "two" ? `${named("cause")}px ${rest} 1fr ${ends}` : `${second} 1fr`;
    box.style.setProperty("--lines", `${named("connection_id")}px ${lines}`);
    box.style.setProperty("--row", `${height()}px`);
    body.style.height = `${tall()}px`;
    draw();
  };

  const headings = () => {
    const { order } = talked.state();
    [...head.children].forEach((cell, at) => {
      const { name, title } = view.columns[at];
      const up = order === name;
      const down = order === `-${name}`;
      cell.setAttribute("aria-sort", up ? "ascending" : down ? "descending" : "none");
      cell.firstChild.textContent = `${title}${up ? " ▲" : down ? " ▼" : ""}`;
      const then = up ? "the largest first" : down ? "the troubled first again" : "the smallest first";
      cell.firstChild.title = `Sort by ${title}: ${then}`;
    });
  };
  const columns = () => {
    head.replaceChildren();
    for (const { name, title } of view.columns) {
      const cell = element(head, "span", `cell ${name}`);
      cell.setAttribute("role", "columnheader");
      button(cell, "", title, () => {
        const { order } = talked.state();
        const next = order === name ? `-${name}` : order === `-${name}` ? "" : name;
        talked.change({ order: next });
      });
    }
    box.setAttribute("aria-colcount", String(view.columns.length));
  };

  const move = (place) => {
    cursor = Math.min(view.count - 1, Math.max(0, place));
    const top = (cursor * height()) / scale();
    const seen = (box.clientHeight - head.offsetHeight - height()) / scale();
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top > box.scrollTop + seen) box.scrollTop = Math.ceil(top - seen);
    draw();
  };
  const choose = () => {
    const row = known(cursor);
    if (row) pick(row.id);
  };
  box.addEventListener("keydown", (event) => {
    if (event.target !== box || event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor((box.clientHeight - head.offsetHeight) / height()) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in steps) move(cursor + steps[event.key]);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(view.count - 1);
    else if (event.key === "Enter" || event.key === " ") choose();
    else return;
    event.preventDefault();
  });
  body.addEventListener("click", (event) => {
    const line = event.target.closest(".row");
    if (!line) return;
    box.focus({ preventScroll: true });
    cursor = Number(line.dataset.place);
    draw();
    choose();
  });
  box.addEventListener("scroll", draw);
  const watched = new ResizeObserver(fit);
  watched.observe(box);

  return {
    show(given) {
      const first = !view;
      const moved = !first && JSON.stringify([given.state]) !== JSON.stringify([view.state]);
      view = given;
      pages = new Map([[0, view.rows]]);
      if (first) columns();
      if (moved) {
        cursor = 0;
        box.scrollTop = 0;
      }
      box.setAttribute("aria-rowcount", String(view.count + 1));
      box.hidden = !view.count;
      none.hidden = view.count > 0;
      headings();
      fit();
    },
    rows(answer) {
      if (answer.version !== view.version) return;
      if (pages.size > KEPT) pages = new Map([[0, view.rows]]);
      pages.set(Math.floor(answer.from / PAGE), answer.rows);
      draw();
    },
    mark(id) {
      picked = id;
      draw();
    },
    headings,
    where: () => (view?.count ? `${count(cursor + 1)} of ${count(view.count)}` : ""),
    end: () => watched.disconnect(),
  };
}
