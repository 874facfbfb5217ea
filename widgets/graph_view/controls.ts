// Moving about in the drawing: pointers, the wheel with Ctrl, and keys. It decides where to look and what is chosen.
import { on } from "../common/dom";
import { type Direction } from "./steering";

export interface Controls {
  /** Move by pixels. */
  pan(dx: number, dy: number): void;
  /** Zoom around a point of the stage, in pixels from its corner; null: around its middle. */
  zoom(by: number, at: { x: number; y: number } | null): void;
  fit(): void;
  walk(direction: Direction): void;
  /** Choose a node by its path, the first or the last; "" chooses none. */
  choose(path: string): void;
  ends(which: "first" | "last"): void;
  open(): void;
  close(): void;
  /** Go to what is asked. */
  ask(): void;
}

const STEP = 1.25;
const SLACK = 4; // pixels that a click may move
const PAN = 60;
const DIRECTIONS: { [key: string]: Direction } = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};
const MOVES: { [direction in Direction]: [number, number] } = { up: [0, PAN], down: [0, -PAN], left: [PAN, 0], right: [-PAN, 0] };

/** Listen on the stage; returns the removal. */
export function control(stage: HTMLElement, act: Controls): () => void {
  const removals = [pointing(stage, act), wheeling(stage, act), on(stage, "keydown", (event) => typed(event, stage, act))];
  return () => {
    for (const remove of removals) remove();
  };
}

function pointing(stage: HTMLElement, act: Controls): () => void {
  let last: { x: number; y: number } | null = null;
  let isDragging = false;
  let pressed: Element | null = null;
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    last = { x: event.clientX, y: event.clientY };
    pressed = event.target instanceof Element ? event.target : null;
    isDragging = false;
    stage.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    if (!last) return;
    const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
    if (!isDragging && Math.abs(dx) + Math.abs(dy) < SLACK) return;
    isDragging = true;
    stage.toggleAttribute("data-dragging", true);
    act.pan(dx, dy);
    last = { x: event.clientX, y: event.clientY };
  };
  const up = () => {
    if (last && !isDragging) {
      const node = pressed?.closest<SVGElement>("[data-path]");
      act.choose(node?.dataset["path"] ?? "");
      if (node) act.open();
      else act.close();
    }
    last = null;
    stage.toggleAttribute("data-dragging", false);
  };
  const cancel = () => {
    last = null;
    stage.toggleAttribute("data-dragging", false);
  };
  const removals = [
    on(stage, "pointerdown", down),
    on(stage, "pointermove", move),
    on(stage, "pointerup", up),
    on(stage, "pointercancel", cancel),
  ];
  return () => {
    for (const remove of removals) remove();
  };
}

/** The wheel alone scrolls the notebook, as everywhere; with Ctrl, and so a pinch, it zooms. */
function wheeling(stage: HTMLElement, act: Controls): () => void {
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    const by = Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 150);
    act.zoom(by, { x: event.clientX - frame.left, y: event.clientY - frame.top });
  };
  stage.addEventListener("wheel", wheel, { passive: false });
  return () => stage.removeEventListener("wheel", wheel);
}

function typed(event: KeyboardEvent, stage: HTMLElement, act: Controls): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== stage) {
    if (event.key === "Escape") act.close();
    return;
  }
  const direction = DIRECTIONS[event.key];
  if (direction) {
    if (event.shiftKey) act.pan(...MOVES[direction]);
    else act.walk(direction);
  } else if (event.key === "+" || event.key === "=") act.zoom(STEP, null);
  else if (event.key === "-") act.zoom(1 / STEP, null);
  else if (event.key === "0" || event.key === "f") act.fit();
  else if (event.key === "Home") act.ends("first");
  else if (event.key === "End") act.ends("last");
  else if (event.key === "Enter" || event.key === " ") act.open();
  else if (event.key === "Escape") act.close();
  else if (event.key === "a") act.ask();
  else return;
  event.preventDefault();
}
