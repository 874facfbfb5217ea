// What a run looks like: one fold over its events. Mirrors victor_nb/views/summary.py, rule for rule; the runs in
// tests/views/fixtures/ hold both to the same answer. Nothing here touches the page or a clock.
import { isFields, type Json, type Offer, type WireEvent } from "./events";
import { type Call, isOver, pending, type RunState, type StepRow } from "./state";

const ANSWER_LENGTH = 60_000;
const TEXT_LENGTH = 4_000;

type Handler = (run: RunState, event: WireEvent, data: WireEvent["data"]) => void;

/** Let `run` take in one event; an event that comes twice counts once, an unknown type only moves the clock. */
export function advance(run: RunState, event: WireEvent): void {
  if (event.seq && !isNew(run, event)) return;
  run.run_id = run.run_id || event.run_id;
  HANDLERS[event.type]?.(run, event, event.data);
  moveClock(run, event.time);
  if (run.state === "running" || run.state === "waiting") run.state = run.waiting.size ? "waiting" : "running";
}

/** The kernel heard this view. Give open questions the one-time words that came: they can be answered here now. */
export function takeOffers(run: RunState, offers: Offer[]): void {
  run.heard = true;
  for (const row of pending(run)) {
    const offer = offers.find(({ call_id, call_hash }) => call_id === row.call_id && call_hash === row.call_hash);
    if (!offer || offer.nonce === row.nonce) continue;
    row.nonce = offer.nonce;
    row.version += 1;
  }
}

/** The kernel is gone, `ahead` seconds after the last event: what runs will not finish, and buttons are dead. */
export function loseKernel(run: RunState, ahead: number): void {
  if (isOver(run) || !run.state) return;
  run.state = "gone";
  run.seconds += ahead;
  run.heard = false;
  for (const row of run.steps) {
    if (row.state === "running") row.state = "unfinished";
    else if (row.state === "waiting") row.nonce = "";
    else continue;
    row.version += 1;
  }
}

function isNew(run: RunState, event: WireEvent): boolean {
  const mark = `${event.run_id} ${event.seq}`;
  if (run.seen.has(mark)) return false;
  run.seen.add(mark);
  return true;
}

function moveClock(run: RunState, time: number): void {
  run.started = run.started || time;
  run.updated = Math.max(run.updated, time);
  run.seconds = Math.max(run.seconds, secondsAt(run, time));
}

/** Seconds of activity before `time`; what a replay shows from before the start counts as zero. */
function secondsAt(run: RunState, time: number): number {
  const idle = time >= run.resumed ? run.idle : 0;
  return rounded(Math.max(0, time - (run.started || time) - idle), 3);
}

function rounded(number: number, digits: number): number {
  return Number(number.toFixed(digits));
}

// --- the run

function runStarted(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  run.run_id = event.run_id;
  run.state = "running";
  run.kind = data.kind ?? "";
  run.name = data.name ?? "";
}

function runResumed(run: RunState, event: WireEvent): void {
  run.state = "running";
  run.error = null;
  run.reason = "";
  run.resumed = event.time;
  run.idle += Math.max(0, event.time - (run.updated || event.time));
}

function runFinished(run: RunState, _event: WireEvent, data: WireEvent["data"]): void {
  close(run, "finished");
  run.text = textOf(data.result) || run.text;
  run.input_tokens = data.usage?.input_tokens || run.input_tokens;
  run.output_tokens = data.usage?.output_tokens || run.output_tokens;
  run.cost_usd = data.cost_usd ?? run.cost_usd;
  run.seconds = Math.max(run.seconds, data.seconds || 0);
}

function runFailed(run: RunState, _event: WireEvent, data: WireEvent["data"]): void {
  close(run, "failed");
  run.error = data.error ?? null;
}

function runStopped(run: RunState, _event: WireEvent, data: WireEvent["data"]): void {
  close(run, "stopped");
  run.reason = data.reason || "";
  run.error = data.error ?? null;
}

function close(run: RunState, state: string): void {
  run.state = state;
  run.waiting.clear();
  for (const row of run.steps) {
    if (row.state !== "running" && row.state !== "waiting") continue;
    row.state = "unfinished";
    row.version += 1;
  }
}

function textOf(result: unknown): string {
  const text = isFields(result) ? result["text"] : result;
  return typeof text === "string" ? text : "";
}

// --- steps

function stepStarted(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = rowOf(run, event, data);
  const at = secondsAt(run, event.time);
  Object.assign(row, { at, state: "running", ms: null, error: null, text: "", output: "" });
  setReplayed(run, row, event.replayed);
}

function stepFinished(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = ended(run, event, data, "done");
  if (row.kind === "approval") takeWord(row, data.result ?? {});
  else if (row.kind === "model") takeAnswer(run, row, data.result);
  else row.result = data.result ?? null;
  if (data.cached) row.note = "from the cache";
  takeUsage(run, row, data);
}

