// The live view of a graph: header, drawing, panel. Where things are was decided in Python, how nodes fare comes as messages.
//
// Everything is drawn at most once a frame. Whatever listens is removed when the view goes.
import { h, setText } from "../common/dom";
import { keepPlainKeys } from "../common/keys";
import { header } from "./header";
import { stage } from "./stage";
import type { Store } from "./store";
import { runWords } from "./words";

const TICK_MS = 250;
/** When to say hello again while there is no answer: the first one can be lost, as in run_view/index.ts. */
const AGAIN_MS = [300, 700, 1500, 4000];

/** What stands below the drawing of some kinds of graphs. */
export interface Below {
  element: HTMLElement;
  /** `now` in seconds since the Unix epoch, by the kernel's clock. */
  draw(now: number): void;
}

/** Draw a store into an element; returns the removal. */
export function show(store: Store, el: HTMLElement, label = "Workflow", below: Below | null = null): () => void {
  let frame = 0;
  const ask = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  };
  const field = stage(store, ask);
  const top = header({ zoom: field.zoom, fit: field.fit, ask: field.ask, stop: () => store.say({ kind: "stop", run_id: store.run.run_id }) });
  const trouble = h("div", { class: "vng-trouble", hidden: true });
  const polite = h("div", { class: "vng-sr", role: "status", "aria-live": "polite" });
  const root = h("section", { class: "vng", "aria-label": label }, top.element, trouble, field.element);
  if (below) root.append(below.element);
  root.append(polite);
  el.append(root);

  const draw = () => {
    const { run, graph, nodes } = store;
    const ahead = run.state === "running" ? (performance.now() - store.heardAt) / 1000 : 0;
    top.update(graph, run, nodes, run.seconds + ahead);
    field.draw(run.updated + ahead);
    below?.draw(run.updated + ahead);
    const said = [run.error?.["what"], run.error?.["where"], run.error?.["hint"]].filter(Boolean).join("\n");
    trouble.hidden = !said;
    setText(trouble, said);
    if (run.state) setText(polite, `${run.name}: ${runWords(run)}`);
  };
  const changed = (paths: string[], isNew: boolean) => {
    field.take(paths, isNew);
    ask();
  };
  const clock = setInterval(() => store.run.state === "running" && ask(), TICK_MS);
  const removals = [store.subscribe(changed), keepPlainKeys(root)];
  field.take([...store.nodes.keys()], true);
  draw();
  store.say({ kind: "hello" });
  const greetings = AGAIN_MS.map((ms) => setTimeout(() => store.isHeard || store.say({ kind: "hello" }), ms));
  return () => {
    for (const remove of removals) remove();
    clearInterval(clock);
    greetings.forEach(clearTimeout);
    cancelAnimationFrame(frame);
    field.dispose();
    top.dispose();
    root.remove();
  };
}
