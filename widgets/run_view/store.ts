// One copy of the run for all views of a widget: takes batches in, keeps the fold, tells who listens.
//
// What has been received is a prefix of the kernel's list. A batch that starts beyond it means that something was
// missed (the page was reloaded, or loaded late): we say hello again with what we have, and the kernel sends the rest.
import { whenGone } from "../common/kernel";
import type { Model } from "../common/widget";
import type { EventsMessage, OffersMessage, Say } from "./events";
import { advance, loseKernel, takeOffers } from "./fold";
import { emptyRun, type RunState } from "./state";

export interface Store {
  readonly run: RunState;
  /** When the last event came, on the clock of `performance.now()`. */
  readonly heardAt: number;
  /** Call back after each batch; returns the removal. */
  subscribe(changed: () => void): () => void;
  say(message: Say): void;
  hello(): void;
  dispose(): void;
}

export function createStore(model: Model<Say>): Store {
  const run = emptyRun();
  const listeners = new Set<() => void>();
  let received = 0;
  let asked = -1;
  let heardAt = performance.now();

  const hello = () => model.send({ kind: "hello", have: received });
  const tell = () => {
    for (const changed of listeners) changed();
  };
  const take = (message: EventsMessage | OffersMessage) => {
    if (message?.kind === "events" && Array.isArray(message.events)) takeEvents(message);
    if (message?.kind === "offers" && Array.isArray(message.offers)) {
      takeOffers(run, message.offers);
      tell();
    }
  };
  const takeEvents = (message: EventsMessage) => {
    const from = message.from ?? received;
    if (from > received) {
      if (asked !== received) hello();
      asked = received;
      return;
    }
    const news = message.events.slice(received - from);
    for (const event of news) advance(run, event);
    received += news.length;
    heardAt = performance.now();
    if (news.length) tell();
  };

  const unwatch = whenGone(model, () => {
    loseKernel(run, (performance.now() - heardAt) / 1000);
    tell();
  });
  model.on("msg:custom", take);
  return {
    run,
    get heardAt() {
      return heardAt;
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    say: (message) => model.send(message),
    hello,
    dispose() {
      unwatch();
      model.off("msg:custom", take);
    },
  };
}
