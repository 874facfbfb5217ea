// One question to a person: what would be called, with which arguments, and the buttons that answer.
//
// Each answer carries run, call, hash and the one-time nonce of exactly this question. A question whose nonce has not
// come (the kernel has not heard this view, or cannot before the cell ends) has no buttons.
import { argumentTable, EFFECTS } from "./values";
import { h, icon, on, setAttributes, setText } from "../common/dom";
import { type Editor, editor, type Reading } from "./editor";
import type { Question, Say } from "./events";
import type { StepRow } from "./state";

export interface Card {
  element: HTMLElement;
  /** The version of the row that is drawn. */
  version: number;
  dispose(): void;
}

/** What a card needs to know of a call. */
export type CallRow = Pick<
  StepRow,
  "name" | "call_id" | "call_hash" | "nonce" | "effect" | "about" | "arguments" | "partial" | "version"
>;

type Answer = (message: Say, words: string) => void;

interface Control {
  elements: HTMLElement[];
  lock(): void;
  dispose(): void;
}

export function card(run_id: string, row: CallRow, say: (message: Say) => void): Card {
  const question: Question = { run_id, call_id: row.call_id, call_hash: row.call_hash, nonce: row.nonce };
  const body = h("div", { class: "vnb-approval-body" }, argumentTable(row.arguments));
  const status = h("div", { class: "vnb-status", role: "status" });
  const controls = row.nonce ? buttons(row, question, body, status, say) : elsewhere(question);
  const element = h(
    "div",
    { class: "vnb-approval", role: "group", "aria-label": `${row.name} asks to run`, tabindex: -1, "data-call": row.call_id },
    ...[head(row), ...about(row), body, ...controls.elements, status],
  );
  return { element, version: row.version, dispose: controls.dispose };
}

function head(row: CallRow): HTMLElement {
  const element = h("div", { class: "vnb-approval-head" }, icon("waiting"), h("span", {}, h("code", {}, row.name), " asks to run"));
  const words = EFFECTS[row.effect] ?? row.effect;
  if (words) element.append(h("span", { class: "vnb-badge", "data-effect": row.effect }, words));
  return element;
}

function about(row: CallRow): HTMLElement[] {
  const partly = row.partial ? "The arguments are too long to be shown whole, and cannot be edited here." : "";
  return [row.about, partly].filter((words) => words).map((words) => h("div", { class: "vnb-words" }, words));
}

function elsewhere({ run_id, call_id }: Question): Control {
  const words = h("code", {}, `victor approve ${run_id} ${call_id}`);
  const hint = h("div", { class: "vnb-faint" }, "Answer where you are asked, or elsewhere: ", words);
  return { elements: [hint], lock: () => undefined, dispose: () => undefined };
}

function buttons(
  row: CallRow,
  question: Question,
  body: HTMLElement,
  status: HTMLElement,
  say: (message: Say) => void,
): Control {
  const answer: Answer = (message, words) => {
    for (const part of parts) part.lock();
    setText(status, words);
    say(message);
  };
  const yes = approval(row, question, body, status, answer);
  const no = denial(question, answer);
  const parts = [yes, no];
  const [reason, ...deny] = no.elements;
  const element = h("div", { class: "vnb-buttons" }, ...yes.elements, ...deny);
  return {
    elements: [reason as HTMLElement, element],
    lock: () => undefined,
    dispose: () => parts.forEach((part) => part.dispose()),
  };
}

/** Approve, with the arguments as the model or as the person wrote them. */
function approval(row: CallRow, question: Question, body: HTMLElement, status: HTMLElement, answer: Answer): Control {
  const approve = button("Approve", "vnb-primary");
  const edit = button("Edit arguments");
  const canEdit = !row.partial && Object.keys(row.arguments).length > 0;
  let open: Editor | null = null;
  const toggle = () => {
    open = open ? null : editor(row.name, row.arguments);
    body.replaceChildren(open ? open.element : argumentTable(row.arguments));
    open?.focus();
    setText(edit, open ? "Undo edits" : "Edit arguments");
    setText(approve, open ? "Approve edited" : "Approve");
    setText(status, "");
  };
  const send = () => {
    const given: Reading | Record<string, never> = open ? open.read() : {};
    if ("error" in given) setText(status, given.error);
    else answer({ kind: "approve", ...question, ...given }, "Approved; telling the kernel…");
  };
  const removals = [on(approve, "click", send), on(edit, "click", toggle)];
  return {
    elements: canEdit ? [approve, edit] : [approve],
    lock: () => {
      approve.disabled = edit.disabled = true;
      open?.lock();
    },
    dispose: () => removals.forEach((remove) => remove()),
  };
}

/** Deny, at once or with a reason that the model reads; its first element is the place for the reason. */
function denial(question: Question, answer: Answer): Control {
  const deny = button("Deny", "vnb-danger");
  const why = button("Deny with reason…");
  const reason = h("input", { type: "text", placeholder: "The model is told this" });
  const host = h("label", { class: "vnb-reason", hidden: true }, h("span", { class: "vnb-arg" }, "reason"), reason);
  why.setAttribute("aria-expanded", "false");
  let isOpen = false;
  const toggle = (open: boolean) => {
    isOpen = open;
    host.hidden = !open;
    why.setAttribute("aria-expanded", String(open));
    setText(why, open ? "No reason" : "Deny with reason…");
    (open ? reason : why).focus();
  };
  const send = () => {
    const message = isOpen ? reason.value.trim() : "";
    answer(message ? { kind: "deny", ...question, message } : { kind: "deny", ...question }, "Denied; telling the kernel…");
  };
  const removals = [
    on(deny, "click", send),
    on(why, "click", () => toggle(!isOpen)),
    on(reason, "keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) send();
      else if (event.key === "Escape") {
        event.preventDefault(); // it closes the reason, and not what is around it
        toggle(false);
      }
    }),
  ];
  return {
    elements: [host, why, deny],
    lock: () => [deny, why, reason].forEach((each) => setAttributes(each, { disabled: true })),
    dispose: () => removals.forEach((remove) => remove()),
  };
}

function button(label: string, look = ""): HTMLButtonElement {
  return h("button", { type: "button", class: `vnb-button ${look}`.trim() }, label);
}
