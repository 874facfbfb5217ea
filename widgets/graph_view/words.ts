// What is said of nodes and runs. Mirrors words_of and mark_of in victor_nb/views/graph_state.py.
import { clip, duration, plural } from "../run_view/wording";
import { notebookWords, rough } from "./notebooks";
import type { Box, Graph, NodeState, Run } from "./wire";

const TONES: { [state: string]: string } = {
  running: "busy",
  retrying: "busy",
  waiting: "ask",
  done: "good",
  failed: "bad",
  unfinished: "faint",
  cached: "good",
  killed: "bad",
  skipped: "faint",
};
const RUN: { [state: string]: string } = {
  "": "Not started",
  running: "Running",
  waiting: "Waiting for an answer",
  finished: "Finished",
  failed: "Failed",
  stopped: "Stopped",
  gone: "The kernel is gone",
};
// Of a mean character of the second line, and what stands beside it; picture_style.py says the same.
const WORD_WIDTH = 5.9;
const BESIDE = 44;

export function toneOf(node: NodeState | undefined): string {
  return (node && TONES[node.state]) ?? "";
}

/** How a node fares, in a few words; a running one says for how long, `ahead` seconds after its last news. */
export function wordsOf(node: NodeState, now = 0): string {
  const tries = node.attempts > 1 ? ` · ${node.attempts} attempts` : "";
  const times = node.runs > 1 ? `${plural(node.runs, "time")} · ` : "";
  if (node.state === "done") return `${times}${duration(node.ms / 1000)}${tries}`;
  if (node.state === "waiting") return `waiting for an answer${tries}`;
  if (node.state === "unfinished") return `did not finish${tries}`;
  if (node.state === "cached") return `from the cache${tries}`;
  const cell = notebookWords(node, now);
  if (cell) return cell + tries;
  const since = node.state === "running" && now > node.began ? ` ${duration(now - node.began)}` : "";
  const several = node.open > 1 ? ` · ${node.open} at once` : "";
  return node.state + since + several + tries;
}

export function fitting(words: string, width: number): string {
  return clip(words, Math.max(1, Math.floor((width - BESIDE) / WORD_WIDTH)));
}

export function runWords(run: Run): string {
  return RUN[run.state] ?? run.state;
}

/** The line above the drawing. */
export function facts(graph: Graph | null, run: Run, nodes: ReadonlyMap<string, NodeState>, seconds: number): string[] {
  // A pipeline knows all its nodes from the beginning; what is inside of one is drawn, and no node of its own.
  const drawn = graph ? graph.boxes.filter((box) => box.kind !== "start" && box.kind !== "end").length : 0;
  const all = run.ends_at === undefined ? drawn : nodes.size;
  if (!run.state) return [plural(all, "node")];
  const counted = (state: string) => [...nodes.values()].filter((node) => node.state === state).length;
  const failed = counted("failed");
  const running = counted("running") + counted("retrying");
  const cached = counted("cached");
  const left = run.state === "running" && run.ends_at ? run.ends_at - run.updated - (seconds - run.seconds) : 0;
  return [
    `${counted("done") + cached} of ${plural(all, "node")} done${cached ? `, ${cached} from the cache` : ""}`,
    ...(running ? [`${running} running`] : []),
    ...(failed ? [`${failed} failed`] : []),
    ...(counted("killed") ? [`${counted("killed")} killed`] : []),
    ...(counted("skipped") ? [`${counted("skipped")} skipped`] : []),
    duration(seconds),
    ...(left > 0 ? [`about ${rough(left)} left`] : []),
  ];
}

/** What a screen reader says of a node: its name, what it is, how it fares, and where it leads. */
export function sentence(box: Box, node: NodeState | undefined, leads: string[]): string {
  const fares = node && node.state !== "idle" ? wordsOf(node) : "";
  const what = box.kind === "start" || box.kind === "end" ? "" : box.kind;
  const goes = leads.length ? `leads to ${leads.slice(0, 6).join(", ")}` : "";
  return [box.name, what, node?.state === "done" ? `done in ${fares}` : fares, box.about, goes].filter(Boolean).join(", ");
}
