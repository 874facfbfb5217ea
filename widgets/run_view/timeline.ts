// The steps of a run as a list that draws only what is in sight, so that 10,000 of them cost what 30 do.
//
// Rows are of one height; what an unfolded row adds is measured and kept. One row is in the tab order (roving
// tabindex); arrows, Home, End and Page keys move, Enter and Space fold, as in a tree.
import { h, on } from "../common/dom";
import type { Part } from "./header";
import { ROW, rowView, type RowView } from "./row_view";
import { isReplayed, type RunState } from "./state";
import { plural } from "./wording";

const MOST_PIXELS = 12 * ROW;
const MOST_PIXELS_UNFOLDED = 20 * ROW;
const OVERSCAN = 6;
const PAGE = 10;

export interface Timeline extends Part {
  focus(): void;
}

export function timeline(): Timeline {
  const lanes = h("div", { class: "vnb-lanes", role: "list" });
  const element = h("div", { class: "vnb-timeline", hidden: true }, lanes);
  const views = new Map<string, RowView>();
  const unfolded = new Map<string, number>(); // step id -> pixels that its details add
  let run: RunState | null = null;
  let seconds = 0;
  let active = -1; // the place of the row in the tab order; -1 is the newest
  let follows = true; // stays at the newest row until somebody scrolls away

  const rows = () => run?.steps ?? [];
  const place = () => (active < 0 ? rows().length - 1 : active);

  /** How far down each unfolded row pushes what comes after it, in order of place. */
  const pushes = (): [number, number][] =>
    [...unfolded]
      .map(([step_id, pixels]): [number, number] => [run?.index.get(step_id) ?? -1, pixels])
      .filter(([at]) => at >= 0)
      .sort((a, b) => a[0] - b[0]);
  const topOf = (at: number, pushed: [number, number][]) =>
    pushed.reduce((top, [where, pixels]) => (where < at ? top + pixels : top), at * ROW);
  /** The last row that starts at or above `pixels`. */
  const rowAt = (pixels: number, pushed: [number, number][]) => {
    let low = 0;
    let high = rows().length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (topOf(middle, pushed) <= pixels) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  const draw = () => {
    if (!run) return;
    const pushed = pushes();
    const total = topOf(rows().length, pushed);
    element.hidden = rows().length === 0;
    lanes.style.height = `${total}px`;
    element.style.height = `${Math.min(total, unfolded.size ? MOST_PIXELS_UNFOLDED : MOST_PIXELS)}px`;
    if (follows) element.scrollTop = total;
    const first = Math.max(0, rowAt(element.scrollTop, pushed) - OVERSCAN);
    const last = Math.min(rows().length - 1, rowAt(element.scrollTop + element.clientHeight, pushed) + OVERSCAN);
    drop(first, last);
    for (let at = first; at <= last; at += 1) drawRow(at, topOf(at, pushed));
    lanes.setAttribute("aria-label", plural(rows().length, "step"));
  };
  const drop = (first: number, last: number) => {
    for (const [step_id, view] of views) {
      const at = run?.index.get(step_id) ?? -1;
      if ((at >= first && at <= last) || view.element.contains(document.activeElement)) continue;
      view.dispose();
      view.element.remove();
      views.delete(step_id);
    }
  };
  const drawRow = (at: number, top: number) => {
    const row = rows()[at];
    if (!row || !run) return;
    let view = views.get(row.step_id);
    if (!view) {
      view = rowView(row, unfolded.has(row.step_id), (open) => toggle(row.step_id, open), grew(row.step_id));
      views.set(row.step_id, view);
      insert(view.element, at);
    }
    view.update({ row, at, of: rows().length, top, seconds, isActive: at === place() });
  };
  /** Keep the order of nodes the order of steps: a screen reader goes by it. */
  const insert = (node: HTMLElement, at: number) => {
    const after = [...lanes.children].find((other) => Number((other as HTMLElement).dataset["at"]) > at);
    lanes.insertBefore(node, after ?? null);
  };
  const toggle = (step_id: string, open: boolean) => {
    if (open) unfolded.set(step_id, unfolded.get(step_id) ?? 0);
    else unfolded.delete(step_id);
    follows = false;
    draw();
  };
  const grew = (step_id: string) => (pixels: number) => {
    if (!unfolded.has(step_id) || unfolded.get(step_id) === pixels) return;
    unfolded.set(step_id, pixels);
    draw();
  };

  /** Bring a row into sight and give it the keyboard. */
  const go = (to: number) => {
    const target = Math.max(0, Math.min(rows().length - 1, to));
    active = target;
    follows = false;
    const top = topOf(target, pushes());
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW - element.clientHeight;
    draw();
    views.get(rows()[target]?.step_id ?? "")?.focus();
  };
  const steer = (event: KeyboardEvent) => {
    if (!(event.target as HTMLElement).classList.contains("vnb-line")) return;
    const view = views.get(rows()[place()]?.step_id ?? "");
    const moves: { [key: string]: () => void } = {
      ArrowDown: () => go(place() + 1),
      ArrowUp: () => go(place() - 1),
      PageDown: () => go(place() + PAGE),
      PageUp: () => go(place() - PAGE),
      Home: () => go(0),
      End: () => go(rows().length - 1),
      ArrowRight: () => view?.fold(true),
      ArrowLeft: () => view?.fold(false),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  const removals = [
    on(element, "keydown", steer),
    on(element, "focusin", (event) => {
      const at = (event.target as HTMLElement).closest<HTMLElement>("[data-at]")?.dataset["at"];
      if (at === undefined || Number(at) === place()) return;
      active = Number(at);
      draw();
    }),
    on(element, "scroll", () => {
      follows = element.scrollTop + element.clientHeight >= element.scrollHeight - 2;
      draw();
    }),
  ];
  return {
    element,
    focus: () => go(place()),
    update(now, after) {
      run = now;
      seconds = after;
      element.toggleAttribute("data-replayed", isReplayed(now)); // then the header says it, and the rows need not
      draw();
    },
    dispose() {
      for (const remove of removals) remove();
      for (const view of views.values()) view.dispose();
    },
  };
}
