// The line above the drawing: how the run fares, and the buttons.
import { h, icon, on, setText } from "../common/dom";
import type { Graph, NodeState, Run } from "./wire";
import { facts, runWords } from "./words";

export interface Header {
  element: HTMLElement;
  update(graph: Graph | null, run: Run, nodes: ReadonlyMap<string, NodeState>, seconds: number): void;
  dispose(): void;
}

interface Acts {
  zoom(by: number): void;
  fit(): void;
  stop(): void;
  ask(): void;
}

export function header(acts: Acts): Header {
  const mark = h("span", { class: "vng-mark" });
  const state = h("strong", { class: "vng-state" });
  const name = h("span", { class: "vng-run" });
  const measures = h("span", { class: "vng-facts" });
  const stop = button("Stop", "Stop the run; it can be resumed");
  const ask = button("Answer…", "Go to what is asked (a)");
  const [larger, smaller, fit] = [button("+", "Zoom in (+)"), button("−", "Zoom out (−)"), button("Fit", "Show everything (f)")];
  const tools = h("span", { class: "vng-tools", role: "group", "aria-label": "Zoom" }, smaller, larger, fit);
  const element = h("div", { class: "vng-header" }, mark, state, name, measures, ask, stop, tools);
  const removals = [
    on(larger, "click", () => acts.zoom(1.25)),
    on(smaller, "click", () => acts.zoom(0.8)),
    on(ask, "click", () => acts.ask()),
    on(fit, "click", () => acts.fit()),
    on(stop, "click", () => {
      stop.disabled = true;
      setText(stop, "Stopping…");
      acts.stop();
    }),
  ];
  let shown: string | null = null;
  return {
    element,
    update(graph, run, nodes, seconds) {
      if (shown !== run.state) {
        shown = run.state;
        mark.replaceChildren(...(run.state ? [icon(run.state)] : []));
        element.dataset["state"] = run.state;
        stop.hidden = run.state !== "running";
        stop.disabled = false;
        setText(stop, "Stop");
        setText(state, run.state ? runWords(run) : "Workflow");
      }
      const questions = [...nodes.values()].reduce((sum, node) => sum + node.asks.length, 0);
      ask.hidden = !questions;
      setText(ask, questions > 1 ? `Answer… (${questions})` : "Answer…");
      setText(name, run.name || graph?.name || "");
      setText(measures, facts(graph, run, nodes, seconds).join("  ·  "));
    },
    dispose() {
      for (const remove of removals) remove();
    },
  };
}

function button(words: string, title: string): HTMLButtonElement {
  return h("button", { type: "button", class: "vng-button", title, "aria-label": title }, words);
}
