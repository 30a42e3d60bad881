// The story of the connection that was picked.
import { button, element } from "./pieces.js";

const LONG_ENOUGH = 1500;

function copied(parent, text) {
  // Browsers have a clipboard for pages of this machine and for encrypted ones only.
  if (!navigator.clipboard?.writeText) return;
  const made = button(parent, "", "Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      made.textContent = "Copied";
    } catch {
      made.textContent = "Not permitted";
    }
    setTimeout(() => { made.textContent = "Copy"; }, LONG_ENOUGH);
  });
  made.setAttribute("aria-label", "Copy the Wireshark filter");
}

export function detail(parent, told, close) {
  parent.replaceChildren();
  if (!told.sentence) return;
  const head = element(parent, "div", "head");
  element(head, "p", "lead", told.sentence).title = told.whole;
  button(head, "close", "Close", close).title = "Escape closes it, too";
  const line = element(parent, "p", "filter");
  element(line, "small", "", "Wireshark ");
  element(line, "code", "", told.filter);
  copied(line, told.filter);
  const sides = element(parent, "div", "sides");
  const drawing = element(sides, "div", "drawing");
  if (told.svg) {
    const read = new DOMParser().parseFromString(told.svg, "image/svg+xml").documentElement;
    drawing.append(document.importNode(read, true));
  } else if (told.svg === null) {
    element(drawing, "small", "", "Reading its packets …");
  }
  const story = element(sides, "div", "story");
  for (const part of told.parts ?? []) {
    element(story, "h4", "", part.title);
    const list = element(story, "ul");
    for (const text of part.lines) element(list, "li", "", text);
  }
}
