// The words of a run: what its header and each line of its timeline say. Mirrors victor_nb/views/rows.py.
import type { Json } from "./events";
import { isReplayed, type Problem, type RunState, type StepRow } from "./state";
import { argumentList, clip, cost, duration, oneLine, plural, preview, tokens, withoutMarks } from "./wording";

export const MARKS: { [state: string]: string } = {
  running: "●",
  waiting: "?",
  done: "✓",
  approved: "✓",
  finished: "✓",
  failed: "✕",
  denied: "✕",
  skipped: "-",
  unfinished: "◌",
  stopped: "■",
};
const DETAIL_LENGTH = 160;
const REASONS: { [reason: string]: string } = { interrupt: "interrupted; what was done is kept" };

/** Say where the run stands, in words. */
export function stateWords(run: RunState): string {
  if (run.state === "waiting") return "Waiting for approval";
  if (run.state === "finished" && isReplayed(run)) return "Replayed";
  if (run.state === "gone") return "The kernel is gone";
  const state = run.state || "starting";
  return state.charAt(0).toUpperCase() + state.slice(1);
}

/** The measures of a run; `seconds` may run ahead of the last event. */
export function facts(run: RunState, seconds = run.seconds): string[] {
  const { model, tool, steps, replayed } = run.counts;
  return [
    duration(seconds),
    model ? plural(model, "model request") : "",
    tool ? plural(tool, "tool call") : "",
    tokens(run.input_tokens, run.output_tokens),
    cost(run.cost_usd),
    replayed && replayed < steps ? `${replayed} of ${plural(steps, "step")} from the record` : "",
  ].filter((fact) => fact !== "");
}

export function title(row: StepRow): string {
  return row.name || row.kind;
}

/** Say on one line what a step did, or what it is doing. */
export function detail(row: StepRow): string {
  return clip(oneLine(detailOf(row)), DETAIL_LENGTH);
}

export function took(row: StepRow): string {
  return row.ms === null ? "" : duration(row.ms / 1000);
}

/** Say what went wrong, in one line. */
export function problem(error: Problem): string {
  return oneLine([error.type, error.what].filter(Boolean).join(": ")) || "failed";
}

/** Say why a run ended early, where, and what to do next, without what the last line of every face says. */
export function trouble(run: RunState): string[] {
  if (!run.error) return run.reason ? [REASONS[run.reason] ?? run.reason] : [];
  const known = [`run ${run.run_id}`, `victor resume ${run.run_id}`];
  const said = [problem(run.error), run.error.where, run.error.hint];
  return said.filter((line): line is string => Boolean(line) && !known.includes(line as string));
}

/** Where in the code a run failed; a run that was stopped did what it was told. */
export function traceback(run: RunState): string {
  return run.state === "failed" ? (run.error?.traceback ?? "") : "";
}

function detailOf(row: StepRow): string {
  if (row.state === "waiting") return `waits for approval: ${argumentList(row.arguments)}`;
  if (row.error) return problem(row.error);
  if (row.kind === "approval") return row.note || "not decided";
  if (row.kind === "model") return model(row);
  const given = argumentList(row.arguments);
  const answer = row.result !== null ? preview(row.result as Json) : oneLine(row.output.slice(-200));
  const done = given && answer ? `${given} → ${answer}` : given || answer;
  return [row.note, done].filter(Boolean).join(" · ");
}

function model(row: StepRow): string {
  if (row.calls.length) return "asks for " + row.calls.map((call) => call.tool).join(", ");
  return withoutMarks(row.text.slice(0, 2 * DETAIL_LENGTH));
}
