// The browser holds a prefix of the kernel's list: nothing is shown twice, and a gap is asked for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../../widgets/run_view/store";

function fakeModel() {
  const sent: any[] = [];
  let hear: (message: any) => void = () => undefined;
  return {
    sent,
    deliver: (message: any) => hear(message),
    on: (name: string, handle: (message: any) => void) => {
      if (name === "msg:custom") hear = handle;
    },
    off: () => {
      hear = () => undefined;
    },
    send: (message: any) => {
      sent.push(message);
    },
  };
}

function step(number: number) {
  const data = { kind: "tool", name: `tool ${number}`, ms: 1 };
  return { run_id: "r", seq: number, time: number, type: "step.finished", step_id: `s${number}`, parent_id: "", replayed: false, data };
}

function batch(from: number, ...numbers: number[]) {
  return { kind: "events", from, events: numbers.map(step) };
}

function names(store: ReturnType<typeof createStore>) {
  return store.run.steps.map((row) => row.name);
}

test("batches that overlap are shown once", () => {
  const model = fakeModel();
  const store = createStore(model);

  model.deliver(batch(0, 1, 2));
  model.deliver(batch(0, 1, 2, 3));
  model.deliver(batch(2, 3, 4));

  assert.deepEqual(names(store), ["tool 1", "tool 2", "tool 3", "tool 4"]);
});

test("a gap is asked for once, and filled", () => {
  const model = fakeModel();
  const store = createStore(model);
  model.deliver(batch(0, 1));

  model.deliver(batch(2, 3));
  model.deliver(batch(3, 4));
  assert.deepEqual(model.sent, [{ kind: "hello", have: 1 }]);
  model.deliver(batch(1, 2, 3, 4));

  assert.deepEqual(names(store), ["tool 1", "tool 2", "tool 3", "tool 4"]);
});

test("listeners hear of news only, and not after they left", () => {
  const model = fakeModel();
  const store = createStore(model);
  let heard = 0;
  const leave = store.subscribe(() => (heard += 1));

  model.deliver(batch(0, 1));
  model.deliver(batch(0, 1));
  model.deliver({ kind: "something else" });
  leave();
  model.deliver(batch(1, 2));

  assert.equal(heard, 1);
});

test("a disposed store hears nothing", () => {
  const model = fakeModel();
  const store = createStore(model);

  store.dispose();
  model.deliver(batch(0, 1));

  assert.deepEqual(names(store), []);
});
