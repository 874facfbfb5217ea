// The form of an answer to a workflow's question, and how what was typed is read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formOf, optionWords, read, readAll, saidBy } from "../../widgets/graph_view/answering";
import type { Json } from "../../widgets/run_view/events";
import type { Ask } from "../../widgets/graph_view/wire";

function ask(value: Json, schema: Ask["schema"] = null, when = "inside"): Ask {
  const call = { tool: "", effect: "", about: "", arguments: {}, call_hash: "", partial: false };
  return { id: "q", kind: "question", value, when, schema, ...call };
}

test("a run that was told to wait at a node needs only a word to go on", () => {
  assert.deepEqual(formOf(ask(null, null, "before")), { kind: "go" });
});

test("choices are buttons, from the question itself or from its schema", () => {
  const options = ["good", "bad"];
  assert.deepEqual(formOf(ask({ prompt: "How is it?", choices: options })), { kind: "value", field: { kind: "choice", options } });
  assert.deepEqual(formOf(ask("How?", { enum: options, type: "string" })), { kind: "value", field: { kind: "choice", options } });
  assert.deepEqual(formOf(ask("Sure?", { type: "boolean" })), { kind: "value", field: { kind: "choice", options: [true, false] } });
});

test("a model becomes a form: a field for each value, through references and options", () => {
  const schema = {
    type: "object",
    $defs: { Look: { enum: ["light", "dark"], type: "string" } },
    required: ["count", "look"],
    properties: {
      count: { type: "integer", description: "How many" },
      look: { $ref: "#/$defs/Look" },
      note: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
      names: { type: "array", items: { type: "string" } },
      more: { type: "object" },
    },
  };
  const form = formOf(ask("Fill in", schema));

  assert.equal(form.kind, "object");
  const fields = form.kind === "object" ? form.fields : [];
  assert.deepEqual(fields.map(({ field }) => field.kind), ["number", "choice", "text", "lines", "json"]);
  assert.deepEqual(fields.map(({ isRequired }) => isRequired), [true, true, false, false, false]);
  assert.equal(fields[0]?.label, "How many");
});

test("without a schema an answer is text, or JSON, as on the command line", () => {
  assert.deepEqual(formOf(ask("Which?")), { kind: "value", field: { kind: "any" } });
  assert.deepEqual(read({ kind: "any" }, "petals"), { value: "petals" });
  assert.deepEqual(read({ kind: "any" }, "42"), { value: 42 });
  assert.deepEqual(read({ kind: "any" }, '{"a": [1]}'), { value: { a: [1] } });
  assert.deepEqual(read({ kind: "any" }, "  "), { wrong: "is empty" });
});

test("what does not fit is told, and nothing is sent", () => {
  assert.deepEqual(read({ kind: "number", isWhole: true }, "1.5"), { wrong: "must be a whole number" });
  assert.deepEqual(read({ kind: "number", isWhole: false }, ""), { wrong: "must be a number" });
  assert.deepEqual(read({ kind: "json" }, "{a}"), { wrong: "must be JSON (a text needs its quotes)" });
  assert.deepEqual(read({ kind: "text" }, "42"), { value: "42" });
  assert.deepEqual(read({ kind: "lines" }, " a \n\nb"), { value: ["a", "b"] });
});

test("an empty field of a form is left out unless it is needed", () => {
  const common = { label: "", default: undefined };
  const fields = [
    { ...common, name: "count", isRequired: true, field: { kind: "number", isWhole: true } as const },
    { ...common, name: "note", isRequired: false, field: { kind: "text" } as const },
  ];
  assert.deepEqual(readAll(fields, ["3", ""]), { value: { count: 3 } });
  assert.deepEqual(readAll(fields, ["", "x"]), { wrong: "count is needed", at: 0 });
  assert.deepEqual(readAll(fields, ["x", ""]), { wrong: "count must be a whole number", at: 0 });
});

test("a question says its words, what else it shows, and why the answer before was not taken", () => {
  assert.deepEqual(saidBy("Which?"), { words: "Which?", more: {}, refused: "" });
  const again = saidBy({ prompt: "How is it?", choices: ["a"], inputs: { rows: 3 }, "not accepted": "c", because: "no" });
  assert.deepEqual(again, { words: "How is it?", more: { inputs: { rows: 3 } }, refused: '"c" was not accepted: no' });
});

test("yes and no are words for a question, and approval for a call", () => {
  assert.deepEqual([optionWords(true, false), optionWords(false, true), optionWords(7, false)], ["Yes", "Deny", "7"]);
});
