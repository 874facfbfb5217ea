// What is said of a notebook while it is executed; the same as victor_nb/views/pipeline_state.py says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { doneOf, leftS, memory, notebookWords, rough, slowWords, used } from "../../widgets/graph_view/notebooks";
import type { NodeState, Notebook } from "../../widgets/graph_view/wire";
import { wordsOf } from "../../widgets/graph_view/words";

function running(more: Partial<Notebook> = {}, state = "running"): NodeState {
  const notebook: Notebook = {
    ...{ file: "train.ipynb", output: "", position: 3, cells: 4, code: "fit()", began: 100, text: "", slow: [] },
    ...{ usual_s: 8, usual_cell_s: 2, usual_rest_s: 2, cpu_percent: null, memory_bytes: null },
    ...more,
  };
  const values = { inputs: null, result: null, error: null, asks: [], events: [] };
  return { path: "train", state, runs: 0, open: 1, began: 96, ms: 0, attempts: 1, ...values, replayed: false, notebook };
}

test("a running notebook says its cell and what is left", () => {
  assert.equal(notebookWords(running(), 101), "cell 3 of 4 · 3 s left");
  assert.equal(notebookWords(running({ usual_cell_s: 0, usual_s: 0 }), 101), "cell 3 of 4");
  assert.equal(wordsOf(running(), 101), "cell 3 of 4 · 3 s left");
});

test("before the first cell, and after the last, nothing is said of cells", () => {
  assert.equal(notebookWords(running({ position: 0 }), 101), "");
  assert.equal(notebookWords(running({}, "done"), 101), "");
});

test("an overdue cell has nothing left but what comes after it", () => {
  assert.equal(leftS(running(), 150), 2);
  assert.equal(leftS(running({ usual_cell_s: 0 }), 97), 7);
});

test("a cell that takes longer than usual is named", () => {
  assert.equal(slowWords(running(), 102.2), "");
  assert.equal(slowWords(running(), 102.86), "43 % slower than usual: cell 3 of train.ipynb");
  assert.equal(slowWords(running({ usual_cell_s: 0.1 }), 100.4), "");
  assert.equal(slowWords(running({ usual_cell_s: 0 }), 200), "");
});

test("a bar goes by usual times where they are known, else by cells", () => {
  assert.equal(doneOf(running(), 101), 1 - 3 / 8);
  assert.equal(doneOf(running({ usual_cell_s: 0, usual_s: 0 }), 101), 2 / 4);
});

test("sizes and guesses are rough", () => {
  assert.equal(used(running({ cpu_percent: 98.4, memory_bytes: 412 * 2 ** 20 }).notebook), "CPU 98 % · 412 MB");
  assert.equal(used(running().notebook), "");
  assert.equal(memory(3.26 * 2 ** 30), "3.3 GB");
  assert.deepEqual([rough(0.2), rough(12.4), rough(185)], ["1 s", "13 s", "3 min 05 s"]);
});