function stepFailed(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const before = rowOf(run, event, data).state;
  const row = ended(run, event, data, "failed");
  // Denied by a policy, which ends the run: the error is the run's.
  if (row.kind === "approval" && before === "denied") row.state = before;
  else row.error = data.error ?? null;
}

/** Close the step of an event; how long it took says better when it began than its first sign of life. */
function ended(run: RunState, event: WireEvent, data: WireEvent["data"], state: string): StepRow {
  const row = rowOf(run, event, data);
  row.state = state;
  row.ms = data.ms ?? null;
  if (row.ms !== null) row.at = secondsAt(run, event.time - row.ms / 1000);
  setReplayed(run, row, event.replayed);
  return row;
}

function stepResolved(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = rowOf(run, event, data);
  row.by = data.by || row.by;
  row.note = `in doubt, ${data.decision ?? ""}`;
  if (data.decision === "skip") row.state = "skipped";
}

function setReplayed(run: RunState, row: StepRow, replayed: boolean): void {
  if (row.kind !== "approval") run.counts.replayed += Number(replayed) - Number(row.replayed);
  row.replayed = replayed;
}

function takeAnswer(run: RunState, row: StepRow, answer: unknown): void {
  if (!isFields(answer)) {
    row.result = (answer as Json) ?? null;
    return;
  }
  row.text = (answer["text"] as string) || "";
  row.thinking = (answer["thinking"] as string) || "";
  row.calls = (answer["calls"] as unknown as Call[]) || [];
  offerText(run, row);
}

function takeUsage(run: RunState, row: StepRow, data: WireEvent["data"]): void {
  row.input_tokens = data.usage?.input_tokens || 0;
  row.output_tokens = data.usage?.output_tokens || 0;
  row.cost_usd = data.cost_usd ?? null;
  run.input_tokens += row.input_tokens;
  run.output_tokens += row.output_tokens;
  if (row.cost_usd !== null) run.cost_usd = rounded((run.cost_usd ?? 0) + row.cost_usd, 10);
}

function modelDelta(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = rowOf(run, event, { kind: "model", ...data });
  // Asked again after a resume: what had arrived before the stop is void.
  if (row.state === "unfinished") Object.assign(row, { state: "running", text: "" });
  if (row.state !== "running") return;
  row.text = (row.text + (data.text || "")).slice(0, ANSWER_LENGTH);
  offerText(run, row);
}

function toolOutput(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = rowOf(run, event, { kind: "tool", ...data });
  row.output = (row.output + (data.text || "")).slice(-TEXT_LENGTH);
}

/** Show the newest text of the outermost model; an agent inside a tool does not speak for the run. */
function offerText(run: RunState, row: StepRow): void {
  if (!row.text || row.depth > run.textDepth) return;
  run.text = row.text;
  run.textDepth = row.depth;
}

/** Find or add the step of an event, and take over what the event says of it. */
function rowOf(run: RunState, event: WireEvent, data: WireEvent["data"]): StepRow {
  const step_id = event.step_id || `${data.kind ?? "step"}:${run.steps.length}`;
  if (!run.index.has(step_id) && !continueQuestion(run, event, data)) {
    const at = secondsAt(run, event.time - (data.ms || 0) / 1000);
    add(run, newRow(step_id, event.parent_id, depthIn(run, event.parent_id), "step", at));
  }
  const place = run.index.get(step_id) as number;
  const row = run.steps[place] as StepRow;
  rename(run, row, data.kind || row.kind);
  row.name = data.name || row.name;
  row.effect = data.effect || row.effect;
  row.version += 1;
  takeInputs(row, data.inputs);
  if (row.call_id) run.calls.set(callKey(event, row.call_id), place);
  return row;
}

function callKey(event: WireEvent, call_id: string): string {
  return `${event.run_id} ${call_id}`;
}

function rename(run: RunState, row: StepRow, kind: string): void {
  if (row.kind === kind) return;
  count(run, row, -1);
  row.kind = kind;
  count(run, row, 1);
}

/** Let a row count, or no longer; a question about a call that has not begun is no step. */
function count(run: RunState, row: StepRow, sign: 1 | -1): void {
  if (row.kind === "approval") return;
  if (row.kind === "model" || row.kind === "tool") run.counts[row.kind] += sign;
  run.counts.steps += sign;
  if (row.replayed) run.counts.replayed += sign;
}

function takeInputs(row: StepRow, inputs: unknown): void {
  if (!isFields(inputs) || !Object.keys(inputs).length || row.kind === "model") return;
  const given = inputs["arguments"] ?? inputs;
  row.arguments = isFields(given) ? given : { value: given };
  row.call_id = (inputs["call_id"] as string) || row.call_id;
}

