// The first line: where the run stands, its measures, and the button that stops it.
import { h, icon, on, setText } from "../common/dom";
import { facts, problem, stateWords, traceback, trouble } from "./rows";
import { isOver, isReplayed, type RunState } from "./state";

export interface Part {
  element: HTMLElement;
  /** Draw the run as it is after `seconds` of activity. */
  update(run: RunState, seconds: number): void;
  dispose(): void;
}

export function header(stop: () => void): Part {
  const mark = h("span", { class: "vnb-mark" });
  const state = h("strong", { class: "vnb-state" });
  const name = h("span", { class: "vnb-run" });
  const replayed = h("span", { class: "vnb-badge", hidden: true }, "replayed");
  const measures = h("span", { class: "vnb-facts" });
  const button = h("button", { type: "button", class: "vnb-button vnb-stop", hidden: true }, "Stop");
  const element = h("div", { class: "vnb-header" }, mark, state, name, replayed, measures, button);
  let shown = "";
  let isHeard = false;
  const dispose = on(button, "click", () => {
    button.disabled = true;
    setText(button, "Stopping…");
    stop();
  });
  return {
    element,
    dispose,
    update(run, seconds) {
      if (shown !== run.state || isHeard !== run.heard) {
        shown = run.state;
        isHeard = run.heard;
        mark.replaceChildren(icon(run.state || "running"));
        element.dataset["state"] = run.state;
        button.hidden = isOver(run) || !run.run_id || !isHeard;
        button.disabled = false;
        setText(button, "Stop");
      }
      setText(state, stateWords(run));
      setText(name, run.name);
      replayed.hidden = !isReplayed(run) || run.state === "finished";
      setText(measures, facts(run, seconds).join("  ·  "));
    },
  };
}

/** The box that says why a run ended early, and what to do next. */
export function failure(): Part {
  const element = h("div", { class: "vnb-trouble", hidden: true });
  let shown = "";
  return {
    element,
    dispose: () => undefined,
    update(run) {
      const key = `${run.state} ${run.reason} ${run.error ? problem(run.error) : ""}`;
      if (key === shown) return;
      shown = key;
      const lines = trouble(run);
      element.hidden = !lines.length;
      element.dataset["state"] = run.state;
      element.replaceChildren(...lines.map(line), ...trace(run));
    },
  };
}

/** What went wrong stands out; where, and what to do next, is fainter. */
function line(words: string, place: number): HTMLElement {
  return h("div", place ? { class: "vnb-faint" } : {}, words);
}

function trace(run: RunState): HTMLElement[] {
  const words = traceback(run);
  return words ? [h("details", {}, h("summary", {}, "traceback"), h("pre", { tabindex: 0 }, words))] : [];
}

/** The last line: the run's id, and how to go on with it. */
export function footer(): Part {
  const element = h("div", { class: "vnb-footer" });
  return {
    element,
    dispose: () => undefined,
    update(run) {
      const resume = isOver(run) && run.state !== "finished" ? ` · victor resume ${run.run_id}` : "";
      setText(element, run.run_id ? `run ${run.run_id}${resume}` : "");
    },
  };
}
