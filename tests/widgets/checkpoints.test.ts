// The pure parts of the view of a history: what is said, what was changed by hand, and the message store.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../../widgets/checkpoint_view/store";
import type { Model } from "../../widgets/common/widget";
import type { Checkpoint, Say } from "../../widgets/checkpoint_view/wire";
import { heading, parsed, spoken, title } from "../../widgets/checkpoint_view/words";

const RUN = { run_id: "r1", name: "demo", status: "finished", parent: "", can_run: true, asks: [] };

function checkpoint(more: Partial<Checkpoint> = {}): Checkpoint {
  return { superstep: 1, time: 0, nodes: ["a", "b"], source: "nodes", label: "", run_id: "r1", ...more };
}

test("a checkpoint is called after what made it", () => {
  assert.equal(title(checkpoint()), "after a, b");
  assert.equal(title(checkpoint({ source: "input" })), "input");
  assert.equal(title(checkpoint({ source: "edit" })), "edited by hand");
  assert.equal(spoken(checkpoint(), 1, 3), "2 of 3: superstep 1, after a, b");
  assert.equal(heading(RUN, 1), "1 checkpoint of demo");
});

test("only keys that differ are changes", () => {
  assert.deepEqual(parsed('{"a": 1, "b": [2]}', { a: 1, b: [1] }), { update: { b: [2] } });
  assert.ok("wrong" in parsed('{"a": 1}', { a: 1 }));
  assert.ok("wrong" in parsed("{", {}));
  assert.ok("wrong" in parsed("[]", {}));
});

test("a state is asked for once, and one of another run is not taken", () => {
  const sent: Say[] = [];
  let hear: (message: any) => void = () => undefined;
  const model: Model<Say> = { on: (_name, handle) => void (hear = handle), off: () => undefined, send: (one) => sent.push(one) };
  const store = createStore(model);
  hear({ kind: "history", run: RUN, checkpoints: [checkpoint({ source: "input" }), checkpoint()] });
  assert.equal(store.state(1), null);
  assert.equal(store.state(1), null);
  assert.equal(store.state(7), null);
  assert.deepEqual(sent, [{ kind: "look", run_id: "r1", at: 1 }]);
  const state = { kind: "state", at: 1, state: { n: 1 }, changes: [], next: [] };
  hear({ ...state, run_id: "r0" });
  assert.equal(store.state(1), null);
  hear({ ...state, run_id: "r1" });
  assert.deepEqual(store.state(1)?.state, { n: 1 });
  hear({ kind: "history", run: { ...RUN, run_id: "r2" }, checkpoints: [checkpoint()] });
  assert.equal(store.state(0), null);
});
