// The buttons below a checkpoint: go on from there in a run of its own, with or without a change, or go on with this run.
import { h, on, setText } from "../common/dom";
import { pretty } from "../run_view/wording";
import type { Store } from "./store";
import type { StateMessage } from "./wire";
import { parsed } from "./words";

export interface Acts {
  element: HTMLElement;
  update(at: number, state: StateMessage | null): void;
  dispose(): void;
}

export function acts(store: Store): Acts {
  const fork = button("Fork here", "A new run with this one's past up to here; this run stays as it is");
  const change = button("Change the state…", "Write changes of the state, then fork");
  const resume = button("Go on", "Run the workflow from where this run stands");
  const text = h("textarea", { class: "vnc-text", rows: 4, spellcheck: "false", "aria-label": "Changes of the state, as JSON" });
  const apply = button("Fork with these changes", "A new run, with these values written to its state");
  const cancel = button("Cancel", "Change nothing");
  const wrong = h("div", { class: "vnc-wrong", role: "alert" });
  const help = h("div", { class: "vnc-faint" }, "Values that you change are what the new run begins with; the others stay.");
  const editor = h("div", { class: "vnc-editor", hidden: true }, help, text, h("div", { class: "vnc-row" }, apply, cancel), wrong);
  const hint = h("span", { class: "vnc-faint" });
  const element = h("div", { class: "vnc-acts" }, h("div", { class: "vnc-row" }, fork, change, resume, hint), editor);
  let place = 0;
  let state: StateMessage | null = null;

  const close = () => {
    editor.hidden = true;
    setText(wrong, "");
  };
  const send = (update: ReturnType<typeof parsed> | null) => {
    if (!store.run) return;
    if (update && "wrong" in update) {
      setText(wrong, `${update.wrong}; nothing was changed`);
      return;
    }
    close();
    store.say({ kind: "fork", run_id: store.run.run_id, at: place, update: update ? update.update : null });
  };
  const removals = [
    on(fork, "click", () => send(null)),
    on(change, "click", () => {
      editor.hidden = !editor.hidden;
      if (editor.hidden) return;
      text.value = pretty(state?.state ?? {});
      text.focus();
    }),
    on(apply, "click", () => send(parsed(text.value, state?.state ?? {}))),
    on(cancel, "click", () => {
      close();
      change.focus();
    }),
    on(resume, "click", () => {
      if (store.run) store.say({ kind: "resume", run_id: store.run.run_id });
    }),
  ];
  return {
    element,
    update(at, shown) {
      if (at !== place) close();
      [place, state] = [at, shown];
      const run = store.run;
      const isOpen = run !== null && run.status !== "finished" && run.status !== "running";
      for (const one of [fork, change]) one.disabled = !run || !store.checkpoints.length || store.isWorking;
      resume.hidden = !isOpen || !run.can_run || run.status === "waiting";
      resume.disabled = store.isWorking;
      setText(resume, store.isWorking ? "Running…" : "Go on");
      setText(hint, run ? advice(store) : "");
    },
    dispose() {
      for (const remove of removals) remove();
    },
  };
}

/** What cannot be done with a button here is named as a command. */
function advice(store: Store): string {
  const run = store.run;
  if (!run || run.status === "finished" || run.status === "running") return "";
  if (run.status === "waiting") return `waits for an answer: ${run.asks.map((asked) => pretty(asked)).join("; ")}`;
  return run.can_run ? "" : `go on with: victor resume ${run.run_id}`;
}

function button(words: string, title: string): HTMLButtonElement {
  return h("button", { type: "button", class: "vnc-button", title }, words);
}
