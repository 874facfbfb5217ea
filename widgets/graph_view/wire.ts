// What travels between the kernel and the browser. The Python side of it: views/graph_wire.py and views/graph_view.py.
import type { Fields, Json, Offer, Question, Say as SayOfRun } from "../run_view/events";

/** A node with its place; names and words are cut to fit already. */
export interface Box {
  path: string;
  kind: string;
  name: string;
  words: string;
  about: string;
  x: number;
  y: number;
  width: number;
  height: number;
  is_frame: boolean;
}

/** An edge: the paths of its line and of its head, and the rectangle that its points span. */
export interface Route {
  source: string;
  target: string;
  is_conditional: boolean;
  line: string;
  head: string;
  label: string;
  label_width: number;
  label_at: [number, number] | null;
  bounds: [number, number, number, number];
}

/** The drawing; frames come before what is inside them. */
export interface Graph {
  name: string;
  width: number;
  height: number;
  boxes: Box[];
  routes: Route[];
  /** A path in a 16 by 16 field for each kind of node, and for each tone. */
  icons: { [kind: string]: string };
  signs: { [tone: string]: string };
}

export interface Told {
  at: number;
  type: string;
  words: string;
}

/** What a person is asked: a question of the workflow, or whether a tool may be called. */
export interface Ask {
  id: string;
  kind: "question" | "call";
  value: Json;
  when: string;
  schema: { [key: string]: any } | null;
  tool: string;
  effect: string;
  about: string;
  arguments: Fields;
  call_hash: string;
  partial: boolean;
}

/** How a node fares: idle, running, retrying, waiting, done, failed or unfinished. */
export interface NodeState {
  path: string;
  state: string;
  runs: number;
  open: number;
  began: number;
  ms: number;
  attempts: number;
  inputs: Json;
  result: Json;
  error: { [part: string]: string } | null;
  asks: Ask[];
  events: Told[];
  replayed: boolean;
  /** Of a pipeline's node: why it ran or did not, and its notebook. */
  why?: string;
  notebook?: Notebook | null;
}

/** The execution of a notebook; seconds since the Unix epoch, 0 where nothing is known. */
export interface Notebook {
  file: string;
  output: string;
  position: number;
  cells: number;
  code: string;
  began: number;
  usual_s: number;
  usual_cell_s: number;
  usual_rest_s: number;
  slow: string[];
  cpu_percent: number | null;
  memory_bytes: number | null;
  text: string;
}

export interface Run {
  run_id: string;
  name: string;
  state: string;
  seconds: number;
  updated: number;
  superstep: number;
  error: { [part: string]: string } | null;
  /** What answers where no button can. */
  command: string;
  /** When a pipeline is expected to end, in seconds since the Unix epoch; 0 where nobody knows. */
  ends_at?: number;
}

export interface GraphMessage {
  kind: "graph";
  graph: Graph;
}

/** The nodes that changed from one version to another; from 0 on it is all of them. */
export interface NodesMessage {
  kind: "nodes";
  from: number;
  to: number;
  run: Run;
  nodes: NodeState[];
}

/** What a node was given; it is read when somebody looks at the node. */
export interface InputsMessage {
  kind: "inputs";
  path: string;
  inputs: Json;
}

/** The kernel hears this view, and these questions can be answered here. */
export interface OffersMessage {
  kind: "offers";
  offers: Offer[];
}

/** An answer does not count. */
export interface RefusedMessage {
  kind: "refused";
  call_id: string;
  why: string;
}

export type Say =
  | { kind: "hello" }
  | { kind: "look"; path: string }
  | Exclude<SayOfRun, { kind: "hello" }>
  | ({ kind: "answer"; value: Json } & Question);
