// One node of the drawing: a box with its icon, its name, and how it fares; the same as svg.py draws.
import { setText } from "../common/dom";
import { s } from "./svg";
import type { Box, Graph, NodeState } from "./wire";
import { fitting, toneOf, wordsOf } from "./words";

export interface Card {
  element: SVGGElement;
  update(node: NodeState | undefined, now: number, isChosen: boolean): void;
}

export function card(box: Box, { icons, signs }: Pick<Graph, "icons" | "signs">): Card {
  const isPill = (box.kind === "start" || box.kind === "end") && !box.is_frame;
  const ground = s("rect", { class: "vng-ground", width: box.width, height: box.height, rx: isPill ? box.height / 2 : 7 });
  const element = s("g", { class: "vng-node", transform: `translate(${box.x} ${box.y})`, "data-path": box.path }, ground);
  if (box.is_frame) element.dataset["frame"] = "";
  if (isPill) {
    element.dataset["pill"] = "";
    element.append(s("text", { class: "vng-words", x: box.width / 2, y: box.height / 2 + 4, "text-anchor": "middle" }, box.name));
    return { element, update: (_node, _now, isChosen) => choose(element, isChosen) };
  }
  const words = s("text", { class: "vng-words", x: 34, y: 35.5 }, box.words);
  const sign = s("path", { class: "vng-sign", transform: `translate(${box.width - 20} 7) scale(.75)` });
  element.dataset["kind"] = box.kind;
  element.append(
    s("path", { class: "vng-icon", transform: "translate(10 8)", d: icons[box.kind] ?? icons["function"] ?? "" }),
    s("text", { class: "vng-name", x: 34, y: 20 }, box.name),
    words,
    sign,
  );
  return {
    element,
    update(node, now, isChosen) {
      const tone = toneOf(node);
      if (element.dataset["tone"] !== tone) {
        element.dataset["tone"] = tone;
        sign.setAttribute("d", signs[tone] ?? "");
      }
      setText(words, node && tone ? fitting(wordsOf(node, now).replace(/ left$/, ""), box.width) : box.words);
      choose(element, isChosen);
    },
  };
}

function choose(element: SVGGElement, isChosen: boolean): void {
  element.classList.toggle("vng-chosen", isChosen);
}
