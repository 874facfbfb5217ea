// The browser's fold and words are those of Python: the same events give the same summary.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { advance, takeOffers } from "../../widgets/run_view/fold";
import { detail, facts, stateWords, title, took, trouble } from "../../widgets/run_view/rows";
import { emptyRun, pending, toJson } from "../../widgets/run_view/state";

declare const FIXTURES: string;

const runs = readdirSync(FIXTURES).filter((name) => name.startsWith("run_"));

function fixture(name: string) {
  return JSON.parse(readFileSync(join(FIXTURES, name), "utf8"));
}

function told(events: any[]) {
  const run = emptyRun();
  for (const event of events) advance(run, event);
  return run;
}

test("there are runs to compare", () => assert.ok(runs.length >= 7));

for (const name of runs) {
  test(`${name} has the summary that Python gives`, () => {
    const { events, summary } = fixture(name);

    assert.deepEqual(toJson(told(events)), summary);
  });

  test(`${name} is told in the words of Python`, () => {
    const { events, words } = fixture(name);
    const run = told(events);

    assert.equal(stateWords(run), words.state);
    assert.deepEqual(facts(run), words.facts);
    assert.deepEqual(trouble(run), words.trouble);
    assert.deepEqual(
      run.steps.map((row) => [title(row), detail(row), took(row)]),
      words.rows,
    );
  });

  test(`${name} stays the same when everything comes twice`, () => {
    const stored = fixture(name).events.filter((event: any) => event.seq);

    assert.deepEqual(toJson(told([...stored, ...stored])), toJson(told(stored)));
  });
}

test("an offer gives its nonce to the question it is about, and is gone once that is decided", () => {
  const { events } = fixture("run_decided.json");
  const asked = events.findIndex((event: any) => event.type === "approval.requested");
  const run = told(events.slice(0, asked + 1));
  const about = { call_id: "call-9", call_hash: "5f0c9a" };
  assert.deepEqual(pending(run).map((row) => [row.call_id, row.nonce]), [["call-9", ""]]);

  takeOffers(run, [{ ...about, call_hash: "another", nonce: "no" }, { ...about, nonce: "once" }]);
  assert.deepEqual(pending(run).map((row) => row.nonce), ["once"]);
  for (const event of events.slice(asked + 1)) advance(run, event);

  assert.deepEqual(pending(run), []);
});

test("a message of offers, even an empty one, means that the kernel hears us", () => {
  const run = told(fixture("run_waiting.json").events);
  assert.equal(run.heard, false);

  takeOffers(run, []);

  assert.equal(run.heard, true);
});

test("an offer that comes twice leaves the question's row as it is drawn", () => {
  const run = told(fixture("run_waiting.json").events);
  const offer = { call_id: "call-9", call_hash: "5f0c9a", nonce: "once" };
  takeOffers(run, [offer]);
  const drawn = pending(run)[0]?.version;

  takeOffers(run, [offer]);

  assert.equal(pending(run)[0]?.version, drawn);
});

test("the end of a run closes its open questions", () => {
  const run = told(fixture("run_waiting.json").events);
  assert.equal(run.state, "waiting");

  advance(run, { run_id: run.run_id, seq: 99, time: run.started + 2, type: "run.stopped", step_id: "", parent_id: "", replayed: false, data: {} });

  assert.deepEqual([run.state, pending(run).length], ["stopped", 0]);
});
