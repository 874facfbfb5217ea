// What all views of a widget know: the history, the states that were looked at, and what went wrong last.
import type { Model } from "../common/widget";
import type { Checkpoint, Message, ProblemMessage, Run, Say, StateMessage } from "./wire";

export interface Store {
  readonly run: Run | null;
  readonly checkpoints: readonly Checkpoint[];
  readonly problem: ProblemMessage | null;
  readonly isWorking: boolean;
  /** The state of a checkpoint; asks for it, once, if it is not here yet. */
  state(at: number): StateMessage | null;
  /** Call back after each message; `isNew` when the history is another one. Returns the removal. */
  subscribe(changed: (isNew: boolean) => void): () => void;
  say(message: Say): void;
  dispose(): void;
}

export function createStore(model: Model<Say>): Store {
  const listeners = new Set<(isNew: boolean) => void>();
  const states = new Map<number, StateMessage>();
  const asked = new Set<number>();
  let run: Run | null = null;
  let checkpoints: Checkpoint[] = [];
  let problem: ProblemMessage | null = null;
  let isWorking = false;

  const tell = (isNew: boolean) => {
    for (const changed of listeners) changed(isNew);
  };
  const take = (message: Message) => {
    if (message?.kind === "history") {
      const isSame = run?.run_id === message.run.run_id;
      run = message.run;
      checkpoints = message.checkpoints;
      isWorking = false;
      if (!isSame) problem = null;
      states.clear();
      asked.clear();
      tell(true);
    } else if (message?.kind === "state") {
      if (message.run_id !== run?.run_id) return;
      states.set(message.at, message);
      tell(false);
    } else if (message?.kind === "problem") {
      problem = message;
      tell(false);
    } else if (message?.kind === "working") {
      isWorking = true;
      problem = null;
      tell(false);
    }
  };

  model.on("msg:custom", take);
  return {
    get run() {
      return run;
    },
    get checkpoints() {
      return checkpoints;
    },
    get problem() {
      return problem;
    },
    get isWorking() {
      return isWorking;
    },
    state(at) {
      if (run && !states.has(at) && !asked.has(at) && at >= 0 && at < checkpoints.length) {
        asked.add(at);
        model.send({ kind: "look", run_id: run.run_id, at });
      }
      return states.get(at) ?? null;
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    say(message) {
      problem = null;
      model.send(message);
    },
    dispose: () => model.off("msg:custom", take),
  };
}
