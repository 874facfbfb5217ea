// One suggestion: what it is, where it is from, its code, and the buttons.
import { h } from "../common/dom";
import type { Suggestion } from "./wire";

const FEW_LINES = 14;

export interface Acts {
  accept(number: number): void;
  reject(number: number): void;
  copy(number: number): void;
}

export function card(shown: Suggestion, number: number, acts: Acts): HTMLElement {
  const head = h("div", { class: "vnd-head" }, h("code", {}, shown.signature || shown.name), ...verdict(shown));
  const about = [shown.source, shown.why].filter(Boolean).join(" · ");
  const summary = shown.summary ? [h("div", { class: "vnd-summary" }, shown.summary)] : [];
  const label = `Suggestion ${number}: ${shown.name}${shown.verdict ? `, ${shown.verdict}` : ""}`;
  return h(
    "li",
    { class: "vnd-card", tabindex: -1, "data-verdict": shown.verdict ?? "", "aria-label": label },
    head,
    ...summary,
    h("div", { class: "vnd-faint" }, about),
    ...code(shown.code),
    buttons(shown, number, acts),
    whole(shown.text),
  );
}

function verdict(shown: Suggestion): HTMLElement[] {
  return shown.verdict ? [h("span", { class: "vnd-verdict" }, `${shown.verdict === "accepted" ? "✓" : "✗"} ${shown.verdict}`)] : [];
}

function code(text: string): HTMLElement[] {
  if (!text) return [];
  const lines = text.split("\n");
  if (lines.length <= FEW_LINES) return [h("pre", {}, text)];
  const rest = h("details", {}, h("summary", {}, `${lines.length - FEW_LINES} more lines`), h("pre", {}, lines.slice(FEW_LINES).join("\n")));
  return [h("pre", {}, lines.slice(0, FEW_LINES).join("\n")), rest];
}

function buttons(shown: Suggestion, number: number, acts: Acts): HTMLElement {
  const make = (words: string, title: string, act: (number: number) => void, pressed?: boolean) => {
    const made = h("button", { type: "button", class: "vnd-button", title, "aria-pressed": pressed === undefined ? undefined : String(pressed) }, words);
    made.addEventListener("click", () => act(number));
    return made;
  };
  const accept = make("Accept", "It helped: its code goes into a new cell, and it rises for such questions (a)", acts.accept, shown.verdict === "accepted");
  const reject = make("Reject", "Wrong here: it falls for such questions (r)", acts.reject, shown.verdict === "rejected");
  const copied = shown.code ? [make("Copy", "Copy the code and say nothing (c)", acts.copy)] : [];
  return h("div", { class: "vnd-row" }, accept, reject, ...copied);
}

function whole(text: string): HTMLElement {
  return h("details", { class: "vnd-whole" }, h("summary", {}, "Documentation"), h("pre", {}, text));
}
