// Bars to click, and the timeline to drag over.
import { button, count, debounced, element, middle, redraw } from "./pieces.js";

const TYPING = 250;

// The filters of one column: made once, so that typing goes on while the bars change.
export function facet(parent, name, talked) {
  const box = element(parent, "div", "facet");
  const title = element(box, "h4");
  const bars = element(box, "div");
  const more = element(box, "small");
  const search = element(box, "input");
  search.type = "search";
  search.placeholder = "contains …";
  search.addEventListener("input", debounced(() => {
    talked.change({ searched: { ...talked.state().searched, [name]: search.value } });
  }, TYPING));
  const bar = (one, on, top) => {
    const made = button(bars, on ? "bar on" : "bar", undefined, () => {
      const words = new Set(talked.state().chosen[name] ?? []);
      if (!words.delete(one.value)) words.add(one.value);
      talked.change({ chosen: { ...talked.state().chosen, [name]: [...words] } });
    });
    made.dataset.key = one.value;
    made.setAttribute("aria-pressed", String(on));
    made.setAttribute("aria-label", `${one.text}: ${count(one.count)}`);
    const fill = element(made, "i");
    fill.style.width = `${(100 * one.count) / top}%`;
    if (one.colour) fill.style.background = one.colour;
    middle(made, one.text);
    element(made, "b", "", count(one.count));
  };
  return (one) => {
    title.textContent = one.title;
    const top = Math.max(1, ...one.bars.map((each) => each.count));
    const { chosen, searched } = talked.state();
    const on = (chosen[name] ?? []).map(String);
    redraw(bars, () => one.bars.forEach((each) => bar(each, on.includes(each.value), top)));
    more.textContent = one.more > 0 ? `and ${count(one.more)} more` : "";
    search.hidden = !(one.many || one.searched || document.activeElement === search);
    search.setAttribute("aria-label", `${one.title} contains`);
    if (document.activeElement !== search) search.value = searched[name] ?? "";
  };
}

export function timeline(parent, talked) {
  const box = element(parent, "div", "time");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  const below = element(parent, "div", "ends");
  const ends = [0, 1, 2].map(() => element(below, "small"));
  let time = null;
  let bins = [];
  // The first and the last bin marked: with the keyboard the second moves.
  let marked = null;
  let dragged = false;

  const show = () => {
    const [from, to] = marked ? [Math.min(...marked), Math.max(...marked)] : [0, -1];
    bins.forEach((bin, place) => {
      bin.className = place >= from && place <= to ? "on" : "";
    });
  };
  const choose = () => {
    const width = time.length / bins.length;
    const [from, to] = [Math.min(...marked), Math.max(...marked)];
    talked.change({ span: [from * width, (to + 1) * width] });
  };
  const at = (event) => {
    const { left, width } = box.getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / width) * bins.length);
    return Math.min(bins.length - 1, Math.max(0, place));
  };
  box.addEventListener("pointerdown", (event) => {
    dragged = true;
    marked = [at(event), at(event)];
    box.setPointerCapture(event.pointerId);
    show();
  });
  box.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    marked[1] = at(event);
    show();
  });
  box.addEventListener("pointerup", () => {
    if (dragged) choose();
    dragged = false;
  });
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      const to = Math.min(bins.length - 1, Math.max(0, (marked ? marked[1] : -1) + step));
      marked = event.shiftKey && marked ? [marked[0], to] : [to, to];
      show();
    } else if (event.key === "Enter" && marked) {
      choose();
    } else if (event.key === "Escape") {
      talked.change({ span: [] });
    } else {
      return;
    }
    event.preventDefault();
  });

  return (given) => {
    time = given;
    const { span } = talked.state();
    const width = time.length / time.counts.length;
    const top = Math.max(1, ...time.counts);
    box.replaceChildren();
    bins = time.counts.map((many) => {
      const bin = element(box, "i");
      bin.title = `${count(many)} in ${time.bin}`;
      element(bin, "b").style.height = `${(100 * many) / top}%`;
      return bin;
    });
    if (!dragged) {
      const last = Math.round(span[1] / width) - 1;
      marked = span.length ? [Math.round(span[0] / width), last] : null;
    }
    show();
    const told = `connections begun per ${time.bin}; drag to choose a span`;
    [time.begin, told, time.end].forEach((text, place) => {
      ends[place].textContent = text;
    });
    box.setAttribute("aria-label", `Beginnings of connections from ${time.begin} to ${time.end}. `
      + "Arrows move, with Shift they extend, Enter filters by the span, Escape takes it away.");
  };
}
