// The shapes of the live charts, from their values.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, HEIGHT, lines } from "../../widgets/metrics_view/shapes";
import type { Chart } from "../../widgets/metrics_view/wire";

function chart(form: Chart["form"], peak: number, ...values: (number | null)[][]): Chart {
  const series = values.map((own, place) => {
    return { name: `s${place}`, tone: `tone${place}`, values: own, total: "", highest: "", last: "" };
  });
  return { key: "k", title: "t", form, said: "", peak, peak_text: "", series };
}

test("bars of several series stand upon each other", () => {
  const found = bars(chart("bars", 4, [1, 0, 2], [3, 1, null]));

  assert.deepEqual(
    found.map(({ x, y, height, tone }) => [x, y, height, tone]),
    [
      [0, 75, 25, "tone0"],
      [2, 50, 50, "tone0"],
      [0, 0, 75, "tone1"],
      [1, 75, 25, "tone1"],
    ],
  );
});

test("a line is broken where there is no value, and a lonely value is a dash", () => {
  const [line] = lines(chart("line", 10, [null, 10, 5, null, 0]));

  assert.equal(line?.path, `M1.5 0L2.5 50M4.1 ${HEIGHT}h0.8`);
});

test("nothing is drawn of nothing", () => {
  assert.deepEqual(bars(chart("bars", 0, [0, 0])), []);
  assert.equal(lines(chart("line", 0, [0, 0]))[0]?.path, "M0.5 100L1.5 100");
  assert.equal(lines(chart("line", 0, []))[0]?.path, "");
});

test("lines are told apart without colour", () => {
  const strokes = lines(chart("line", 1, [1], [1], [1])).map((line) => line.stroke);

  assert.equal(new Set(strokes).size, 3);
});