function found(run: RunState, step_id: string): StepRow | undefined {
  const place = run.index.get(step_id);
  return place === undefined ? undefined : run.steps[place];
}

function add(run: RunState, row: StepRow): StepRow {
  run.index.set(row.step_id, run.steps.length);
  run.steps.push(row);
  count(run, row, 1);
  return row;
}

function newRow(step_id: string, parent_id: string, depth: number, kind: string, at: number): StepRow {
  return {
    ...{ step_id, parent_id, depth, kind, at, name: "", state: "running", ms: null, effect: "", arguments: {} },
    ...{ result: null, text: "", thinking: "", calls: [], output: "", error: null, note: "", about: "" },
    ...{ by: "", call_id: "", call_hash: "", partial: false, input_tokens: 0, output_tokens: 0, cost_usd: null, replayed: false },
    ...{ nonce: "", version: 0 },
  };
}

function depthIn(run: RunState, parent_id: string): number {
  // A step that writes only its end comes after what ran inside it.
  const parent = found(run, parent_id);
  return parent ? parent.depth + 1 : parent_id ? 1 : 0;
}

// --- approvals: the question about a call and the call itself are one row

function approvalRequested(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = questionOf(run, event, data);
  row.name = data.tool || row.name;
  row.effect = data.effect || "";
  row.arguments = data.arguments || {};
  row.call_hash = data.call_hash || "";
  row.partial = data.partial || false;
  row.about = data.description || "";
  Object.assign(row, { note: "", by: "", nonce: "", state: "waiting" });
  run.waiting.add(row.step_id);
}

function approvalDecided(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = questionOf(run, event, data);
  run.waiting.delete(row.step_id);
  takeWord(row, data);
  setReplayed(run, row, event.replayed);
  row.ms = rounded(Math.max(0, secondsAt(run, event.time) - row.at) * 1000, 3);
}

/** Say who decided, how, and why not; an approval may have changed the arguments. */
function takeWord(row: StepRow, word: WireEvent["data"]): void {
  row.state = word.approved ? "approved" : "denied";
  row.by = word.by || "";
  row.note = row.by ? `${row.state} by ${row.by}` : row.state;
  if (row.state === "denied") row.note += word.message ? `: ${word.message}` : "";
  else if (isFields(word.arguments)) {
    row.arguments = word.arguments;
    row.note += ", arguments edited";
  }
}

/** Find the row of the call that is asked about: the question's own, or that of a call in doubt; else add one. */
function questionOf(run: RunState, event: WireEvent, data: WireEvent["data"]): StepRow {
  const call_id: string = data.call_id || "";
  const own = found(run, event.step_id);
  const known = run.steps[run.calls.get(callKey(event, call_id)) ?? -1];
  let row: StepRow;
  if (own && own.call_id === call_id) row = own;
  else if (known && isOpen(known, data.tool)) row = known;
  else {
    const step_id = event.step_id && !own ? event.step_id : `call:${call_id}:${run.steps.length}`;
    const at = secondsAt(run, event.time);
    run.calls.set(callKey(event, call_id), run.steps.length);
    row = add(run, newRow(step_id, event.parent_id, depthIn(run, event.parent_id), "approval", at));
    row.call_id = call_id;
  }
  row.version += 1;
  return row;
}

/** Whether a word about a call of `tool` can concern this row; models may use the id of a call again. */
function isOpen(row: StepRow, tool: string | undefined): boolean {
  return ["running", "waiting", "unfinished"].includes(row.state) && row.name === (tool || row.name);
}

/** Let a tool call that was approved go on in the row of its question; tell if there is one. */
function continueQuestion(run: RunState, event: WireEvent, data: WireEvent["data"]): boolean {
  const call_id = data.kind === "tool" && isFields(data.inputs) ? data.inputs["call_id"] : "";
  const place = run.calls.get(callKey(event, (call_id as string) || ""));
  const row = place === undefined ? undefined : run.steps[place];
  if (!row || row.kind !== "approval" || row.state !== "approved" || row.name !== data.name) return false;
  run.index.set(event.step_id, place as number);
  row.parent_id = event.parent_id;
  row.depth = depthIn(run, event.parent_id);
  return true;
}

const HANDLERS: { [type: string]: Handler } = {
  "run.started": runStarted,
  "run.resumed": runResumed,
  "run.finished": runFinished,
  "run.failed": runFailed,
  "run.stopped": runStopped,
  "step.started": stepStarted,
  "step.finished": stepFinished,
  "step.failed": stepFailed,
  "step.resolved": stepResolved,
  "model.delta": modelDelta,
  "tool.output": toolOutput,
  "approval.requested": approvalRequested,
  "approval.decided": approvalDecided,
};
