// The live view of a run. `render` wires; what is shown is decided in state.ts and rows.ts, and drawn by the parts.
//
// Events are folded as they come and drawn once a frame. Everything that listens is removed when the view goes.
import { h } from "../common/dom";
import { keepPlainKeys } from "../common/keys";
import { widget } from "../common/widget";
import { announcer } from "./announce";
import { approvals } from "./approvals";
import { failure, footer, header, type Part } from "./header";
import { prose } from "./prose";
import { isOver } from "./state";
import { createStore, type Store } from "./store";
import { timeline } from "./timeline";

const TICK_MS = 200;
/** When to say hello again while there is no answer, after the view was drawn. The first one can be lost for a while:
 * a page makes its channel beside a running cell (a subshell) only when it hears of the widget. */
const AGAIN_MS = [300, 700, 1500, 4000];

export default widget(createStore, show);

function show(store: Store, el: HTMLElement): () => void {
  const steps = timeline();
  const parts: Part[] = [
    header(() => store.say({ kind: "stop", run_id: store.run.run_id })),
    steps,
    approvals(store.say, steps.focus),
    failure(),
    answer(),
    footer(),
    announcer(),
  ];
  const root = h("section", { class: "vnb", "aria-label": "Agent run" });
  root.append(...parts.map((part) => part.element));
  el.append(root);

  const draw = () => {
    const ahead = isOver(store.run) || !store.run.state ? 0 : (performance.now() - store.heardAt) / 1000;
    for (const part of parts) part.update(store.run, store.run.seconds + ahead);
  };
  const frames = oncePerFrame(draw);
  const clock = every(TICK_MS, () => !isOver(store.run) && frames.ask());
  draw();
  const removals = [store.subscribe(frames.ask), frames.dispose, clock, keepPlainKeys(root), greet(store)];
  return () => {
    for (const remove of removals) remove();
    for (const part of parts) part.dispose();
    root.remove();
  };
}

/** Say hello, and again until the kernel answers; returns the end of it. */
function greet(store: Store): () => void {
  const again = () => {
    if (!store.run.heard && !isOver(store.run)) store.hello();
  };
  store.hello();
  const timers = AGAIN_MS.map((ms) => setTimeout(again, ms));
  return () => timers.forEach(clearTimeout);
}

function answer(): Part {
  const element = h("div", { class: "vnb-prose vnb-answer" });
  const write = prose(element);
  return {
    element,
    dispose: () => undefined,
    update(run) {
      write(run.text);
      element.toggleAttribute("data-streaming", run.text !== "" && run.state === "running");
    },
  };
}

/** However often it is asked, draw at most once a frame. */
function oncePerFrame(draw: () => void) {
  let frame = 0;
  return {
    ask() {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        draw();
      });
    },
    dispose: () => cancelAnimationFrame(frame),
  };
}

function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms);
  return () => clearInterval(timer);
}
