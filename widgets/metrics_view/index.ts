// The live charts of a journal. `render` wires: a header with the button that ends them, and a figure for each chart.
import { h, on, setText } from "../common/dom";
import { type Model, widget } from "../common/widget";
import { type ChartView, chartView } from "./chart";
import type { Message, Panel, Say } from "./wire";

interface Store {
  readonly last: Message | null;
  subscribe(changed: () => void): () => void;
  say(message: Say): void;
  dispose(): void;
}

function createStore(model: Model<Say>): Store {
  const listeners = new Set<() => void>();
  let last: Message | null = null;
  const take = (message: Message) => {
    last = message;
    for (const changed of listeners) changed();
  };
  model.on("msg:custom", take);
  return {
    get last() {
      return last;
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    say: (message) => model.send(message),
    dispose: () => model.off("msg:custom", take),
  };
}

export default widget(createStore, show);

function show(store: Store, el: HTMLElement): () => void {
  const head = h("strong", {}, "Metrics");
  const span = h("span", { class: "vnb-faint" });
  const stop = h("button", { class: "vnm-stop", type: "button" }, "Stop");
  const problem = h("div", { class: "vnm-problem", role: "alert", hidden: true });
  const grid = h("div", { class: "vnm-grid" });
  const header = h("div", { class: "vnm-header" }, h("span", { class: "vnm-live", "aria-hidden": "true" }), head, span, stop);
  const root = h("section", { class: "vnb vnm", "aria-label": "Live metrics" }, header, problem, grid);
  const views: ChartView[] = [];
  el.append(root);

  const draw = (panel: Panel) => {
    setText(head, panel.head);
    setText(span, panel.span);
    while (views.length < panel.charts.length) {
      const made = chartView();
      views.push(made);
      grid.append(made.element);
    }
    panel.charts.forEach((chart, place) => views[place]?.update(chart, panel));
  };
  const changed = () => {
    const message = store.last;
    problem.hidden = message?.kind !== "problem";
    if (message?.kind === "problem") setText(problem, [message.what, message.hint].filter(Boolean).join("\n"));
    if (message?.kind === "panel") draw(message.panel);
  };
  const end = () => {
    stop.disabled = true;
    store.say({ kind: "stop" });
  };
  const removals = [store.subscribe(changed), on(stop, "click", end)];
  changed();
  store.say({ kind: "hello" });
  return () => {
    for (const remove of removals) remove();
    root.remove();
  };
}
