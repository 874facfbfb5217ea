// What one node asks: a card for each question, which stays as it is while it is open, with what was typed.
import { h } from "../common/dom";
import { card } from "../run_view/card";
import { question } from "./question";
import { nameOf, type Store } from "./store";
import type { Ask, NodeState } from "./wire";

export interface Asks {
  element: HTMLElement;
  update(node: NodeState | undefined): void;
  /** Give the keyboard to the first control. */
  focus(): void;
  dispose(): void;
}

interface Shown {
  key: string;
  element: HTMLElement;
  refuse(why: string): void;
  dispose(): void;
}

export function asks(store: Store): Asks {
  const element = h("div", { class: "vng-asks", tabindex: -1 });
  const shown = new Map<string, Shown>();

  const made = (ask: Ask, nonce: string, key: string): Shown => {
    const { run_id, command } = store.run;
    if (ask.kind === "question") return { key, ...question({ run_id, ask, nonce, command, say: store.say }) };
    const row = { ...ask, name: ask.tool, call_id: ask.id, nonce, version: 0 };
    const drawn = card(run_id, row, store.say);
    return { key, element: drawn.element, refuse: (why) => drawn.element.append(h("div", { class: "vnb-status" }, why)), dispose: drawn.dispose };
  };
  return {
    element,
    update(node) {
      for (const [name, old] of shown) {
        const [owner, open] = openOf(name);
        old.element.hidden = owner !== node;
        if (open && keyOf(open, nonceOf(open), store.run.command) === old.key) continue;
        if (old.element.contains(document.activeElement)) element.focus({ preventScroll: true });
        old.dispose();
        old.element.remove();
        shown.delete(name);
      }
      for (const ask of node?.asks ?? []) {
        const key = keyOf(ask, nonceOf(ask), store.run.command);
        const name = nameOf(ask);
        if (!shown.has(name)) {
          const one = made(ask, nonceOf(ask), key);
          shown.set(name, one);
          element.append(one.element);
          if (element === document.activeElement) one.element.focus({ preventScroll: true });
        }
        const why = store.refusals.get(ask.id);
        if (why) shown.get(name)?.refuse(why);
      }
    },
    focus() {
      const card = element.querySelector<HTMLElement>(":scope > :not([hidden])");
      (card?.querySelector<HTMLElement>("textarea, input, select, button") ?? card)?.focus();
    },
    dispose() {
      for (const one of shown.values()) one.dispose();
    },
  };

  /** The node that asks a question, and the question, as long as it is open. */
  function openOf(name: string): [NodeState, Ask] | [undefined, undefined] {
    for (const node of store.nodes.values()) {
      const ask = node.asks.find((one) => nameOf(one) === name);
      if (ask) return [node, ask];
    }
    return [undefined, undefined];
  }

  function nonceOf(ask: Ask): string {
    return store.offers.get(nameOf(ask))?.nonce ?? "";
  }
}

/** A card is drawn anew only when its question is another one, or when it can or cannot be answered any more. */
function keyOf(ask: Ask, nonce: string, command: string): string {
  return [ask.id, ask.call_hash, nonce, nonce ? "" : command].join("\n");
}
