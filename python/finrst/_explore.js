// The browser's half of Explorer. Text of a capture enters the page as text, never as markup.
const HEADS = ["#", "client", "server", "start (UTC)", "lasted", "how", "who", "cause", "sure"];

function element(parent, tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
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
      const chosen = { ...model.get("chosen") };
      const words = new Set(chosen[one.name] ?? []);
      if (!words.delete(bar.value)) words.add(bar.value);
      chosen[one.name] = [...words];
      model.set("chosen", chosen);
      model.save_changes();
    });
  }
  if (one.more > 0) element(box, "small", "", `${one.more.toLocaleString("en")} more`);
}

function timeline(model, parent, time) {
  const box = element(parent, "div", "time");
  const top = Math.max(1, ...time.counts);
  const [low, high] = model.get("span").length === 2 ? model.get("span") : [-1, -1];
  const width = time.length / time.counts.length;
  let begun = null;
  time.counts.forEach((count, place) => {
    const bin = element(box, "i", "");
    bin.title = `${count.toLocaleString("en")} connections`;
    element(bin, "b").style.height = `${(100 * count) / top}%`;
    const middle = (place + 0.5) * width;
    if (middle >= low && middle <= high) bin.className = "on";
    bin.addEventListener("pointerdown", () => { begun = place; });
    bin.addEventListener("pointerup", () => {
      const [from, to] = [Math.min(begun ?? place, place), Math.max(begun ?? place, place)];
      model.set("span", [from * width, (to + 1) * width]);
      model.save_changes();
    });
  });
  element(parent, "small", "", `start of connections, ${time.text}; drag to choose a span`);
}

function table(model, parent, rows) {
  const grid = element(element(parent, "div", "wide"), "table");
  const head = element(grid, "tr");
  for (const name of HEADS) element(head, "th", "", name);
  for (const row of rows) {
    const line = element(grid, "tr", row.id === model.get("picked") ? "on" : "");
    line.tabIndex = 0;
    row.cells.forEach((cell, place) => {
      const made = element(line, "td", "", cell);
      if (place === 7) made.style.color = row.colour;
    });
    const pick = () => {
      model.set("picked", row.id);
      model.save_changes();
    };
    line.addEventListener("click", pick);
    line.addEventListener("keydown", (event) => { if (event.key === "Enter") pick(); });
  }
}

function detail(parent, told) {
  parent.replaceChildren();
  for (const line of told.lines ?? []) element(parent, "p", "", line);
  if (told.svg) {
    const read = new DOMParser().parseFromString(told.svg, "image/svg+xml").documentElement;
    parent.append(document.importNode(read, true));
  }
}

function render({ model, el }) {
  const root = element(el, "div", "finrst-explore");
  const top = element(root, "div");
  const below = element(root, "div", "detail");
  const draw = () => {
    const view = model.get("view");
    top.replaceChildren();
    const head = element(top, "div", "head");
    element(head, "h3", "", view.title);
    const clear = element(head, "button", "", "Clear filters");
    clear.type = "button";
    clear.addEventListener("click", () => {
      model.set("chosen", {});
      model.set("span", []);
      model.save_changes();
    });
    const facets = element(top, "div", "facets");
    for (const one of view.facets) facet(model, facets, one);
    timeline(model, top, view.time);
    table(model, top, view.rows);
  };
  const tell = () => detail(below, model.get("detail"));
  const mark = () => draw();
  model.on("change:view", draw);
  model.on("change:picked", mark);
  model.on("change:detail", tell);
  draw();
  tell();
  return () => {
    model.off("change:view", draw);
    model.off("change:picked", mark);
    model.off("change:detail", tell);
  };
}

export default { render };
