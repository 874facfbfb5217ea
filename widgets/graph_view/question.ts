// One question of a workflow to a person: what is asked, and fields and buttons to answer with.
//
// An answer carries the one-time nonce of exactly this question. Where no nonce has come the kernel cannot hear this
// view, and the command is named instead.
import { h, on, setAttributes, setText } from "../common/dom";
import { valueNode } from "../run_view/values";
import type { Json } from "../run_view/events";
import { type Field, type Form, formOf, type NamedField, optionWords, read, readAll, saidBy } from "./answering";
import type { Ask, Say } from "./wire";

/** After this long without a sign of the kernel the command is named. */
const SILENT_MS = 6_000;
const MOST_BUTTONS = 8;

export interface Question {
  element: HTMLElement;
  /** Say why the answer does not count. */
  refuse(why: string): void;
  dispose(): void;
}

interface Given {
  run_id: string;
  ask: Ask;
  nonce: string;
  command: string;
  say(message: Say): void;
}

type Send = (value: Json) => void;
interface Inputs {
  elements: HTMLElement[];
  removals: (() => void)[];
  controls: (HTMLElement & { disabled: boolean })[];
}

export function question({ run_id, ask, nonce, command, say }: Given): Question {
  const status = h("div", { class: "vnb-status", role: "status" });
  let timer = 0;
  const onward = () => h("div", { class: "vnb-faint" }, "Answer with: ", h("code", {}, command));
  const send: Send = (value) => {
    const hadFocus = element.contains(document.activeElement);
    for (const control of inputs.controls) control.disabled = true;
    if (hadFocus) element.focus(); // a disabled control would drop the keyboard
    setText(status, "Telling the kernel…");
    timer = window.setTimeout(() => status.replaceChildren("The kernel does not answer. ", onward()), SILENT_MS);
    say({ kind: "answer", run_id, call_id: ask.id, call_hash: "", nonce, value });
  };
  const inputs = nonce ? inputsFor(formOf(ask), ask, send, status) : { elements: [onward()], removals: [], controls: [] };
  const label = ask.when === "inside" ? "Question" : `Go on ${ask.when} this node?`;
  const attributes = { class: "vnb-approval vng-question", role: "group", "aria-label": label, tabindex: -1, "data-ask": ask.id };
  const element = h("div", attributes, ...asked(ask), ...inputs.elements, status);
  return {
    element,
    refuse(why) {
      window.clearTimeout(timer);
      for (const control of inputs.controls) control.disabled = true;
      setText(status, why);
    },
    dispose() {
      window.clearTimeout(timer);
      for (const remove of inputs.removals) remove();
    },
  };
}

function asked(ask: Ask): HTMLElement[] {
  const { words, more, refused } = saidBy(ask.when === "inside" ? ask.value : `The run was told to wait ${ask.when} this node.`);
  return [
    ...(words ? [h("div", { class: "vng-asked" }, words)] : []),
    ...(Object.keys(more).length ? [valueNode(Object.keys(more).join() === "inputs" ? (more["inputs"] ?? null) : more)] : []),
    ...(refused ? [h("div", { class: "vng-refused" }, refused)] : []),
  ];
}

function inputsFor(form: Form, ask: Ask, send: Send, status: HTMLElement): Inputs {
  if (form.kind === "go") return buttons([{ words: "Go on", value: true }], send);
  if (form.kind === "object") return fields(form.fields, send, status);
  const { field } = form;
  if (field.kind !== "choice") return oneField(field, send, status);
  const isCall = typeof ask.value === "object" && ask.value !== null && "tool" in ask.value;
  const options = field.options.map((value) => ({ words: optionWords(value, isCall), value }));
  return options.length <= MOST_BUTTONS ? buttons(options, send) : oneChoice(options, send);
}

function buttons(options: { words: string; value: Json }[], send: Send): Inputs {
  const made = options.map(({ words, value }, at) => ({ value, button: button(words, at === 0 ? "vnb-primary" : "") }));
  return {
    elements: [h("div", { class: "vnb-buttons" }, ...made.map(({ button }) => button))],
    removals: made.map(({ value, button }) => on(button, "click", () => send(value))),
    controls: made.map(({ button }) => button),
  };
}

