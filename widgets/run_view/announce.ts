// What a screen reader hears: changes of state, failures and questions; never each token or each step.
import { h, setText } from "../common/dom";
import type { Part } from "./header";
import { problem, stateWords } from "./rows";
import { pending, type RunState } from "./state";
import { argumentList, duration } from "./wording";

export function announcer(): Part {
  const polite = h("div", { role: "status", "aria-live": "polite", class: "vnb-sr" });
  const urgent = h("div", { role: "alert", class: "vnb-sr" });
  const element = h("div", {}, polite, urgent);
  let heard = "";
  return {
    element,
    dispose: () => undefined,
    update(run) {
      setText(urgent, question(run));
      if (run.state === heard) return;
      heard = run.state;
      setText(polite, sentence(run));
    },
  };
}

function sentence(run: RunState): string {
  if (run.state === "waiting") return "";
  const ended = run.state === "finished" ? ` after ${duration(run.seconds)}` : "";
  return `${run.name}: ${stateWords(run)}${ended}${run.error ? `. ${problem(run.error)}` : ""}`;
}

function question(run: RunState): string {
  const first = pending(run)[0];
  return first ? `Approval needed: ${first.name}, ${argumentList(first.arguments)}` : "";
}
