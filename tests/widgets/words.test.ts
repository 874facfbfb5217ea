// Numbers, previews and Markdown read the same in the browser and in Python.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { blocks } from "../../widgets/run_view/markdown";
import * as wording from "../../widgets/run_view/wording";

declare const FIXTURES: string;

const words: { [name: string]: (given: any) => string } = {
  duration: wording.duration,
  count: wording.count,
  plural: ([number, noun]) => wording.plural(number, noun),
  tokens: ([given, answered]) => wording.tokens(given, answered),
  cost: wording.cost,
  clip: ([text, limit]) => wording.clip(text, limit),
  one_line: wording.oneLine,
  without_marks: wording.withoutMarks,
  preview: (value) => wording.preview(value),
  arguments: (values) => wording.argumentList(values),
};
const cases = JSON.parse(readFileSync(join(FIXTURES, "wording.json"), "utf8"));

for (const [name, pairs] of Object.entries<[any, string][]>(cases)) {
  for (const [given, said] of pairs) {
    test(`${name} of ${JSON.stringify(given).slice(0, 60)} is ${said.slice(0, 40)}`, () => {
      assert.equal(words[name]?.(given), said);
    });
  }
}

for (const { text, blocks: parsed } of JSON.parse(readFileSync(join(FIXTURES, "markdown.json"), "utf8"))) {
  test(`Markdown ${JSON.stringify(text).slice(0, 50)} parses as in Python`, () => {
    assert.deepEqual(blocks(text), parsed);
  });
}
