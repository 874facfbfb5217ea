// The pure parts of the live graph: where one looks, where the arrow keys lead, what is said, and the message store.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fitted, held, moved, opened, overlaps, seen, showing, zoomed } from "../../widgets/graph_view/camera";
import { next } from "../../widgets/graph_view/steering";
import { createStore } from "../../widgets/graph_view/store";
import type { Model } from "../../widgets/common/widget";
import type { Box, Graph, NodeState, Route, Say } from "../../widgets/graph_view/wire";
import { facts, fitting, sentence, toneOf, wordsOf } from "../../widgets/graph_view/words";

const VIEW = { width: 800, height: 400 };

function box(path: string, x: number, y: number, kind = "function"): Box {
  return { path, kind, name: path, words: kind, about: "", x, y, width: 100, height: 40, is_frame: false };
}

function route(source: string, target: string): Route {
  const line = { line: "", head: "", label: "", label_width: 0, label_at: null };
  return { source, target, is_conditional: false, ...line, bounds: [0, 0, 0, 0] };
}

function graph(): Graph {
  const boxes = [box("a", 200, 0), box("b", 100, 100), box("c", 300, 100), box("d", 190, 200), box("x", 210, 100)];
  const routes = [route("a", "b"), route("a", "c"), route("b", "d"), route("c", "d")];
  return { name: "g", width: 400, height: 240, boxes, routes, icons: {}, signs: {} };
}

function node(more: Partial<NodeState> = {}): NodeState {
  const values = { inputs: null, result: null, error: null, asks: [], events: [] };
  return { path: "a", state: "done", runs: 1, open: 0, began: 0, ms: 1200, attempts: 1, ...values, replayed: false, ...more };
}

test("the whole drawing fits, in the middle and never larger than drawn", () => {
  const part = seen(fitted({ width: 4000, height: 1000 }, VIEW), VIEW);
  assert.ok(part.x <= 0 && part.x + part.width >= 4000);
  assert.ok(Math.abs(part.y + part.height / 2 - 500) < 1e-9);
  assert.equal(fitted({ width: 10, height: 10 }, VIEW).scale, 1);
});

test("a long drawing opens at its top, large enough to be read", () => {
  const camera = opened({ width: 300, height: 9000 }, VIEW, box("a", 100, 0));
  assert.equal(camera.y, 0);
  assert.equal(camera.scale, 1);
});

test("a wide drawing opens around its first node", () => {
  const camera = opened({ width: 90000, height: 300 }, VIEW, box("a", 70000, 0));
  const part = seen(camera, VIEW);
  assert.ok(part.x < 70000 && part.x + part.width > 70100);
});

test("zooming keeps the point under the pointer", () => {
  const before = { x: 10, y: 20, scale: 1 };
  const after = zoomed(before, 2, { x: 100, y: 50 });
  assert.deepEqual([after.x + 100 / after.scale, after.y + 50 / after.scale], [110, 70]);
});

test("nobody gets lost beside the drawing", () => {
  const camera = held(moved({ x: 0, y: 0, scale: 1 }, 99999, 99999), { width: 400, height: 240 }, VIEW);
  assert.ok(overlaps(seen(camera, VIEW), { x: 0, y: 0, width: 400, height: 240 }));
});

test("a node is brought into view, and one that is there moves nothing", () => {
  const camera = { x: 0, y: 0, scale: 1 };
  assert.deepEqual(showing(camera, box("a", 300, 100), VIEW), camera);
  const part = seen(showing(camera, box("a", 2000, 100), VIEW), VIEW);
  assert.ok(part.x <= 2000 && part.x + part.width >= 2100);
});

test("up and down follow edges, left and right go to the neighbour", () => {
  const all = graph();
  const at = (path: string) => all.boxes.find((one) => one.path === path) as Box;
  assert.equal(next(all, at("a"), "down")?.path, "b");
  assert.equal(next(all, at("d"), "up")?.path, "b");
  assert.equal(next(all, at("b"), "right")?.path, "x");
  assert.equal(next(all, at("a"), "up"), null);
});

test("a state is said in the words of the report", () => {
  assert.equal(wordsOf(node()), "1.2 s");
  assert.equal(wordsOf(node({ runs: 3, attempts: 2 })), "3 times · 1.2 s · 2 attempts");
  assert.equal(wordsOf(node({ state: "running", began: 100, open: 2 }), 102), "running 2.0 s · 2 at once");
  assert.equal(wordsOf(node({ state: "waiting" })), "waiting for an answer");
  assert.equal(toneOf(undefined), "");
  assert.equal(fitting("a sentence that is too long for its box", 160), "a sentence that is…");
});

test("a screen reader hears what a node is, how it fares and where it leads", () => {
  const said = sentence({ ...box("plan", 0, 0, "agent"), about: "Splits it" }, node(), ["search"]);
  assert.equal(said, "plan, agent, done in 1.2 s, Splits it, leads to search");
});

test("the header counts nodes and not the pills at the ends", () => {
  const all = graph();
  all.boxes.push(box("__start__", 0, 0, "start"));
  const run = { run_id: "r", name: "g", state: "running", seconds: 1, updated: 1, superstep: 1, error: null, command: "" };
  assert.deepEqual(facts(all, run, new Map([["a", node()]]), 1.5), ["1 of 5 nodes done", "1.5 s"]);
});

function model() {
  const handles = new Set<(message: any) => void>();
  const sent: Say[] = [];
  const made: Model<Say> = {
    on: (name, handle) => name === "msg:custom" && handles.add(handle),
    off: (_name, handle) => handles.delete(handle),
    send: (message) => sent.push(message),
  };
  return { made, sent, deliver: (message: unknown) => handles.forEach((handle) => handle(message)), handles };
}

test("the store takes changes in order and asks for everything when one is missing", () => {
  const { made, sent, deliver, handles } = model();
  const store = createStore(made);
  const run = { run_id: "r", name: "g", state: "running", seconds: 1, updated: 1, superstep: 1, error: null, command: "" };
  deliver({ kind: "graph", graph: graph() });
  deliver({ kind: "nodes", from: 0, to: 1, run, nodes: [node()] });
  deliver({ kind: "nodes", from: 1, to: 2, run, nodes: [node({ state: "failed" })] });
  assert.equal(store.nodes.get("a")?.state, "failed");
  deliver({ kind: "nodes", from: 3, to: 4, run, nodes: [node()] });
  deliver({ kind: "nodes", from: 4, to: 5, run, nodes: [node()] });
  assert.deepEqual(sent, [{ kind: "hello" }]);
  assert.equal(store.nodes.get("a")?.state, "failed");
  deliver({ kind: "nodes", from: 0, to: 5, run, nodes: [node()] });
  assert.equal(store.nodes.get("a")?.state, "done");
  store.dispose();
  assert.equal(handles.size, 0);
});
