// The drawing on the page: what is in sight as cards and curves; from afar all nodes as plain boxes and all edges as two lines.
//
// Only what can be seen is in the page, so a thousand nodes cost no more than a screenful.
import { type Camera, overlaps, type Place, seen, type Size } from "./camera";
import { card, type Card } from "./card";
import { s } from "./svg";
import type { Box, Graph, NodeState, Route } from "./wire";
import { toneOf } from "./words";

/** Below this scale no name can be read, and none is drawn. */
export const FAR = 0.3;
const AROUND = 0.4; // of the view, drawn beyond its borders

export interface Sight {
  camera: Camera;
  view: Size;
  now: number;
  chosen: string;
}

export interface Scene {
  element: SVGSVGElement;
  /** Draw another graph. */
  show(graph: Graph): void;
  /** Draw what can be seen. */
  draw(sight: Sight, nodes: ReadonlyMap<string, NodeState>): void;
  /** Take over the states of these nodes. */
  mark(paths: string[], nodes: ReadonlyMap<string, NodeState>): void;
}

export function scene(): Scene {
  const [frames, edges, labels, cards, far] = [s("g"), s("g"), s("g"), s("g"), s("g", { class: "vng-far" })];
  const near = s("g", {}, frames, edges, labels, cards);
  const world = s("g", {}, near, far);
  const element = s("svg", { class: "vng-scene", "aria-hidden": "true" }, world);
  const dots = new Map<string, SVGRectElement>();
  const shown = new Map<string, Card>();
  const drawn = new Map<Route, SVGGElement[]>();
  let graph: Graph | null = null;

  const forget = () => {
    for (const group of [frames, edges, labels, cards, far]) group.replaceChildren();
    dots.clear();
    shown.clear();
    drawn.clear();
  };
  const drawBoxes = (all: Graph, part: Place, sight: Sight, nodes: ReadonlyMap<string, NodeState>) => {
    for (const box of all.boxes) {
      let there = shown.get(box.path);
      if (!overlaps(box, part)) {
        there?.element.remove();
        shown.delete(box.path);
        continue;
      }
      if (!there) {
        there = card(box, all);
        shown.set(box.path, there);
        (box.is_frame ? frames : cards).append(there.element);
      }
      there.update(nodes.get(box.path), sight.now, sight.chosen === box.path);
    }
  };
  const drawRoutes = (all: Graph, part: Place) => {
    for (const route of all.routes) {
      const there = drawn.get(route);
      if (!overlaps(placeOf(route), part)) {
        there?.forEach((group) => group.remove());
        drawn.delete(route);
      } else if (!there) {
        const made = [line(route), ...label(route)];
        edges.append(made[0] as SVGGElement);
        labels.append(...made.slice(1));
        drawn.set(route, made);
      }
    }
  };
  const drawFar = (all: Graph, nodes: ReadonlyMap<string, NodeState>) => {
    if (dots.size) return;
    far.append(...all.boxes.filter((box) => box.is_frame).map((box) => dot(box)), ...farEdges(all.routes));
    far.append(...all.boxes.filter((box) => !box.is_frame).map((box) => dot(box)));
    mark([...nodes.keys()], nodes);
  };
  const dot = (box: Box) => {
    const made = s("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: 7, "data-path": box.path });
    made.classList.add(box.is_frame ? "vng-dot-frame" : "vng-dot");
    dots.set(box.path, made);
    return made;
  };
  const mark = (paths: string[], nodes: ReadonlyMap<string, NodeState>) => {
    for (const path of paths) dots.get(path)?.setAttribute("data-tone", toneOf(nodes.get(path)));
  };

  return {
    element,
    mark,
    show(next) {
      graph = next;
      forget();
    },
    draw(sight, nodes) {
      if (!graph) return;
      const { x, y, scale } = sight.camera;
      world.setAttribute("transform", `scale(${scale}) translate(${-x} ${-y})`);
      const isFar = scale < FAR;
      near.style.display = isFar ? "none" : "";
      far.style.display = isFar ? "" : "none";
      if (isFar) {
        drawFar(graph, nodes);
        far.style.strokeWidth = `${0.9 / scale}px`;
        return;
      }
      const part = wider(seen(sight.camera, sight.view));
      drawBoxes(graph, part, sight, nodes);
      drawRoutes(graph, part);
    },
  };
}

function wider(part: Place): Place {
  const [dx, dy] = [part.width * AROUND, part.height * AROUND];
  return { x: part.x - dx, y: part.y - dy, width: part.width + 2 * dx, height: part.height + 2 * dy };
}

function placeOf(route: Route): Place {
  const [left, top, right, bottom] = route.bounds;
  return { x: left - 40, y: top, width: right - left + 80, height: bottom - top + 1 };
}

function line(route: Route): SVGGElement {
  const dashes = route.is_conditional ? "5 4" : undefined;
  return s(
    "g",
    { class: "vng-edge" },
    s("path", { class: "vng-line", d: route.line, "stroke-dasharray": dashes }),
    ...(route.head ? [s("path", { class: "vng-head", d: route.head })] : []),
  );
}

function label(route: Route): SVGGElement[] {
  if (!route.label_at) return [];
  const [x, y] = route.label_at;
  const ground = s("rect", { x: x - route.label_width / 2, y: y - 8, width: route.label_width, height: 16, rx: 4 });
  ground.classList.add(route.source.includes("/") ? "vng-label-inside" : "vng-label-ground");
  return [s("g", {}, ground, s("text", { class: "vng-label", x, y: y + 3.6, "text-anchor": "middle" }, route.label))];
}

function farEdges(routes: Route[]): SVGPathElement[] {
  const joined = (isConditional: boolean) =>
    routes.filter((route) => route.is_conditional === isConditional).map((route) => route.line).join("");
  return [s("path", { class: "vng-line", d: joined(false) }), s("path", { class: "vng-line", d: joined(true) })];
}
