// Small pieces of a page. Text of a capture enters it as text, never as markup.
export function element(parent, tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

export function button(parent, name, text, act) {
  const made = element(parent, "button", name, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

export const count = (number) => number.toLocaleString("en");

// Addresses of IPv4 with a port, and words of ours, are no longer.
const SHORT = 28;

// The end that stays: the port, of IPv6 the last group too.
function tail(text) {
  const bracket = text.lastIndexOf("]:");
  const from = bracket > 0 ? bracket - 4 : text.lastIndexOf(":");
  return from > 0 && text.length - from <= SHORT ? from : text.length - SHORT / 2;
}

// Where there is no room, a long text loses its middle: of addresses and names both ends matter.
export function middle(parent, text) {
  if (text.length <= SHORT) return element(parent, "span", "middle", text);
  const box = element(parent, "span", "middle long");
  box.title = text;
  element(box, "span", "", text.slice(0, tail(text)));
  element(box, "span", "", text.slice(tail(text)));
  return box;
}

// Draw a part anew and leave the keyboard where it was.
export function redraw(part, draw) {
  const key = part.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  part.replaceChildren();
  draw();
  if (!key) return;
  [...part.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key)?.focus();
}

// Wait until somebody stops typing or dragging.
export function debounced(act, pause) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), pause);
  };
}
