// Walking through the drawing with the arrow keys: the nearest node in a direction, those on an edge first.
import type { Box, Graph } from "./wire";

export type Direction = "up" | "down" | "left" | "right";

/** The node to go to from one; null where there is none in that direction. */
export function next(graph: Graph, from: Box, direction: Direction): Box | null {
  const ahead = graph.boxes.filter((box) => box !== from && !box.is_frame && distance(from, box, direction) !== null);
  const linked = ahead.filter((box) => areLinked(graph, from, box));
  return nearest(from, direction === "up" || direction === "down" ? (linked.length ? linked : ahead) : ahead, direction);
}

function nearest(from: Box, boxes: Box[], direction: Direction): Box | null {
  let best: Box | null = null;
  let least = Infinity;
  for (const box of boxes) {
    const far = distance(from, box, direction);
    if (far !== null && far < least) [best, least] = [box, far];
  }
  return best;
}

/** How far a box is in a direction: being aside counts more than being away; null when it lies elsewhere. */
function distance(from: Box, box: Box, direction: Direction): number | null {
  const dx = box.x + box.width / 2 - (from.x + from.width / 2);
  const dy = box.y + box.height / 2 - (from.y + from.height / 2);
  const [along, aside] = direction === "left" || direction === "right" ? [dx, dy] : [dy, dx];
  const ahead = direction === "left" || direction === "up" ? -along : along;
  return ahead > 1 ? ahead + 3 * Math.abs(aside) : null;
}

function areLinked(graph: Graph, one: Box, other: Box): boolean {
  return graph.routes.some(
    (route) =>
      (route.source === one.path && route.target === other.path) ||
      (route.source === other.path && route.target === one.path),
  );
}
