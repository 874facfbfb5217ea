// The view of a run's history. `render` wires: a slider, what changed at its place, the state there, and the buttons.
import { h, setText } from "../common/dom";
import { keepPlainKeys } from "../common/keys";
import { widget } from "../common/widget";
import { acts } from "./acts";
import { slider } from "./slider";
import { changeList, stateList } from "./states";
import { createStore, type Store } from "./store";
import type { StateMessage } from "./wire";
import { heading } from "./words";

export default widget(createStore, show);

function show(store: Store, el: HTMLElement): () => void {
  const head = h("div", { class: "vnc-header" });
  const places = slider((at) => look(at));
  const changes = h("div", { class: "vnc-part", role: "region", "aria-label": "What changed" });
  const state = h("div", { class: "vnc-part", role: "region", "aria-label": "State" });
  const next = h("div", { class: "vnc-faint" });
  const buttons = acts(store);
  const problem = h("div", { class: "vnc-problem", role: "alert", hidden: true });
  const both = h("div", { class: "vnc-both" }, changes, state);
  const root = h("section", { class: "vnc", "aria-label": "Checkpoints" }, head, places.element, both, next, buttons.element, problem);
  el.append(root);
  let at = 0;
  let drawn: StateMessage | null = null;

  const look = (wanted: number) => {
    at = wanted;
    places.move(at);
    draw();
  };
  const draw = () => {
    const shown = store.state(at);
    if (shown && shown !== drawn) {
      drawn = shown;
      changes.replaceChildren(h("h4", {}, "Changed here"), changeList(shown));
      state.replaceChildren(h("h4", {}, "State"), stateList(shown));
      setText(next, shown.next.length ? `Due next: ${shown.next.join(", ")}` : "Nothing is due after this.");
      store.state(at - 1); // whoever moves the slider goes there next
      store.state(at + 1);
    }
    both.toggleAttribute("data-loading", !shown);
    buttons.update(at, shown);
    problem.hidden = !store.problem;
    setText(problem, store.problem ? [store.problem.what, store.problem.hint].filter(Boolean).join("\n") : "");
  };
  const renew = () => {
    const { run, checkpoints } = store;
    if (!run) return;
    const fork = run.parent ? [h("span", { class: "vnc-badge" }, `forked from ${run.parent}`)] : [];
    head.replaceChildren(
      h("strong", {}, heading(run, checkpoints.length)),
      h("span", { class: "vnc-status", "data-status": run.status }, run.status),
      ...fork,
      h("span", { class: "vnc-id" }, run.run_id),
    );
    at = Math.max(0, checkpoints.length - 1);
    drawn = null;
    places.show(checkpoints, at);
  };
  const changed = (isNew: boolean) => {
    if (isNew) renew();
    draw();
  };
  const removals = [store.subscribe(changed), keepPlainKeys(root)];
  changed(true);
  store.say({ kind: "hello" });
  return () => {
    for (const remove of removals) remove();
    places.dispose();
    buttons.dispose();
    root.remove();
  };
}
