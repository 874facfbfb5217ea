// Making SVG nodes. Text is always a text node: nothing in this widget ever parses markup.
const SVG = "http://www.w3.org/2000/svg";

/** Make an SVG element; false and undefined attributes are left out. */
export function s<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: { [name: string]: string | number | false | undefined } = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children);
  return element;
}
