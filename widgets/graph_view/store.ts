// One copy of what is known for all views of a widget: takes messages in, tells who listens.
//
// A message that starts at another version than ours means that one was missed: we say hello, and get everything.
import { whenGone } from "../common/kernel";
import type { Model } from "../common/widget";
import type { Offer } from "../run_view/events";
import type { Graph, GraphMessage, InputsMessage, NodesMessage, NodeState, OffersMessage, RefusedMessage, Run, Say } from "./wire";

export interface Store {
  readonly graph: Graph | null;
  readonly run: Run;
  readonly nodes: ReadonlyMap<string, NodeState>;
  /** What can be answered here, by `nameOf`. */
  readonly offers: ReadonlyMap<string, Offer>;
  /** Whether the kernel has answered our hello. */
  readonly isHeard: boolean;
  /** Why answers did not count, by question. */
  readonly refusals: ReadonlyMap<string, string>;
  /** When the last message came, on the clock of `performance.now()`. */
  readonly heardAt: number;
  /** Call back after each message; `isNew` when the drawing is another one. Returns the removal. */
  subscribe(changed: (paths: string[], isNew: boolean) => void): () => void;
  say(message: Say): void;
  dispose(): void;
}

/** Names what is asked. Agents may give their calls equal ids; the hash tells them apart. */
export function nameOf(asked: { id?: string; call_id?: string; call_hash: string }): string {
  return `${asked.id ?? asked.call_id}\n${asked.call_hash}`;
}

const AT_WORK = ["running", "retrying", "waiting"];
const NOTHING: Run = { run_id: "", name: "", state: "", seconds: 0, updated: 0, superstep: 0, error: null, command: "" };

export function createStore(model: Model<Say>): Store {
  const nodes = new Map<string, NodeState>();
  const offers = new Map<string, Offer>();
  const refusals = new Map<string, string>();
  const listeners = new Set<(paths: string[], isNew: boolean) => void>();
  let graph: Graph | null = null;
  let isHeard = false;
  let run = NOTHING;
  let version = 0;
  let asked = -1;
  let heardAt = performance.now();

  const tell = (paths: string[], isNew: boolean) => {
    for (const changed of listeners) changed(paths, isNew);
  };
  const takeNodes = (message: NodesMessage) => {
    if (message.from !== 0 && message.from !== version) {
      if (asked !== version) model.send({ kind: "hello" });
      asked = version;
      return;
    }
    if (message.from === 0) nodes.clear();
    for (const node of message.nodes) nodes.set(node.path, { ...node, inputs: node.inputs ?? nodes.get(node.path)?.inputs ?? null });
    version = message.to;
    run = message.run;
    heardAt = performance.now();
    tell(message.from === 0 ? [...nodes.keys()] : message.nodes.map((node) => node.path), message.from === 0);
  };
  const takeInputs = ({ path, inputs }: InputsMessage) => {
    const node = nodes.get(path);
    if (!node) return;
    nodes.set(path, { ...node, inputs });
    tell([path], false);
  };
  const takeOffers = (message: OffersMessage) => {
    isHeard = true;
    for (const offer of message.offers) {
      offers.set(nameOf(offer), offer);
      refusals.delete(offer.call_id);
    }
    tell([], false);
  };
  const takeRefusal = ({ call_id, why }: RefusedMessage) => {
    refusals.set(call_id, why);
    tell([], false);
  };
  const take = (message: GraphMessage | NodesMessage | InputsMessage | OffersMessage | RefusedMessage) => {
    if (message?.kind === "offers" && Array.isArray(message.offers)) takeOffers(message);
    if (message?.kind === "refused") takeRefusal(message);
    if (message?.kind === "inputs") takeInputs(message);
    if (message?.kind === "graph") {
      graph = message.graph;
      nodes.clear();
      tell([], true);
    }
    if (message?.kind === "nodes" && Array.isArray(message.nodes)) takeNodes(message);
  };

  /** Nobody is at work any more, and nobody can be answered. A run that was over stays what it was. */
  const lose = () => {
    offers.clear();
    if (run.state === "running") {
      const ahead = (performance.now() - heardAt) / 1000;
      const error = { what: "The kernel is gone.", hint: `What was recorded goes on with: victor resume ${run.run_id}` };
      run = { ...run, state: "gone", error, seconds: run.seconds + ahead, updated: run.updated + ahead };
      for (const node of nodes.values()) {
        if (AT_WORK.includes(node.state)) nodes.set(node.path, { ...node, state: "unfinished" });
      }
    }
    tell([...nodes.keys()], false);
  };
  const unwatch = whenGone(model, lose);
  model.on("msg:custom", take);
  return {
    get graph() {
      return graph;
    },
    get isHeard() {
      return isHeard;
    },
    get run() {
      return run;
    },
    get heardAt() {
      return heardAt;
    },
    nodes,
    offers,
    refusals,
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    say: (message) => model.send(message),
    dispose() {
      unwatch();
      model.off("msg:custom", take);
    },
  };
}
