// The open questions, oldest first: a card each, the newest of many only counted.
//
// Focus moves here only from inside the widget: somebody who is typing in another cell hears of a question through the
// live region, and keeps the keyboard.
import { card, type Card } from "./card";
import { h, setText } from "../common/dom";
import type { Say } from "./events";
import type { Part } from "./header";
import { pending, type RunState } from "./state";
import { plural } from "./wording";

const MOST_CARDS = 5;

export function approvals(say: (message: Say) => void, focusElsewhere: () => void): Part {
  const more = h("div", { class: "vnb-faint" });
  const element = h("div", { class: "vnb-approvals" });
  const cards = new Map<string, Card>();

  const drop = (step_id: string, old: Card) => {
    old.dispose();
    old.element.remove();
    cards.delete(step_id);
  };
  const update = (run: RunState) => {
    const rows = pending(run);
    const shown = new Map(rows.slice(0, MOST_CARDS).map((row) => [row.step_id, row]));
    const hadFocus = element.contains(document.activeElement);
    for (const [step_id, old] of cards) {
      if (shown.get(step_id)?.version !== old.version) drop(step_id, old);
    }
    let added: HTMLElement | null = null;
    for (const [place, row] of [...shown.values()].entries()) {
      if (cards.has(row.step_id)) continue;
      const made = card(run.run_id, row, say);
      cards.set(row.step_id, made);
      element.insertBefore(made.element, element.children[place] ?? null);
      added ??= made.element;
    }
    setText(more, rows.length > MOST_CARDS ? `${plural(rows.length - MOST_CARDS, "more question")} after these` : "");
    if (rows.length > MOST_CARDS) element.append(more);
    else more.remove();
    moveFocus(element, added, hadFocus, focusElsewhere);
  };
  return { element, update, dispose: () => cards.forEach((one) => one.dispose()) };
}

/** Follow the keyboard: from a question that is gone to the next one, or to a new one if focus was in the widget. */
function moveFocus(host: HTMLElement, added: HTMLElement | null, hadFocus: boolean, elsewhere: () => void): void {
  const lost = hadFocus && !host.contains(document.activeElement);
  const root = host.closest(".vnb");
  if (lost) {
    const next = host.querySelector<HTMLElement>(".vnb-approval");
    if (next) next.focus();
    else elsewhere();
  } else if (added && !hadFocus && root?.contains(document.activeElement)) added.focus();
}
