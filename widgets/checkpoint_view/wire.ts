// What travels between the kernel and the browser. The Python side of it: views/checkpoint_view.py and checkpoint_state.py.
import type { Fields, Json } from "../run_view/events";

export interface Checkpoint {
  superstep: number;
  time: number;
  nodes: string[];
  source: string;
  label: string;
  run_id: string;
}

/** One place in which a state differs from the one before; of a list that only grew, `after` is what came to it. */
export interface StateChange {
  path: string;
  kind: "added" | "removed" | "changed" | "extended";
  before: Json;
  after: Json;
}

export interface Run {
  run_id: string;
  name: string;
  status: string;
  parent: string;
  can_run: boolean;
  asks: Json[];
}

export interface HistoryMessage {
  kind: "history";
  run: Run;
  checkpoints: Checkpoint[];
}

export interface StateMessage {
  kind: "state";
  run_id: string;
  at: number;
  state: Fields;
  changes: StateChange[];
  next: string[];
}

export interface ProblemMessage {
  kind: "problem";
  what: string;
  hint: string;
}

export type Message = HistoryMessage | StateMessage | ProblemMessage | { kind: "working"; run_id: string };

export type Say =
  | { kind: "hello" }
  | { kind: "look"; run_id: string; at: number }
  | { kind: "fork"; run_id: string; at: number; update: Fields | null }
  | { kind: "resume"; run_id: string };
