// One line of the timeline, and its details when it is unfolded.
import { details } from "./details";
import { h, icon, on, setAttributes, setText } from "../common/dom";
import { detail, title, took } from "./rows";
import type { StepRow } from "./state";

/** The height of a folded row in pixels; style.css says the same. */
export const ROW = 28;
const LEAST_STROKE = 2; // percent of the lane

export interface Drawing {
  row: StepRow;
  at: number;
  of: number;
  top: number;
  seconds: number;
  isActive: boolean;
}

export interface RowView {
  element: HTMLElement;
  update(drawing: Drawing): void;
  fold(open: boolean): void;
  focus(): void;
  dispose(): void;
}

/** Make a row; `toggled` hears of folding, `grew` of the pixels that the details take. */
export function rowView(
  first: StepRow,
  isOpen: boolean,
  toggled: (open: boolean) => void,
  grew: (pixels: number) => void,
): RowView {
  const mark = h("span", { class: "vnb-mark" });
  const state = h("span", { class: "vnb-sr" });
  const name = h("span", { class: "vnb-name" });
  const what = h("span", { class: "vnb-detail" });
  const replayed = h("span", { class: "vnb-badge" }, "replayed");
  const time = h("span", { class: "vnb-took" });
  const stroke = h("i");
  const lane = h("span", { class: "vnb-lane", "aria-hidden": "true" }, stroke);
  const line = h("button", { type: "button", class: "vnb-line" }, icon("fold"), mark, state, name, what, replayed, time, lane);
  const panel = h("div", { class: "vnb-panel", hidden: true });
  const element = h("div", { class: "vnb-row", role: "listitem" }, line, panel);
  const size = new ResizeObserver(() => grew(open ? panel.offsetHeight : 0));
  let open = false;
  let row = first;
  let drawn = -1;

  const unfold = (wanted: boolean) => {
    if (wanted === open) return;
    open = wanted;
    panel.hidden = !open;
    line.setAttribute("aria-expanded", String(open));
    if (open) {
      panel.replaceChildren(...details(row));
      size.observe(panel);
    } else size.unobserve(panel);
  };
  const fold = (wanted: boolean) => {
    if (wanted === open) return;
    unfold(wanted);
    toggled(open);
  };
  const redraw = () => {
    drawn = row.version;
    mark.replaceChildren(icon(row.state));
    setAttributes(element, { "data-state": row.state, "data-kind": row.kind });
    setText(state, `${row.state}, ${row.kind}: `);
    name.style.marginInlineStart = `${Math.min(row.depth, 6) * 14}px`;
    setText(name, title(row));
    setText(what, detail(row));
    replayed.hidden = !row.replayed;
    setText(time, took(row));
    if (open) panel.replaceChildren(...details(row));
  };

  line.setAttribute("aria-expanded", "false");
  const remove = on(line, "click", () => fold(!open));
  unfold(isOpen);
  return {
    element,
    fold,
    focus: () => line.focus({ preventScroll: true }),
    update({ row: now, at, of, top, seconds, isActive }) {
      row = now;
      if (drawn !== row.version) redraw();
      element.style.transform = `translateY(${top}px)`;
      setAttributes(element, { "data-at": at, "aria-posinset": at + 1, "aria-setsize": of });
      line.tabIndex = isActive ? 0 : -1;
      placeStroke(stroke, row, seconds);
    },
    dispose() {
      remove();
      size.disconnect();
    },
  };
}

/** Where in the run the step was: an open one reaches to now. */
function placeStroke(stroke: HTMLElement, row: StepRow, seconds: number): void {
  const whole = Math.max(seconds, row.at + (row.ms ?? 0) / 1000, 0.001);
  const isOpen = row.state === "running" || row.state === "waiting";
  const length = isOpen ? Math.max(0, whole - row.at) : (row.ms ?? 0) / 1000;
  const width = Math.max(LEAST_STROKE, (100 * length) / whole);
  stroke.style.left = `${Math.min(100 - LEAST_STROKE, (100 * row.at) / whole).toFixed(2)}%`;
  stroke.style.width = `${width.toFixed(2)}%`;
}
