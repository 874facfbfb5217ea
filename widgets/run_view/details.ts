// What a line of the timeline shows when it is unfolded.
import { h } from "../common/dom";
import { type Grid, gridOf, type Image, imageOf, type Json } from "./events";
import { prose } from "./prose";
import type { StepRow } from "./state";
import { cost, pretty, size, tokens } from "./wording";

export const EFFECTS: { [effect: string]: string } = {
  pure: "computes only",
  read: "reads only",
  idempotent: "changes something, safe to repeat",
  effect: "changes something",
};

/** The sections of a row: what it was given, what it said, what came out, what it cost. */
export function details(row: StepRow): HTMLElement[] {
  return [
    ...section("error", row.error && h("pre", {}, errorText(row))),
    ...section("arguments", Object.keys(row.arguments).length && argumentTable(row.arguments)),
    ...section("thinking", row.thinking && text(row.thinking)),
    ...section("text", row.kind === "model" && row.text && markdown(row.text)),
    ...section("asks for", row.calls.length && calls(row)),
    ...section("output", row.output && h("pre", { tabindex: 0 }, row.output)),
    ...section("result", row.result !== null && valueNode(row.result)),
    ...section("note", row.note && text(row.note)),
    ...section("used", used(row) && text(used(row))),
    ...section("effect", row.effect && text(EFFECTS[row.effect] ?? row.effect)),
  ];
}

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

function section(label: string, content: HTMLElement | string | number | boolean | null): HTMLElement[] {
  if (!(content instanceof HTMLElement)) return [];
  return [h("div", { class: "vnb-section" }, h("div", { class: "vnb-label" }, label), content)];
}

function text(words: string): HTMLElement {
  return h("div", { class: "vnb-words" }, words);
}

function markdown(words: string): HTMLElement {
  const host = h("div", { class: "vnb-prose" });
  prose(host)(words);
  return host;
}

function calls(row: StepRow): HTMLElement {
  const one = (call: StepRow["calls"][number]) =>
    h("div", { class: "vnb-call" }, h("code", {}, call.tool), " ", h("code", { class: "vnb-faint" }, asked(call.arguments)));
  return h("div", {}, ...row.calls.map(one));
}

/** A model may send its arguments as text; either way they are shown on one line. */
function asked(given: Json): string {
  return typeof given === "string" ? given : JSON.stringify(given);
}

function used(row: StepRow): string {
  const spent = tokens(row.input_tokens, row.output_tokens);
  return [spent, spent && cost(row.cost_usd)].filter(Boolean).join(" · ");
}

function errorText(row: StepRow): string {
  const { what, where, hint, traceback } = row.error ?? {};
  return [what, where, hint, traceback].filter(Boolean).join("\n");
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
