// How values are drawn: tables, pictures, arguments by name, everything else as JSON.
import { h } from "../common/dom";
import { type Grid, gridOf, type Image, imageOf, type Json } from "./events";
import { pretty, size } from "./wording";

export const EFFECTS: { [effect: string]: string } = {
  pure: "computes only",
  read: "reads only",
  idempotent: "changes something, safe to repeat",
  effect: "changes something",
};

/** Show a JSON value: a table as one, a picture as one, the rest as text. */
export function valueNode(value: Json): HTMLElement {
  const grid = gridOf(value);
  if (grid) return gridNode(grid);
  const image = imageOf(value);
  return image ? imageNode(image) : h("pre", { tabindex: 0 }, pretty(value));
}

/** Arguments by name; short ones on their line, long ones below each other. */
export function argumentTable(values: { [name: string]: Json }): HTMLElement {
  // No definition list: pages give that one margins, floats and widths of their own.
  const row = (name: string, value: Json) => [h("span", { class: "vnb-arg" }, name), argument(value)];
  return h("div", { class: "vnb-args" }, ...Object.entries(values).flatMap(([name, value]) => row(name, value)));
}

function argument(value: Json): HTMLElement {
  const written = pretty(value);
  return written.includes("\n") ? h("pre", { tabindex: 0 }, written) : h("code", {}, written);
}

function gridNode(grid: Grid): HTMLElement {
  const head = h("tr", {}, ...grid.columns.map((column) => h("th", {}, column)));
  const rows = grid.rows.map((row) => h("tr", {}, ...row.map(cell)));
  const table = h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
  return h("div", {}, h("div", { class: "vnb-scroll", tabindex: 0 }, table), h("div", { class: "vnb-faint" }, size(grid)));
}

function cell(value: Json, place: number): HTMLElement {
  const attributes = typeof value === "number" ? { class: "vnb-num" } : {};
  return h(place ? "td" : "th", attributes, String(value));
}

function imageNode(image: Image): HTMLElement {
  const picture = h("img", { alt: image.text });
  // An image element runs no script, not even for SVG; anything but a picture's type is not shown.
  if (/^image\/(png|jpeg|svg\+xml)$/.test(image.media_type)) picture.src = `data:${image.media_type};base64,${image.data}`;
  return h("div", { class: "vnb-picture" }, picture);
}
