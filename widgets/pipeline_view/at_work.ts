// What runs now, a line for each notebook: its cell, how far it is, what it uses; and what failing cells have printed.
import { h, setText } from "../common/dom";
import { doneOf, notebookWords, slowWords, used } from "../graph_view/notebooks";
import type { Below } from "../graph_view/show";
import type { Store } from "../graph_view/store";
import type { NodeState } from "../graph_view/wire";
import { toneOf, wordsOf } from "../graph_view/words";

const MOST_RUNNING = 8;
const MOST_FAILED = 3;
const LAST_LINES = 14;

interface Line {
  element: HTMLElement;
  update(node: NodeState, now: number): void;
}

export function atWork(store: Store): Below {
  const more = h("div", { class: "vng-faint" });
  const element = h("div", { class: "vnp-work", role: "list", "aria-label": "At work" });
  const lines = new Map<string, Line>();
  return {
    element,
    draw(now) {
      const all = [...store.nodes.values()];
      const running = all.filter((node) => node.state === "running" || node.state === "retrying");
      const failed = all.filter((node) => node.state === "failed" || node.state === "killed");
      const shown = [...failed.slice(0, MOST_FAILED), ...running.slice(0, MOST_RUNNING)];
      for (const [path, old] of lines) {
        if (shown.some((node) => node.path === path)) continue;
        old.element.remove();
        lines.delete(path);
      }
      for (const [place, node] of shown.entries()) {
        const there = lines.get(node.path) ?? line();
        lines.set(node.path, there);
        if (element.children[place] !== there.element) element.insertBefore(there.element, element.children[place] ?? null);
        there.update(node, now);
      }
      const hidden = failed.length + running.length - shown.length;
      setText(more, hidden > 0 ? `${hidden} more at work or failed` : "");
      element.append(more);
    },
  };
}

function line(): Line {
  const name = h("strong", { class: "vnp-name" });
  const words = h("span", { class: "vnp-words" });
  const code = h("code", { class: "vnp-code" });
  const kernel = h("span", { class: "vnp-kernel" });
  const bar = h("div", { class: "vnp-bar" });
  const lane = h("div", { class: "vnp-lane", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, bar);
  const slow = h("div", { class: "vnp-slow" });
  const text = h("pre", { class: "vnp-text", tabindex: 0 });
  const element = h("div", { class: "vnp-line", role: "listitem" }, name, lane, words, code, kernel, slow, text);
  return {
    element,
    update(node, now) {
      const failed = node.state === "failed" || node.state === "killed";
      element.dataset["tone"] = toneOf(node);
      setText(name, node.path);
      setText(words, notebookWords(node, now) || wordsOf(node, now));
      setText(code, failed ? (node.error?.["what"] ?? "") : (node.notebook?.code ?? ""));
      setText(kernel, used(node.notebook));
      const done = Math.round(100 * doneOf(node, now));
      lane.hidden = failed || !node.notebook?.cells;
      lane.setAttribute("aria-valuenow", String(done));
      lane.setAttribute("aria-label", node.path);
      bar.style.width = `${done}%`;
      setText(slow, slowWords(node, now) || (failed ? "" : (node.notebook?.slow.at(-1) ?? "")));
      const printed = (node.notebook?.text ?? "").trimEnd().split("\n");
      setText(text, printed.slice(failed ? -LAST_LINES : -1).join("\n"));
      text.hidden = !text.textContent;
    },
  };
}
