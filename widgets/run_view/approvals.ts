// Questions to a person: what would be called, with which arguments, and the buttons that answer.
//
// Each answer carries run, call, hash and the one-time nonce of exactly this question. A question whose nonce has not
// come (the kernel has not heard this view, or cannot before the cell ends) has no buttons. Focus moves here only from inside the widget: somebody who
// is typing in another cell hears of it through the live region, and keeps the keyboard.
import { argumentTable, EFFECTS } from "./details";
import { h, icon, on, setText } from "./dom";
import { type Fields, isFields, type Question, type Say } from "./events";
import type { Part } from "./header";
import { pending, type RunState, type StepRow } from "./state";
import { plural } from "./wording";

const MOST_CARDS = 5;

interface Card {
  element: HTMLElement;
  version: number;
  dispose(): void;
}

export function approvals(say: (message: Say) => void, focusElsewhere: () => void): Part {
  const more = h("div", { class: "vnb-faint" });
  const element = h("div", { class: "vnb-approvals" });
  const cards = new Map<string, Card>();

  const drop = (step_id: string, card: Card) => {
    card.dispose();
    card.element.remove();
    cards.delete(step_id);
  };
  const update = (run: RunState) => {
    const rows = pending(run);
    const shown = new Map(rows.slice(0, MOST_CARDS).map((row) => [row.step_id, row]));
    const hadFocus = element.contains(document.activeElement);
    for (const [step_id, card] of cards) {
      if (shown.get(step_id)?.version !== card.version) drop(step_id, card);
    }
    let added: HTMLElement | null = null;
    for (const row of shown.values()) {
      if (cards.has(row.step_id)) continue;
      const card = cardOf(run.run_id, row, say);
      cards.set(row.step_id, card);
      element.append(card.element);
      added ??= card.element;
    }
    setText(more, rows.length > MOST_CARDS ? `${plural(rows.length - MOST_CARDS, "more question")} after these` : "");
    if (rows.length > MOST_CARDS) element.append(more);
    else more.remove();
    moveFocus(element, added, hadFocus, focusElsewhere);
  };
  return { element, update, dispose: () => cards.forEach((card) => card.dispose()) };
}

/** Follow the keyboard: from a question that is gone to the next one, or to a new one if focus was in the widget. */
function moveFocus(host: HTMLElement, added: HTMLElement | null, hadFocus: boolean, elsewhere: () => void): void {
  const lost = hadFocus && !host.contains(document.activeElement);
  const root = host.closest(".vnb");
  if (lost) {
    const next = host.querySelector<HTMLElement>(".vnb-approval");
    if (next) next.focus();
    else elsewhere();
  } else if (added && !hadFocus && root?.contains(document.activeElement)) added.focus();
}

function cardOf(run_id: string, row: StepRow, say: (message: Say) => void): Card {
  const question: Question = { run_id, call_id: row.call_id, call_hash: row.call_hash, nonce: row.nonce };
  const ask = `${row.name} asks to run`;
  const body = h("div", { class: "vnb-approval-body" }, argumentTable(row.arguments));
  const status = h("div", { class: "vnb-status" });
  const controls = buttons(row, question, body, status, say);
  const badge = h("span", { class: "vnb-badge", "data-effect": row.effect }, EFFECTS[row.effect] ?? row.effect);
  const head = h("div", { class: "vnb-approval-head" }, icon("waiting"), h("span", {}, h("code", {}, row.name), " asks to run"));
  if (row.effect) head.append(badge);
  const about = row.about ? [h("div", { class: "vnb-words" }, row.about)] : [];
  const element = h(
    "div",
    { class: "vnb-approval", role: "group", "aria-label": ask, tabindex: -1, "data-call": row.call_id },
    ...[head, ...about, body, controls.element, status],
  );
  return { element, version: row.version, dispose: controls.dispose };
}

function buttons(row: StepRow, question: Question, body: HTMLElement, status: HTMLElement, say: (message: Say) => void) {
  const approve = button("Approve", "vnb-primary");
  const edit = button("Edit arguments");
  const deny = button("Deny", "vnb-danger");
  const element = h("div", { class: "vnb-buttons" }, approve, edit, deny);
  if (!row.nonce) {
    const words = h("code", {}, `victor approve ${question.run_id} ${question.call_id}`);
    element.replaceChildren(h("span", { class: "vnb-faint" }, "Answer where you are asked, or elsewhere: ", words));
    return { element, dispose: () => undefined };
  }
  let editor: HTMLTextAreaElement | null = null;
  const answer = (message: Say, words: string) => {
    for (const each of [approve, edit, deny]) each.disabled = true;
    if (editor) editor.disabled = true;
    setText(status, words);
    say(message);
  };
  const removals = [
    on(approve, "click", () => {
      const given = editor ? parsed(editor.value) : null;
      if (editor && !given) return complain(status, editor);
      answer(given ? { kind: "approve", ...question, arguments: given } : { kind: "approve", ...question }, "Approved; telling the kernel…");
    }),
    on(deny, "click", () => answer({ kind: "deny", ...question }, "Denied; telling the kernel…")),
    on(edit, "click", () => {
      editor = editor ? closeEditor(body, row) : openEditor(body, row);
      setText(edit, editor ? "Undo edits" : "Edit arguments");
      setText(approve, editor ? "Approve edited" : "Approve");
      setText(status, "");
    }),
  ];
  return { element, dispose: () => removals.forEach((remove) => remove()) };
}

function button(label: string, look = ""): HTMLButtonElement {
  return h("button", { type: "button", class: `vnb-button ${look}`.trim() }, label);
}

function openEditor(body: HTMLElement, row: StepRow): HTMLTextAreaElement {
  const written = JSON.stringify(row.arguments, null, 2);
  const rows = Math.min(16, written.split("\n").length + 1);
  const editor = h("textarea", { "aria-label": `Arguments of ${row.name}, as JSON`, rows, spellcheck: "false" });
  editor.value = written;
  body.replaceChildren(editor);
  editor.focus();
  return editor;
}

function closeEditor(body: HTMLElement, row: StepRow): null {
  body.replaceChildren(argumentTable(row.arguments));
  return null;
}

function parsed(written: string): Fields | null {
  try {
    const value: unknown = JSON.parse(written);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function complain(status: HTMLElement, editor: HTMLTextAreaElement): void {
  setText(status, "The arguments must be one JSON object; nothing was sent.");
  editor.setAttribute("aria-invalid", "true");
  editor.focus();
}
