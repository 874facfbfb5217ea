// What a line of the timeline shows when it is unfolded.
import { h } from "../common/dom";
import type { Json } from "./events";
import { prose } from "./prose";
import type { StepRow } from "./state";
import { argumentTable, EFFECTS, valueNode } from "./values";
import { cost, tokens } from "./wording";

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
