// The whole drawing in a corner, for large graphs: where one looks, and how everything fares.
import { type Camera, fitted, seen, type Size } from "./camera";
import { h, on } from "../common/dom";
import type { Graph, NodeState } from "./wire";
import { toneOf } from "./words";

/** Graphs of more nodes than this get a map. */
export const FROM = 50;
const LARGEST: Size = { width: 168, height: 112 };

export interface Minimap {
  element: HTMLElement;
  show(graph: Graph | null): void;
  draw(camera: Camera, view: Size, nodes: ReadonlyMap<string, NodeState>): void;
  dispose(): void;
}

/** `look` is told which point of the drawing to bring into the middle. */
export function minimap(look: (point: { x: number; y: number }) => void): Minimap {
  const canvas = h("canvas", { class: "vng-map", hidden: true, "aria-hidden": "true" });
  let graph: Graph | null = null;
  let map: Camera = { x: 0, y: 0, scale: 1 };

  const point = (event: PointerEvent) => {
    const frame = canvas.getBoundingClientRect();
    look({ x: map.x + (event.clientX - frame.left) / map.scale, y: map.y + (event.clientY - frame.top) / map.scale });
  };
  const removals = [
    on(canvas, "pointerdown", (event) => {
      event.preventDefault();
      event.stopPropagation();
      canvas.setPointerCapture(event.pointerId);
      point(event);
    }),
    on(canvas, "pointermove", (event) => {
      if (event.buttons) point(event);
    }),
  ];
  return {
    element: canvas,
    show(next) {
      graph = next && next.boxes.length > FROM ? next : null;
      canvas.hidden = !graph;
      if (!graph) return;
      const scale = Math.min(LARGEST.width / graph.width, LARGEST.height / graph.height);
      const size = { width: Math.max(36, graph.width * scale), height: Math.max(28, graph.height * scale) };
      map = fitted(graph, size);
      const ratio = window.devicePixelRatio || 1;
      [canvas.width, canvas.height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      [canvas.style.width, canvas.style.height] = [`${size.width}px`, `${size.height}px`];
    },
    draw(camera, view, nodes) {
      const pen = graph && canvas.getContext("2d");
      if (!graph || !pen) return;
      const style = getComputedStyle(canvas);
      const ratio = window.devicePixelRatio || 1;
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.setTransform(map.scale * ratio, 0, 0, map.scale * ratio, -map.x * map.scale * ratio, -map.y * map.scale * ratio);
      const least = 1.6 / map.scale;
      for (const box of graph.boxes) {
        const tone = toneOf(nodes.get(box.path));
        pen.fillStyle = style.getPropertyValue(tone ? `--victor-${tone}` : "--victor-edge");
        pen.globalAlpha = box.is_frame ? 0.15 : tone ? 0.95 : 0.45;
        pen.fillRect(box.x, box.y, Math.max(box.width, least), Math.max(box.height, least));
      }
      const part = seen(camera, view);
      pen.globalAlpha = 1;
      pen.lineWidth = 1.5 / map.scale;
      pen.strokeStyle = style.getPropertyValue("--victor-busy");
      pen.strokeRect(part.x, part.y, part.width, part.height);
    },
    dispose() {
      for (const remove of removals) remove();
    },
  };
}
