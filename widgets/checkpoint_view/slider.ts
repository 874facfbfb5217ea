// The slider over the history, with a mark for each checkpoint and a button on either side.
import { h, on, setText } from "../common/dom";
import type { Checkpoint } from "./wire";
import { clock, spoken, title } from "./words";

const MOST_MARKS = 120;

export interface Slider {
  element: HTMLElement;
  /** Show another history, at one of its places. */
  show(checkpoints: readonly Checkpoint[], at: number): void;
  move(at: number): void;
  dispose(): void;
}

/** `moved` is told where somebody wants to look. */
export function slider(moved: (at: number) => void): Slider {
  const range = h("input", { type: "range", class: "vnc-range", min: 0, step: 1, "aria-label": "Checkpoint" });
  const before = button("‹", "Previous checkpoint");
  const after = button("›", "Next checkpoint");
  const marks = h("div", { class: "vnc-marks", "aria-hidden": "true" });
  const words = h("div", { class: "vnc-place" });
  const track = h("div", { class: "vnc-track" }, marks, range);
  const element = h("div", { class: "vnc-slider" }, h("div", { class: "vnc-row" }, before, track, after), words);
  let checkpoints: readonly Checkpoint[] = [];
  let place = 0;

  const go = (at: number) => moved(Math.min(Math.max(0, at), checkpoints.length - 1));
  const removals = [
    on(range, "input", () => go(Number(range.value))),
    on(before, "click", () => go(place - 1)),
    on(after, "click", () => go(place + 1)),
  ];
  const move = (at: number) => {
    place = at;
    const checkpoint = checkpoints[at];
    range.value = String(at);
    before.disabled = at <= 0;
    after.disabled = at >= checkpoints.length - 1;
    if (!checkpoint) return;
    range.setAttribute("aria-valuetext", spoken(checkpoint, at, checkpoints.length));
    const label = checkpoint.label ? ` · checkpoint of ${checkpoint.label}` : "";
    const where = `${at + 1} of ${checkpoints.length} · superstep ${checkpoint.superstep}`;
    setText(words, `${where} · ${title(checkpoint)}${label} · ${clock(checkpoint.time)}`);
  };
  return {
    element,
    move,
    show(next, at) {
      checkpoints = next;
      range.max = String(Math.max(0, next.length - 1));
      range.disabled = next.length < 2;
      marks.replaceChildren(...(next.length <= MOST_MARKS ? next.map((one, index) => mark(one, index, next.length)) : []));
      move(at);
    },
    dispose() {
      for (const remove of removals) remove();
    },
  };
}

function mark(checkpoint: Checkpoint, at: number, count: number): HTMLElement {
  const made = h("i", { "data-source": checkpoint.source, "data-named": checkpoint.label !== "" });
  made.style.left = `${count > 1 ? (100 * at) / (count - 1) : 0}%`;
  return made;
}

function button(words: string, title: string): HTMLButtonElement {
  return h("button", { type: "button", class: "vnc-button", title, "aria-label": title }, words);
}
