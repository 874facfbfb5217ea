// What is known of a run: plain data that the fold fills and every part of the view reads. Mirrors
// victor_nb/views/state.py. Nothing here looks at an event, touches the page or reads a clock.
import { type Fields, type Json } from "./events";

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

/** One line of the timeline: a model request, a tool call from its question to its result, or any other step. */
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
  /** Who decided about a call, how and why; what was decided about a step in doubt. */
  note: string;
  /** What the tool does, as whoever decides is told. */
  about: string;
  by: string;
  call_id: string;
  call_hash: string;
  /** The arguments that are asked about are cut: they can be approved and not edited here. */
  partial: boolean;
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
  /** Places of calls by run and call id. */
  calls: Map<string, number>;
  seen: Set<string>;
  waiting: Set<string>;
  textDepth: number;
  resumed: number;
  idle: number;
  updated: number;
  /** The kernel hears this view: buttons work. Only the browser knows. */
  heard: boolean;
  counts: { model: number; tool: number; steps: number; replayed: number };
}

export function emptyRun(): RunState {
  return {
    ...{ run_id: "", kind: "", name: "", state: "", started: 0, seconds: 0, text: "", error: null, reason: "" },
    ...{ input_tokens: 0, output_tokens: 0, cost_usd: null, steps: [] },
    ...{ index: new Map(), calls: new Map(), seen: new Set(), waiting: new Set() },
    ...{ textDepth: 1_000, resumed: 0, idle: 0, updated: 0, heard: false },
    counts: { model: 0, tool: 0, steps: 0, replayed: 0 },
  };
}

export function isOver(run: RunState): boolean {
  return run.state === "finished" || run.state === "failed" || run.state === "stopped" || run.state === "gone";
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
  const { index: _i, calls: _c, seen: _s, waiting: _w, textDepth: _t, ...more } = run;
  const { resumed: _r, idle: _d, updated: _u, heard: _h, counts, ...shown } = more;
  const steps = shown.steps.map(({ nonce: _n, version: _v, ...row }) => row);
  const counted = { model_requests: counts.model, tool_calls: counts.tool, replayed_steps: counts.replayed };
  return { ...shown, steps, ...counted, replayed: isReplayed(run) };
}