function oneChoice(options: { words: string; value: Json }[], send: Send): Inputs {
  const select = h("select", { "aria-label": "Answer" }, ...options.map(({ words }, at) => h("option", { value: at }, words)));
  const answer = button("Answer", "vnb-primary");
  return {
    elements: [select, h("div", { class: "vnb-buttons" }, answer)],
    removals: [on(answer, "click", () => send(options[select.selectedIndex]?.value ?? null))],
    controls: [select, answer],
  };
}

function oneField(field: Field, send: Send, status: HTMLElement): Inputs {
  const hint = { any: "Text, or JSON", json: "JSON", lines: "One on each line", text: "", number: "", choice: "" }[field.kind];
  const input = writing(field, "Answer", "");
  const answer = button("Answer", "vnb-primary");
  const submit = () => {
    const reading = read(field, input.value);
    setAttributes(input, { "aria-invalid": "wrong" in reading ? "true" : undefined });
    if ("value" in reading) return send(reading.value);
    setText(status, `The answer ${reading.wrong}; nothing was sent.`);
    input.focus();
  };
  return {
    elements: [input, h("div", { class: "vnb-buttons" }, answer, h("span", { class: "vng-hint" }, hint))],
    removals: [on(answer, "click", submit), onEnter(input, submit)],
    controls: [input, answer],
  };
}

let made = 0;

function fields(named: NamedField[], send: Send, status: HTMLElement): Inputs {
  const inputs = named.map((one) => (one.field.kind === "choice" ? choosing(one) : prefilled(one)));
  const answer = button("Answer", "vnb-primary");
  const submit = () => {
    const reading = readAll(named, inputs.map((input) => input.value));
    for (const [at, input] of inputs.entries()) setAttributes(input, { "aria-invalid": "at" in reading && reading.at === at ? "true" : undefined });
    if ("value" in reading) return send(reading.value);
    setText(status, `${reading.wrong}; nothing was sent.`);
    inputs[reading.at]?.focus();
  };
  const rows = named.flatMap((one, at) => {
    const input = inputs[at] as HTMLElement;
    input.id = `vng-field-${(made += 1)}`;
    return [h("label", { class: "vnb-arg", for: input.id, title: one.label }, one.name + (one.isRequired ? " *" : "")), input];
  });
  return {
    elements: [h("div", { class: "vnb-args vnb-fields vnb-approval-body" }, ...rows), h("div", { class: "vnb-buttons" }, answer)],
    removals: [on(answer, "click", submit), ...inputs.map((input) => onEnter(input, submit))],
    controls: [...inputs, answer],
  };
}

function choosing({ field, isRequired, default: preset }: NamedField): HTMLSelectElement {
  const options = field.kind === "choice" ? field.options : [];
  const written = JSON.stringify(preset);
  const none = isRequired && preset === undefined ? [h("option", { value: "" }, "choose…")] : isRequired ? [] : [h("option", { value: "" }, "")];
  const made = options.map((one) => h("option", { value: JSON.stringify(one), selected: JSON.stringify(one) === written }, optionWords(one, false)));
  return h("select", {}, ...none, ...made);
}

function prefilled({ name, field, default: preset }: NamedField): HTMLInputElement | HTMLTextAreaElement {
  const input = writing(field, name, field.kind === "json" ? "JSON" : field.kind === "lines" ? "One on each line" : "");
  if (preset !== undefined && preset !== null) {
    input.value = typeof preset === "string" ? preset : field.kind === "lines" && Array.isArray(preset) ? preset.join("\n") : JSON.stringify(preset);
  }
  return input;
}

function writing(field: Field, label: string, placeholder: string): HTMLInputElement | HTMLTextAreaElement {
  if (field.kind === "number") return h("input", { type: "number", step: field.isWhole ? 1 : "any", "aria-label": label });
  return h("textarea", { rows: field.kind === "text" || field.kind === "any" ? 2 : 4, spellcheck: "false", "aria-label": label, placeholder });
}

/** Enter answers from one line, and Ctrl or Command with Enter from several. */
function onEnter(input: HTMLElement, submit: () => void): () => void {
  return on(input, "keydown", (event) => {
    const isOneLine = input instanceof HTMLInputElement;
    if (event.key !== "Enter" || event.isComposing || !(isOneLine || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    submit();
  });
}

function button(label: string, look = ""): HTMLButtonElement {
  return h("button", { type: "button", class: `vnb-button ${look}`.trim() }, label);
}
