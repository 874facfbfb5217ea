// What a checkpoint changed, and the whole state as it was then.
import { valueNode } from "../run_view/values";
import { h } from "../common/dom";
import { gridOf, imageOf, type Json } from "../run_view/events";
import { plural, pretty } from "../run_view/wording";
import type { StateChange, StateMessage } from "./wire";

const SIGNS: { [kind in StateChange["kind"]]: string } = { added: "+", removed: "−", changed: "~", extended: "+" };
const SAID: { [kind in StateChange["kind"]]: string } = {
  added: "new",
  removed: "removed",
  changed: "changed",
  extended: "grew",
};

/** The differences from the checkpoint before. */
export function changeList(shown: StateMessage): HTMLElement {
  if (!shown.changes.length) return h("p", { class: "vnc-faint" }, "Nothing changed here.");
  return h("ul", { class: "vnc-changes" }, ...shown.changes.map(change));
}

/** The state, key by key. */
export function stateList(shown: StateMessage): HTMLElement {
  const keys = Object.entries(shown.state);
  if (!keys.length) return h("p", { class: "vnc-faint" }, "The state is empty.");
  const changed = new Set(shown.changes.map((one) => one.path.split(".")[0]));
  return h("div", { class: "vnc-state" }, ...keys.map(([key, value]) => entry(key, value, changed.has(key))));
}

function change(one: StateChange): HTMLElement {
  const grew = one.kind === "extended" ? ` by ${plural(Array.isArray(one.after) ? one.after.length : 0, "item")}` : "";
  const head = h(
    "div",
    { class: "vnc-change-head" },
    h("span", { class: "vnc-sign", "aria-hidden": "true" }, SIGNS[one.kind]),
    h("code", {}, one.path),
    h("span", { class: "vnc-faint" }, SAID[one.kind] + grew),
  );
  const was = one.kind === "changed" || one.kind === "removed" ? [value(one.before, "vnc-was", "before")] : [];
  const is = one.kind === "removed" ? [] : [value(one.after, "vnc-is", "after")];
  return h("li", { "data-kind": one.kind }, head, ...was, ...is);
}

function value(given: Json, look: string, label: string): HTMLElement {
  return h("div", { class: look }, h("span", { class: "vnc-sr" }, `${label}: `), node(given));
}

function entry(key: string, given: Json, isChanged: boolean): HTMLElement {
  return h("div", { class: "vnc-entry", "data-changed": isChanged }, h("code", { class: "vnc-key" }, key), node(given));
}

/** Short values stand on their line; tables and pictures are shown as such. */
function node(given: Json): HTMLElement {
  if (gridOf(given) || imageOf(given)) return valueNode(given);
  const written = typeof given === "string" ? JSON.stringify(given) : pretty(given);
  const line = written.length < 60 ? written.replace(/\s*\n\s*/g, " ") : written;
  return line.includes("\n") || line.length > 90 ? valueNode(given) : h("code", { class: "vnc-short" }, line);
}
