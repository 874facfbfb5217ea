// Fields in which a person changes the arguments of a call: a text as it is, everything else as JSON.
import { h, setAttributes } from "../common/dom";
import { type Fields, type Json } from "./events";
import { pretty } from "./wording";

const MOST_ROWS = 16;
let made = 0;

export type Reading = { arguments: Fields } | { error: string };

export interface Editor {
  element: HTMLElement;
  /** The arguments as they stand; if one of them is no JSON its field is marked and focused, and `error` says so. */
  read(): Reading;
  focus(): void;
  lock(): void;
}

interface Field {
  name: string;
  isText: boolean;
  area: HTMLTextAreaElement;
}

export function editor(tool: string, values: Fields): Editor {
  const fields = Object.entries(values).map(([name, value]) => field(name, value));
  const rows = fields.flatMap(({ name, area }) => [h("label", { class: "vnb-arg", for: area.id }, name), area]);
  const element = h("div", { class: "vnb-args vnb-fields", role: "group", "aria-label": `Arguments of ${tool}` }, ...rows);
  return {
    element,
    read: () => read(fields),
    focus: () => fields[0]?.area.focus(),
    lock: () => fields.forEach(({ area }) => (area.disabled = true)),
  };
}

function field(name: string, value: Json): Field {
  const isText = typeof value === "string";
  const written = pretty(value);
  const rows = Math.min(MOST_ROWS, written.split("\n").length);
  const id = `vnb-field-${(made += 1)}`;
  const area = h("textarea", { id, rows, spellcheck: "false", title: isText ? "text" : "JSON" });
  area.value = written;
  return { name, isText, area };
}

function read(fields: Field[]): Reading {
  const values: Fields = {};
  for (const { name, isText, area } of fields) {
    const value = isText ? area.value : parsed(area.value);
    setAttributes(area, { "aria-invalid": value === undefined ? "true" : undefined });
    if (value === undefined) {
      area.focus();
      return { error: `${name} must be JSON (a text needs its quotes); nothing was sent.` };
    }
    values[name] = value;
  }
  return { arguments: values };
}

function parsed(written: string): Json | undefined {
  try {
    return JSON.parse(written) as Json;
  } catch {
    return undefined;
  }
}
