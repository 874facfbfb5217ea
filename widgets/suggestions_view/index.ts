// The view of suggestions. `render` wires: the list, its keys, and what is said below it.
import { h, on, setText } from "../common/dom";
import { keepPlainKeys } from "../common/keys";
import { widget } from "../common/widget";
import { card } from "./card";
import { copy, handOn, type Went } from "./cells";
import { createStore, type Store } from "./store";

export default widget(createStore, show);

const WENT: { [where in Went]: string } = {
  cell: "The code is in a new cell below; run it when you like.",
  clipboard: "The code is in the clipboard.",
  nowhere: "This page lets nobody copy; select the code instead.",
};

function show(store: Store, el: HTMLElement): () => void {
  const head = h("div", { class: "vnd-question" });
  const list = h("ol", { class: "vnd-list", "aria-label": "Suggestions" });
  const said = h("div", { class: "vnd-faint", role: "status" });
  const problem = h("div", { class: "vnd-problem", role: "alert", hidden: true });
  const notes = h("div", { class: "vnd-faint" });
  const help = h("div", { class: "vnd-faint vnd-help" }, "Keys: ↑ ↓ choose · a accept · r reject · c copy");
  const root = h("section", { class: "vnd", "aria-label": "Suggestions" }, head, list, said, problem, notes, help);
  el.append(root);
  let at = 0;

  const suggestion = (number: number) => store.answer?.suggestions[number - 1];
  const acts = {
    accept: async (number: number) => {
      const chosen = suggestion(number);
      if (!chosen) return;
      if (chosen.verdict === "accepted") {
        store.say({ kind: "take back", number });
        setText(said, "");
        return;
      }
      const code = chosen.code;
      store.say({ kind: "accept", number });
      setText(said, code ? WENT[await handOn(code, root, store.manager)] : "");
    },
    reject: (number: number) => {
      store.say({ kind: suggestion(number)?.verdict === "rejected" ? "take back" : "reject", number });
      setText(said, "");
    },
    copy: async (number: number) => {
      const code = suggestion(number)?.code;
      if (code) setText(said, WENT[(await copy(code)) ? "clipboard" : "nowhere"]);
    },
  };
  const cards = () => Array.from(list.children) as HTMLElement[];
  const choose = (place: number, isFocused: boolean) => {
    const all = cards();
    at = Math.max(0, Math.min(all.length - 1, place));
    all.forEach((one, index) => one.setAttribute("tabindex", index === at ? "0" : "-1"));
    if (isFocused) all[at]?.focus();
  };
  const keys: { [key: string]: () => void } = {
    a: () => void acts.accept(at + 1),
    r: () => acts.reject(at + 1),
    c: () => void acts.copy(at + 1),
    ArrowDown: () => choose(at + 1, true),
    ArrowUp: () => choose(at - 1, true),
    Home: () => choose(0, true),
    End: () => choose(cards().length - 1, true),
  };
  const draw = () => {
    const answer = store.answer;
    problem.hidden = !store.problem;
    setText(problem, store.problem ? [store.problem.what, store.problem.hint].filter(Boolean).join("\n") : "");
    if (!answer) return;
    const active = document.activeElement;
    const isInside = active instanceof HTMLElement && list.contains(active);
    const button = isInside && active instanceof HTMLButtonElement ? active.textContent : null;
    setText(head, answer.told || answer.question);
    list.replaceChildren(...answer.suggestions.map((one, index) => card(one, index + 1, acts)));
    if (!answer.suggestions.length) list.replaceChildren(h("li", { class: "vnd-faint" }, "Nothing fits; ask in other words, or name a package."));
    setText(notes, answer.notes.join("\n"));
    help.hidden = !answer.suggestions.length;
    choose(at, isInside && !button);
    // Whoever pressed a button goes on from it, although the card was drawn anew.
    if (button) Array.from(cards()[at]?.querySelectorAll("button") ?? []).find((one) => one.textContent === button)?.focus();
  };
  const removals = [
    store.subscribe(draw),
    keepPlainKeys(root),
    on(list, "focusin", (event) => {
      const place = cards().findIndex((one) => event.target instanceof Node && one.contains(event.target));
      if (place >= 0) choose(place, false);
    }),
    on(list, "keydown", (event) => {
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    }),
  ];
  draw();
  store.say({ kind: "hello" });
  return () => {
    for (const remove of removals) remove();
    root.remove();
  };
}
