// What a run looks like: one fold over its events. Mirrors victor_nb/views/summary.py, rule for rule; the runs in
// tests/views/fixtures/ hold both to the same answer. Nothing here touches the page or a clock.
import { type Fields, isFields, type Json, type WireEvent } from "./events";

const ANSWER_LENGTH = 60_000;
const TEXT_LENGTH = 4_000;

export interface Problem {
  type?: string;
  what?: string;
  where?: string;
  hint?: string;
  traceback?: string;
}

export interface Call {
  call_id: string;
  tool: string;
  arguments: Json;
}

/** One line of the timeline: a model request, a tool call, any other step, or an approval. */
export interface StepRow {
  step_id: string;
  parent_id: string;
  depth: number;
  kind: string;
  name: string;
  state: string;
  at: number;
  ms: number | null;
  effect: string;
  arguments: Fields;
  result: Json;
  text: string;
  thinking: string;
  calls: Call[];
  output: string;
  error: Problem | null;
  note: string;
  by: string;
  call_id: string;
  call_hash: string;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
  replayed: boolean;
  /** The one-time word of an open question; only the browser's fold knows it. */
  nonce: string;
  /** Changes whenever the row does, so that a drawn row knows whether it is still right. */
  version: number;
}

export interface RunState {
  run_id: string;
  kind: string;
  name: string;
  state: string;
  started: number;
  seconds: number;
  text: string;
  error: Problem | null;
  reason: string;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
  steps: StepRow[];
  index: Map<string, number>;
  seen: Set<string>;
  waiting: Set<string>;
  textDepth: number;
  resumed: number;
  idle: number;
  updated: number;
  counts: { model: number; tool: number; steps: number; replayed: number };
}

type Handler = (run: RunState, event: WireEvent, data: WireEvent["data"]) => void;

export function emptyRun(): RunState {
  return {
    ...{ run_id: "", kind: "", name: "", state: "", started: 0, seconds: 0, text: "", error: null, reason: "" },
    ...{ input_tokens: 0, output_tokens: 0, cost_usd: null, steps: [] },
    ...{ index: new Map(), seen: new Set(), waiting: new Set() },
    ...{ textDepth: 1_000, resumed: 0, idle: 0, updated: 0 },
    counts: { model: 0, tool: 0, steps: 0, replayed: 0 },
  };
}

/** Let `run` take in one event; an event that comes twice counts once, an unknown type only moves the clock. */
export function advance(run: RunState, event: WireEvent): void {
  if (event.seq && !isNew(run, event)) return;
  run.run_id = run.run_id || event.run_id;
  HANDLERS[event.type]?.(run, event, event.data);
  moveClock(run, event.time);
  if (run.state === "running" || run.state === "waiting") run.state = run.waiting.size ? "waiting" : "running";
}

export function isOver(run: RunState): boolean {
  return run.state === "finished" || run.state === "failed" || run.state === "stopped";
}

/** Whether every step answered from the record. */
export function isReplayed(run: RunState): boolean {
  return run.counts.steps > 0 && run.counts.replayed === run.counts.steps;
}

/** The approvals that a person has not decided yet, oldest first. */
export function pending(run: RunState): StepRow[] {
  return [...run.waiting]
    .map((step_id) => run.index.get(step_id) as number)
    .sort((a, b) => a - b)
    .map((place) => run.steps[place] as StepRow);
}

/** The summary in JSON values, the same as `RunSummary.to_json` gives. */
export function toJson(run: RunState): unknown {
  const { index: _i, seen: _s, waiting: _w, textDepth: _t, resumed: _r, idle: _d, updated: _u, counts, ...shown } = run;
  const steps = shown.steps.map(({ nonce: _n, version: _v, ...row }) => row);
  const counted = { model_requests: counts.model, tool_calls: counts.tool, replayed_steps: counts.replayed };
  return { ...shown, steps, ...counted, replayed: isReplayed(run) };
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
}

function stepFinished(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = ended(run, event, data, "done");
  if (row.kind === "model") takeAnswer(run, row, data.result);
  else row.result = data.result ?? null;
  takeUsage(run, row, data);
}

function stepFailed(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  ended(run, event, data, "failed").error = data.error ?? null;
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
  row.by = data.by || "";
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
  const at = secondsAt(run, event.time - (data.ms || 0) / 1000);
  const row = found(run, step_id) ?? add(run, newRow(step_id, event.parent_id, depthIn(run, event.parent_id), "step", at));
  rename(run, row, data.kind || row.kind);
  row.name = data.name || row.name;
  row.effect = data.effect || row.effect;
  row.version += 1;
  takeInputs(row, data.inputs);
  return row;
}

function rename(run: RunState, row: StepRow, kind: string): void {
  if (row.kind === kind) return;
  if (row.kind === "model" || row.kind === "tool") run.counts[row.kind] -= 1;
  if (kind === "model" || kind === "tool") run.counts[kind] += 1;
  row.kind = kind;
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
  if (row.kind !== "approval") run.counts.steps += 1;
  return row;
}

function newRow(step_id: string, parent_id: string, depth: number, kind: string, at: number): StepRow {
  return {
    ...{ step_id, parent_id, depth, kind, at, name: "", state: "running", ms: null, effect: "", arguments: {} },
    ...{ result: null, text: "", thinking: "", calls: [], output: "", error: null, note: "", by: "" },
    ...{ call_id: "", call_hash: "", input_tokens: 0, output_tokens: 0, cost_usd: null, replayed: false },
    ...{ nonce: "", version: 0 },
  };
}

function depthIn(run: RunState, parent_id: string): number {
  // A step that writes only its end comes after what ran inside it.
  const parent = found(run, parent_id);
  return parent ? parent.depth + 1 : parent_id ? 1 : 0;
}

// --- approvals

function approvalRequested(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = approvalOf(run, event, data);
  row.name = data.tool || row.name;
  row.effect = data.effect || "";
  row.arguments = data.arguments || {};
  row.call_hash = data.call_hash || "";
  row.note = data.description || "";
  row.nonce = data.nonce || "";
  row.state = "waiting";
  run.waiting.add(row.step_id);
}

function approvalDecided(run: RunState, event: WireEvent, data: WireEvent["data"]): void {
  const row = approvalOf(run, event, data);
  run.waiting.delete(row.step_id);
  row.state = data.approved ? "approved" : "denied";
  row.by = data.by || "";
  row.replayed = event.replayed;
  row.note = data.message || row.note;
  row.arguments = data.arguments || row.arguments;
  row.ms = rounded(Math.max(0, secondsAt(run, event.time) - row.at) * 1000, 3);
}

function approvalOf(run: RunState, event: WireEvent, data: WireEvent["data"]): StepRow {
  const call_id: string = data.call_id || "";
  const step_id = `approval:${call_id}`;
  const at = secondsAt(run, event.time);
  const row =
    found(run, step_id) ?? add(run, newRow(step_id, event.parent_id, depthIn(run, event.parent_id), "approval", at));
  row.call_id = call_id;
  row.version += 1;
  return row;
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
