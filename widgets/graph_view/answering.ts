// Which form an answer has, from the JSON Schema of the question, and how what was typed is read. Pure functions.
//
// A schema is what pydantic makes of a type. What it cannot say here is JSON; the kernel checks every answer anyway.
import type { Fields, Json } from "../run_view/events";
import type { Ask } from "./wire";

export type Field =
  | { kind: "choice"; options: Json[] }
  | { kind: "number"; isWhole: boolean }
  | { kind: "text" }
  | { kind: "lines" }
  | { kind: "json" }
  | { kind: "any" };

export interface NamedField {
  name: string;
  label: string;
  isRequired: boolean;
  default: Json | undefined;
  field: Field;
}

/** To go on, one value, or one value for each of several names. */
export type Form = { kind: "go" } | { kind: "value"; field: Field } | { kind: "object"; fields: NamedField[] };

export type Reading = { value: Json } | { wrong: string };

type Schema = { [key: string]: any };

export function formOf(ask: Ask): Form {
  if (ask.when !== "inside") return { kind: "go" };
  const choices = isFields(ask.value) ? ask.value["choices"] : undefined;
  if (Array.isArray(choices) && choices.length) return { kind: "value", field: { kind: "choice", options: choices } };
  if (!ask.schema) return { kind: "value", field: { kind: "any" } };
  const schema = resolved(ask.schema, ask.schema);
  if (schema["type"] !== "object" || !isFields(schema["properties"])) return { kind: "value", field: fieldOf(schema, ask.schema) };
  const required: string[] = schema["required"] ?? [];
  const fields = Object.entries(schema["properties"] as { [name: string]: Schema }).map(([name, given]) => ({
    name,
    label: given["description"] ?? "",
    isRequired: required.includes(name),
    default: given["default"],
    field: fieldOf(given, ask.schema as Schema),
  }));
  return { kind: "object", fields };
}

function fieldOf(given: Schema, whole: Schema): Field {
  const schema = resolved(given, whole);
  if (Array.isArray(schema["enum"])) return { kind: "choice", options: schema["enum"] };
  if ("const" in schema) return { kind: "choice", options: [schema["const"]] };
  if (schema["type"] === "boolean") return { kind: "choice", options: [true, false] };
  if (schema["type"] === "integer" || schema["type"] === "number") return { kind: "number", isWhole: schema["type"] === "integer" };
  if (schema["type"] === "string") return { kind: "text" };
  if (schema["type"] === "array" && schema["items"]?.type === "string") return { kind: "lines" };
  return { kind: "json" };
}

/** Follow references into the definitions, and look through "or nothing". */
function resolved(schema: Schema, whole: Schema, deep = 8): Schema {
  const reference = typeof schema["$ref"] === "string" ? schema["$ref"].match(/^#\/\$defs\/(.+)$/) : null;
  if (reference && deep) return resolved(whole["$defs"]?.[reference[1] as string] ?? {}, whole, deep - 1);
  const others = (schema["anyOf"] as Schema[] | undefined)?.filter((one) => one["type"] !== "null");
  return others?.length === 1 && deep ? resolved(others[0] as Schema, whole, deep - 1) : schema;
}

/** Read one typed value. */
export function read(field: Field, written: string): Reading {
  const words = written.trim();
  if (field.kind === "text") return { value: written };
  if (field.kind === "lines") return { value: written.split("\n").map((line) => line.trim()).filter(Boolean) };
  if (field.kind === "number") {
    const number = Number(words);
    const fits = words !== "" && Number.isFinite(number) && (!field.isWhole || Number.isInteger(number));
    return fits ? { value: number } : { wrong: `must be a ${field.isWhole ? "whole number" : "number"}` };
  }
  const value = parsed(words);
  if (field.kind === "any") return words ? { value: value === undefined ? written : value } : { wrong: "is empty" };
  return value === undefined ? { wrong: "must be JSON (a text needs its quotes)" } : { value };
}

/** Read the fields of an object; one that is empty is left out, unless it is needed. */
export function readAll(fields: NamedField[], written: string[]): { value: Fields } | { wrong: string; at: number } {
  const value: Fields = {};
  for (const [at, field] of fields.entries()) {
    const typed = written[at] ?? "";
    if (!typed.trim()) {
      if (field.isRequired) return { wrong: `${field.name} is needed`, at };
      continue;
    }
    const reading = field.field.kind === "choice" ? { value: JSON.parse(typed) as Json } : read(field.field, typed);
    if ("wrong" in reading) return { wrong: `${field.name} ${reading.wrong}`, at };
    value[field.name] = reading.value;
  }
  return { value };
}

/** How a choice is written on its button. */
export function optionWords(option: Json, asksForCall: boolean): string {
  if (option === true) return asksForCall ? "Approve" : "Yes";
  if (option === false) return asksForCall ? "Deny" : "No";
  return typeof option === "string" ? option : JSON.stringify(option);
}

/** What a question says: its words, what else it shows, and why the answer before was not taken. */
export function saidBy(value: Json): { words: string; more: Fields; refused: string } {
  if (typeof value === "string") return { words: value, more: {}, refused: "" };
  if (!isFields(value)) return { words: value === null ? "" : JSON.stringify(value), more: {}, refused: "" };
  const { choices: _choices, prompt, question, because, "not accepted": before, ...more } = value;
  const words = [prompt, question].filter((part): part is string => typeof part === "string");
  const others = [prompt, question].some((part) => part !== undefined && typeof part !== "string");
  const refused = because === undefined ? "" : `${JSON.stringify(before ?? null)} was not accepted: ${because}`;
  return { words: words.join(" "), more: others ? { ...more, question: question ?? prompt ?? null } : more, refused };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(written: string): Json | undefined {
  try {
    return JSON.parse(written) as Json;
  } catch {
    return undefined;
  }
}
