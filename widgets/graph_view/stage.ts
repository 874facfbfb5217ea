// The field in which the drawing lies: camera, choice, panel and map, drawn at most once a frame.
import { h } from "../common/dom";
import { type Camera, centred, fitted, held, moved, opened, READABLE, showing, type Size, zoomed } from "./camera";
import { control } from "./controls";
import { minimap } from "./minimap";
import { panel } from "./panel";
import { FAR, scene } from "./scene";
import { next } from "./steering";
import { nameOf, type Store } from "./store";
import type { Box } from "./wire";
import { sentence } from "./words";

const LEAST_HEIGHT = 120;
const MOST_HEIGHT = 520;
const HELP = "Arrow keys go from node to node, Enter shows one, a goes to what is asked, plus and minus zoom, f shows everything.";

export interface Stage {
  element: HTMLElement;
  zoom(by: number): void;
  fit(): void;
  /** Go to the next node that asks something, and give it the keyboard. */
  ask(): void;
  /** Draw what changed; `isNew` when the drawing is another one. */
  take(paths: string[], isNew: boolean): void;
  draw(now: number): void;
  dispose(): void;
}

export function stage(store: Store, ask: () => void): Stage {
  const picture = scene();
  const said = h("div", { class: "vng-sr", role: "status", "aria-live": "polite" });
  const details = panel(store, () => close());
  const map = minimap((point) => look(centred({ ...point, width: 0, height: 0 }, size(), camera.scale)));
  const field = h("div", { class: "vng-field", tabindex: 0, role: "application", "aria-roledescription": "graph" });
  field.append(picture.element, map.element);
  const element = h("div", { class: "vng-stage" }, field, details.element, said);
  let camera: Camera = { x: 0, y: 0, scale: 1 };
  let chosen = "";
  /** The node in the panel, when it opened by itself with a question: then it is not the one that is walked from. */
  let prompted = "";
  let isOpen = false;
  let isMoved = false;

  const size = (): Size => ({ width: field.clientWidth || 1, height: field.clientHeight || 1 });
  const look = (wanted: Camera) => {
    camera = store.graph ? held(wanted, store.graph, size()) : wanted;
    ask();
  };
  const boxes = () => store.graph?.boxes ?? [];
  const find = (path: string) => boxes().find((box) => box.path === path);
  const choose = (box: Box | null | undefined) => {
    if (!box || !store.graph) return;
    chosen = box.path;
    const label = (path: string) => find(path)?.name ?? path;
    const leads = store.graph.routes.filter((route) => route.source === box.path).map((route) => label(route.target));
    said.textContent = sentence(box, store.nodes.get(box.path), leads);
    look(camera.scale < FAR ? centred(box, size(), READABLE) : showing(camera, box, size()));
  };
  const close = () => {
    isOpen = false;
    prompted = "";
    if (details.element.contains(document.activeElement)) field.focus({ preventScroll: true });
    ask();
  };
  const walkable = () => boxes().filter((box) => !box.is_frame);
  const removals = [
    control(field, {
      pan(dx, dy) {
        isMoved = true;
        look(moved(camera, dx, dy));
      },
      zoom(by, at) {
        isMoved = true;
        look(zoomed(camera, by, at ?? { x: size().width / 2, y: size().height / 2 }));
      },
      fit: () => fit(),
      walk(direction) {
        const from = find(chosen);
        choose(from && store.graph ? next(store.graph, from, direction) : walkable()[0]);
      },
      choose(path) {
        chosen = path;
        if (path) choose(find(path));
        ask();
      },
      ends: (which) => choose(walkable().at(which === "first" ? 0 : -1)),
      open() {
        isOpen = chosen !== "";
        prompted = "";
        if (store.nodes.get(chosen)?.inputs === null) store.say({ kind: "look", path: chosen });
        isResized = true; // the panel takes room from the field
        draw(store.run.updated);
        choose(find(chosen));
      },
      close: () => close(),
      ask: () => answer(),
    }),
    () => map.dispose(),
    () => details.dispose(),
  ];
  const fit = () => {
    if (!store.graph) return;
    isMoved = false;
    look(fitted(store.graph, size()));
  };
  const arrange = () => {
    const graph = store.graph;
    if (!graph) return;
    const wanted = Math.min(graph.height * Math.min(1, field.clientWidth / graph.width), MOST_HEIGHT);
    field.style.height = `${Math.max(LEAST_HEIGHT, Math.ceil(wanted))}px`;
    const chosenBox = find(chosen);
    const camera = opened(graph, size(), graph.boxes[0]);
    look(chosenBox ? showing(camera, chosenBox, size()) : camera);
  };
  const asking = () => boxes().filter((box) => store.nodes.get(box.path)?.asks.length);
  const answer = () => {
    const found = asking();
    const next = found[(found.findIndex((box) => box.path === chosen) + 1) % found.length];
    if (!next) return;
    choose(next);
    show(next);
    details.focus();
  };
  const show = (box: Box) => {
    prompted = box.path;
    isOpen = isResized = true;
    draw(store.run.updated);
    look(showing(camera, box, size())); // the panel takes room from the field
  };
  /** A new question opens its node's panel, unless somebody looks at something or answers; the keyboard stays where
   * it is, and where it was on a question that is answered now, it comes along. */
  const seen = new Set<string>();
  const prompt = () => {
    for (const box of asking()) {
      const fresh = store.nodes.get(box.path)?.asks.filter((ask) => !seen.has(nameOf(ask))) ?? [];
      for (const ask of fresh) seen.add(nameOf(ask));
      const isFree = !isOpen || (prompted && !store.nodes.get(prompted)?.asks.length);
      if (fresh.length && isFree) show(box);
    }
  };
  /** Until somebody moves the drawing, what runs now is kept in sight. */
  const follow = (paths: string[]) => {
    const running = paths.find((path) => store.nodes.get(path)?.state === "running");
    const box = running === undefined ? undefined : find(running);
    if (box && !isMoved && !chosen && camera.scale >= FAR) look(showing(camera, box, size()));
  };
  const draw = (now: number) => {
    if (isResized && !isMoved) arrange();
    isResized = false;
    const view = size();
    const inPanel = isOpen ? find(prompted || chosen) : undefined;
    details.show(inPanel ?? null, inPanel && store.nodes.get(inPanel.path));
    picture.draw({ camera, view, now, chosen }, store.nodes);
    map.draw(camera, view, store.nodes);
  };
  let isResized = false;
  const resized = new ResizeObserver(() => {
    isResized = true; // to be arranged when it is drawn, because arranging resizes again
    ask();
  });
  resized.observe(field);

  return {
    element,
    zoom: (by) => {
      isMoved = true;
      look(zoomed(camera, by, { x: size().width / 2, y: size().height / 2 }));
    },
    fit,
    ask: answer,
    take(paths, isNew) {
      if (isNew && store.graph) {
        picture.show(store.graph);
        map.show(store.graph);
        field.setAttribute("aria-label", `Workflow ${store.graph.name}, ${walkable().length} nodes. ${HELP}`);
        if (!isMoved) arrange();
      }
      picture.mark(paths, store.nodes);
      follow(paths);
      prompt();
    },
    draw,
    dispose() {
      resized.disconnect();
      for (const remove of removals) remove();
    },
  };
}
