// The browser's half of Explorer. Text of a capture enters the page as text, never as markup.
const HEADS = ["#", "client", "server", "start (UTC)", "lasted", "how", "who", "cause", "sure"];
const CAUSE = HEADS.indexOf("cause");

function element(parent, tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function change(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

function facet(model, parent, one) {
  const box = element(parent, "div", "facet");
  element(box, "h4", "", one.title);
  const top = Math.max(1, ...one.bars.map((bar) => bar.count));
  for (const bar of one.bars) {
    const button = element(box, "button", bar.on ? "bar on" : "bar");
    button.type = "button";
    button.title = bar.text;
    button.setAttribute("aria-pressed", String(bar.on));
    const fill = element(button, "i");
    fill.style.width = `${(100 * bar.count) / top}%`;
    if (bar.colour) fill.style.background = bar.colour;
    element(button, "span", "", bar.text);
    element(button, "b", "", bar.count.toLocaleString("en"));
    button.addEventListener("click", () => {
      const words = new Set(model.get("chosen")[one.name] ?? []);
      if (!words.delete(bar.value)) words.add(bar.value);
      change(model, "chosen", { ...model.get("chosen"), [one.name]: [...words] });
    });
  }
  if (one.more > 0) element(box, "small", "", `and ${one.more.toLocaleString("en")} more`);
  if (one.many || one.searched) {
    const search = element(box, "input");
    search.type = "search";
    search.value = one.searched;
    search.placeholder = "contains …";
    search.setAttribute("aria-label", `${one.title} contains`);
    // JupyterLab would take keys for its shortcuts.
    search.addEventListener("keydown", (event) => event.stopPropagation());
    search.addEventListener("change", () => {
      change(model, "searched", { ...model.get("searched"), [one.name]: search.value.trim() });
    });
  }
}

function timeline(model, parent, time) {
  const box = element(parent, "div", "time");
  const width = time.length / time.counts.length;
  const top = Math.max(1, ...time.counts);
  const bins = time.counts.map((count) => {
    const bin = element(box, "i");
    bin.title = `${count.toLocaleString("en")} in ${time.bin}`;
    element(bin, "b").style.height = `${(100 * count) / top}%`;
    return bin;
  });
  const mark = (from, to) => bins.forEach((bin, place) => {
    bin.className = place >= from && place <= to ? "on" : "";
  });
  const span = model.get("span");
  if (span.length === 2) mark(span[0] / width - 0.5, span[1] / width - 0.5);
  const at = (event) => {
    const { left, width: whole } = box.getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / whole) * bins.length);
    return Math.min(bins.length - 1, Math.max(0, place));
  };
  let begun = null;
  box.addEventListener("pointerdown", (event) => {
    begun = at(event);
    box.setPointerCapture(event.pointerId);
    mark(begun, begun);
  });
  box.addEventListener("pointermove", (event) => {
    if (begun !== null) mark(Math.min(begun, at(event)), Math.max(begun, at(event)));
  });
  box.addEventListener("pointerup", (event) => {
    if (begun === null) return;
    const [from, to] = [Math.min(begun, at(event)), Math.max(begun, at(event))];
    begun = null;
    change(model, "span", [from * width, (to + 1) * width]);
  });
  const below = element(parent, "div", "ends");
  element(below, "small", "", time.begin);
  element(below, "small", "", `starts of connections per ${time.bin}; drag to choose a span`);
  element(below, "small", "", time.end);
}

function table(model, parent, view, pick) {
  const grid = element(element(parent, "div", "wide"), "table");
  const head = element(grid, "tr");
  for (const name of HEADS) element(head, "th", "", name);
  for (const row of view.rows) {
    const line = element(grid, "tr", row.id === model.get("picked") ? "on" : "");
    line.tabIndex = 0;
    row.cells.forEach((cell, place) => {
      const made = element(line, "td", "", cell);
      if (place === CAUSE) {
        made.className = "cause";
        made.style.borderLeftColor = row.colour;
      }
    });
    line.addEventListener("click", () => pick(row.id));
    line.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.stopPropagation();
      pick(row.id);
    });
  }
  if (view.note) element(parent, "small", "", view.note);
  if (!view.rows.length) element(parent, "small", "", "No connection fits all filters.");
}

function detail(parent, told) {
  parent.replaceChildren();
  if (told.sentence) element(parent, "p", "lead", told.sentence);
  for (const part of told.parts ?? []) {
    element(parent, "h4", "", part.title);
    const list = element(parent, "ul");
    for (const line of part.lines) element(list, "li", "", line);
  }
  if (told.svg) {
    const read = new DOMParser().parseFromString(told.svg, "image/svg+xml").documentElement;
    element(parent, "div", "wide").append(document.importNode(read, true));
  }
}

function render({ model, el }) {
  const root = element(el, "div", "finrst-explore");
  const top = element(root, "div");
  const below = element(root, "div", "detail");
  const pick = (id) => {
    if (id === model.get("picked")) return;
    below.replaceChildren();
    element(below, "small", "", `Reading the packets of connection ${id} …`);
    change(model, "picked", id);
  };
  const draw = () => {
    const view = model.get("view");
    const scrolled = top.querySelector(".wide")?.scrollTop ?? 0;
    top.replaceChildren();
    const head = element(top, "div", "head");
    element(head, "h3", "", view.title);
    const clear = element(head, "button", "clear", "Clear filters");
    clear.type = "button";
    clear.disabled = !model.get("span").length
      && !Object.values(model.get("chosen")).some((words) => words.length);
    clear.addEventListener("click", () => {
      model.set("chosen", {});
      model.set("searched", {});
      change(model, "span", []);
    });
    const facets = element(top, "div", "facets");
    for (const one of view.facets) facet(model, facets, one);
    timeline(model, top, view.time);
    table(model, top, view, pick);
    top.querySelector(".wide").scrollTop = scrolled;
  };
  const tell = () => detail(below, model.get("detail"));
  model.on("change:view", draw);
  model.on("change:picked", draw);
  model.on("change:detail", tell);
  draw();
  tell();
  return () => {
    model.off("change:view", draw);
    model.off("change:picked", draw);
    model.off("change:detail", tell);
  };
}

export default { render };
