// What all views of a widget know: the answer, and what went wrong last.
import type { Model } from "../common/widget";
import type { AnswerMessage, Message, ProblemMessage, Say } from "./wire";

export interface Store {
  readonly answer: AnswerMessage | null;
  readonly problem: ProblemMessage | null;
  /** The front end's own objects, if the page lets us see them; see cells.ts. */
  readonly manager: unknown;
  subscribe(changed: () => void): () => void;
  say(message: Say): void;
  dispose(): void;
}

export function createStore(model: Model<Say> & { widget_manager?: unknown }): Store {
  const listeners = new Set<() => void>();
  let answer: AnswerMessage | null = null;
  let problem: ProblemMessage | null = null;

  const take = (message: Message) => {
    if (message?.kind === "answer") {
      answer = message;
      problem = null;
    } else if (message?.kind === "problem") {
      problem = message;
    } else {
      return;
    }
    for (const changed of listeners) changed();
  };

  model.on("msg:custom", take);
  return {
    get answer() {
      return answer;
    },
    get problem() {
      return problem;
    },
    manager: model.widget_manager,
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    say: (message) => model.send(message),
    dispose: () => model.off("msg:custom", take),
  };
}
