// The findings: a click filters to the connections of one.
import { button, count, element, redraw } from "./pieces.js";

// So many are shown before somebody asks for the others.
const FIRST = 5;

export function findings(parent, told, talked, pick) {
  const box = element(parent, "div", "findings");
  box.hidden = !told.length;
  let all = false;
  const draw = () => redraw(box, () => {
    const { finding } = talked.state();
    told.forEach((one, place) => {
      const on = place === finding;
      if (!all && place >= FIRST && !on) return;
      const made = button(box, on ? "finding on" : "finding", undefined, () => {
        talked.change({ finding: talked.state().finding === place ? null : place });
      });
      made.dataset.key = `finding ${place}`;
      made.style.borderLeftColor = one.colour;
      made.setAttribute("aria-pressed", String(on));
      element(made, "b", "", one.severity);
      element(made, "span", "", one.sentence).title = one.whole;
      element(made, "i", "", count(one.count));
      if (!on) return;
      const more = element(box, "div", "more");
      more.style.borderLeftColor = one.colour;
      for (const line of one.more) element(more, "p", "", line);
      element(element(more, "p"), "b", "", `Next: ${one.next}`);
      element(more, "p", "", one.shown);
      const example = button(more, "", `Show connection ${one.example}`, () => pick(one.example));
      example.dataset.key = "example";
    });
    if (told.length <= FIRST) return;
    const text = all ? "Fewer findings" : `${told.length - FIRST} more findings`;
    const others = button(box, "others", text, () => {
      all = !all;
      draw();
    });
    others.dataset.key = "others";
    others.setAttribute("aria-expanded", String(all));
  });
  return draw;
}
