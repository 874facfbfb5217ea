// What is known of one node: how it fared, what it was given, what came out, and what happened.
import { valueNode } from "../run_view/values";
import { asks } from "./asks";
import { h, on, setText } from "../common/dom";
import type { Json } from "../run_view/events";
import { duration } from "../run_view/wording";
import { used } from "./notebooks";
import type { Store } from "./store";
import type { Box, NodeState } from "./wire";
import { toneOf, wordsOf } from "./words";

export interface Panel {
  element: HTMLElement;
  show(box: Box | null, node: NodeState | undefined): void;
  /** Give the keyboard to what is asked. */
  focus(): void;
  dispose(): void;
}

export function panel(store: Store, closed: () => void): Panel {
  const name = h("strong", { class: "vng-panel-name" });
  const close = h("button", { type: "button", class: "vng-button", title: "Close (Escape)", "aria-label": "Close" }, "×");
  const asked = asks(store);
  const body = h("div", { class: "vng-panel-body" });
  const head = h("div", { class: "vng-panel-head" }, name, close);
  const element = h("aside", { class: "vng-panel", hidden: true, "aria-label": "Node" });
  element.append(h("div", { class: "vng-panel-scroll" }, head, asked.element, body));
  const removals = [
    on(close, "click", closed),
    on(element, "pointerdown", (event) => event.stopPropagation()),
    on(element, "keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) closed();
    }),
  ];
  let shown = "";
  return {
    element,
    show(box, node) {
      element.hidden = !box;
      asked.update(box ? node : undefined);
      const key = box ? `${box.path} ${JSON.stringify(node ?? null)}` : "";
      if (!box || key === shown) return;
      shown = key;
      setText(name, box.name);
      body.replaceChildren(...contents(box, node));
    },
    focus: asked.focus,
    dispose() {
      asked.dispose();
      for (const remove of removals) remove();
    },
  };
}

function contents(box: Box, node: NodeState | undefined): HTMLElement[] {
  const tone = toneOf(node);
  const fares = h("div", { class: "vng-panel-state", "data-tone": tone }, node && tone ? wordsOf(node) : "not run yet");
  const said = [box.kind, box.about].filter((words, at) => words && !(at && words === box.kind));
  const { what, where, hint, traceback } = node?.error ?? {};
  const failure = [what, where, hint].filter(Boolean).join("\n");
  return [
    h("div", { class: "vng-faint" }, said.join(" · ")),
    fares,
    ...section("error", failure && h("pre", { tabindex: 0 }, failure)),
    ...section("traceback", traceback && folded(traceback)),
    ...section("why", node?.why ? h("div", {}, node.why) : null),
    ...notebook(node?.notebook),
    ...value("inputs", node?.inputs),
    ...value("result", node?.result),
    ...section("events", node?.events.length ? events(node) : null),
  ];
}

function notebook(given: NodeState["notebook"]): HTMLElement[] {
  if (!given) return [];
  const { code, text, slow, output } = given;
  const kernel = used(given);
  return [
    ...section("kernel", kernel ? h("div", {}, kernel) : null),
    ...section(`cell ${given.position}`, code ? h("pre", { tabindex: 0 }, code) : null),
    ...section("output", text ? h("pre", { tabindex: 0 }, text.trimEnd()) : null),
    ...section("slower than usual", slow.length ? h("div", {}, ...slow.map((words) => h("div", {}, words))) : null),
    ...section("executed notebook", output ? h("code", {}, output) : null),
  ];
}

function value(label: string, given: Json | undefined): HTMLElement[] {
  const isEmpty = given === null || given === undefined || (typeof given === "object" && !Object.keys(given).length);
  return isEmpty ? [] : section(label, valueNode(given));
}

function section(label: string, content: HTMLElement | string | null | undefined): HTMLElement[] {
  if (!(content instanceof HTMLElement)) return [];
  return [h("div", { class: "vng-section" }, h("div", { class: "vng-heading" }, label), content)];
}

function folded(text: string): HTMLElement {
  return h("details", {}, h("summary", {}, "show"), h("pre", { tabindex: 0 }, text));
}

function events(node: NodeState): HTMLElement {
  const one = (at: number, words: string) =>
    h("li", {}, h("span", { class: "vng-at" }, duration(at)), h("span", {}, words));
  return h("ol", { class: "vng-events" }, ...node.events.map((event) => one(event.at, event.words)));
}
