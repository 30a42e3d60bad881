// The browser's half of Explorer: what it shows comes from Python, which counts and sorts.
import { button, debounced, element } from "./pieces.js";
import { talk } from "./talk.js";
import { findings } from "./found.js";
import { facet, timeline } from "./bars.js";
import { table } from "./table.js";
import { detail } from "./detail.js";

const TYPING_ANY = 250;

function render({ model, el }) {
  const root = element(el, "div", "finrst-explore");
  // JupyterLab takes keys for its shortcuts before anybody else sees them.
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  const wrong = element(root, "div", "wrong");
  wrong.setAttribute("role", "alert");
  const head = element(root, "div", "head");
  const title = element(head, "h3");
  title.setAttribute("aria-live", "polite");
  const busy = element(head, "small", "busy");
  busy.setAttribute("role", "status");

  let grid = null;
  let parts = [];
  const talked = talk(model, {
    state: () => draw(false),
    rows: (answer) => grid.rows(answer),
    wait: (text) => { busy.textContent = text; },
    error: (text) => {
      wrong.replaceChildren();
      element(wrong, "span", "", text);
      button(wrong, "", "Dismiss", () => wrong.replaceChildren());
      tell();
    },
  });

  const clear = button(head, "clear", "Clear filters", () => {
    talked.change({ chosen: {}, searched: {}, text: "", span: [], finding: null });
    search.value = "";
  });
  const found = element(root, "div", "filters");
  const facets = element(element(root, "div", "filters"), "div", "facets");
  const times = element(root, "div");
  const tools = element(root, "div", "tools");
  const search = element(tools, "input");
  search.type = "search";
  search.placeholder = "filter: address, port, name, cause, #number";
  search.setAttribute("aria-label", "Filter the table");
  search.addEventListener("input", debounced(() => talked.change({ text: search.value }), TYPING_ANY));
  const troubled = button(tools, "", "Troubled first", () => talked.change({ order: "" }));
  const pick = (id) => {
    if (id === (model.get("detail").id ?? null)) return;
    grid.mark(id);
    if (id !== null) {
      below.replaceChildren();
      element(below, "small", "", `Reading connection ${id} …`);
    }
    talked.change({ picked: id });
  };
  const drawFindings = findings(found, model.get("findings"), talked, pick);
  grid = table(root, talked, pick);
  const below = element(root, "div", "detail");
  below.setAttribute("aria-live", "polite");
  const draws = new Map();
  const drawTime = timeline(times, talked);

  const draw = (anew) => {
    const view = model.get("view");
    const state = talked.state();
    title.textContent = view.title;
    clear.disabled = !(state.span.length || state.text || state.finding !== null
      || [...Object.values(state.chosen), ...Object.values(state.searched)].some((one) => one.length));
    drawFindings();
    for (const one of view.facets) {
      if (!draws.has(one.name)) draws.set(one.name, facet(facets, one.name, talked));
      draws.get(one.name)(one);
    }
    drawTime(view.time);
    troubled.setAttribute("aria-pressed", String(!state.order));
    if (document.activeElement !== search) search.value = state.text;
    if (anew) grid.show(view);
    else grid.headings();
  };
  const tell = () => {
    const told = model.get("detail");
    detail(below, told, () => pick(null));
    grid.mark(told.id ?? null);
  };
  root.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input");
    if (event.key === "/" && !typing) search.focus();
    else if (event.key === "Escape" && typing) {
      if (event.target.value) return;
      root.querySelector(".grid").focus();
    } else if (event.key === "Escape" && event.target.matches(".grid, .detail *")) pick(null);
    else return;
    event.preventDefault();
  });
  const drawAnew = () => draw(true);
  model.on("change:view", drawAnew);
  model.on("change:detail", tell);
  drawAnew();
  tell();
  return () => {
    model.off("change:view", drawAnew);
    model.off("change:detail", tell);
    talked.end();
    grid.end();
  };
}

export default { render };
