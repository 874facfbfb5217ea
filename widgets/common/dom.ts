// Making nodes. Text is always a text node: nothing in our widgets ever parses HTML.

type Child = Node | string;
type Attributes = { [name: string]: string | number | boolean | undefined };

/** Make an element: `true` sets an empty attribute, `false` and undefined leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Change a node's text only if it differs, so that a selection in it survives. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Listen, and return the removal. */
export function on<K extends keyof HTMLElementEventMap>(
  element: HTMLElement,
  type: K,
  handle: (event: HTMLElementEventMap[K]) => void,
): () => void {
  element.addEventListener(type, handle);
  return () => element.removeEventListener(type, handle);
}

const SVG = "http://www.w3.org/2000/svg";
const STROKES: { [state: string]: string } = {
  done: "M2.5 6.4 5 8.9l4.6-5.6",
  failed: "M3 3l6 6M9 3 3 9",
  skipped: "M2.5 6h7",
  running: "M6 1.5A4.5 4.5 0 1 1 1.5 6",
  waiting: "M4 4.4a2 2 0 1 1 2.9 1.8c-.6.3-.9.6-.9 1.2M6 9.4v.2",
  unfinished: "M6 1.6a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 0 1 0-8.8",
  stopped: "M3 3h6v6H3z",
  fold: "M4.5 2.5 8 6 4.5 9.5",
};
const SAME: { [state: string]: string } = { approved: "done", finished: "done", denied: "failed", gone: "stopped" };

/** A 12 by 12 line drawing for a state; it is decoration, the state is also said in words. */
export function icon(state: string): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  setAttributes(drawing, { viewBox: "0 0 12 12", "aria-hidden": "true", class: "vnb-icon", "data-icon": state });
  const stroke = document.createElementNS(SVG, "path");
  setAttributes(stroke, { d: STROKES[SAME[state] ?? state] ?? STROKES["running"] ?? "" });
  drawing.append(stroke);
  return drawing;
}
