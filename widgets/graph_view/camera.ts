// Where one looks, as pure functions: a point of the drawing in the left upper corner, and how large it is shown.

/** `scale` pixels for each unit of the drawing; `x`, `y` is the drawing's point in the view's corner. */
export interface Camera {
  x: number;
  y: number;
  scale: number;
}
export interface Size {
  width: number;
  height: number;
}
export interface Place extends Size {
  x: number;
  y: number;
}

export const LEAST = 0.004;
export const MOST = 3;
/** From this scale on names can be read. */
export const READABLE = 0.6;

/** Show the whole drawing in the middle of the view, never larger than drawn. */
export function fitted(drawing: Size, view: Size): Camera {
  const scale = clamp(Math.min(view.width / drawing.width, view.height / drawing.height, 1));
  return centred({ x: 0, y: 0, ...drawing }, view, scale);
}

/** Begin so that names can be read: all of it where that is possible, else the top, around its first node. */
export function opened(drawing: Size, view: Size, first: Place | undefined): Camera {
  const whole = fitted(drawing, view);
  if (whole.scale >= READABLE) return whole;
  const scale = clamp(Math.max(Math.min(view.width / drawing.width, 1), READABLE));
  const isNarrow = drawing.width * scale <= view.width;
  const middle = isNarrow || !first ? drawing.width / 2 : first.x + first.width / 2;
  return { x: middle - view.width / scale / 2, y: 0, scale };
}

/** Bring a place into the middle. */
export function centred(place: Place, view: Size, scale: number): Camera {
  return {
    x: place.x + place.width / 2 - view.width / scale / 2,
    y: place.y + place.height / 2 - view.height / scale / 2,
    scale,
  };
}

/** Zoom around a point of the view, which keeps its place. */
export function zoomed(camera: Camera, by: number, at: { x: number; y: number }): Camera {
  const scale = clamp(camera.scale * by);
  return { x: camera.x + at.x / camera.scale - at.x / scale, y: camera.y + at.y / camera.scale - at.y / scale, scale };
}

/** Move by pixels of the view. */
export function moved(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale };
}

/** Keep a part of the drawing in the view: nobody gets lost on an empty page. */
export function held(camera: Camera, drawing: Size, view: Size): Camera {
  const [width, height] = [view.width / camera.scale, view.height / camera.scale];
  return {
    ...camera,
    x: Math.min(Math.max(camera.x, -width / 2), drawing.width - width / 2),
    y: Math.min(Math.max(camera.y, -height / 2), drawing.height - height / 2),
  };
}

/** The part of the drawing that the view shows. */
export function seen(camera: Camera, view: Size): Place {
  return { x: camera.x, y: camera.y, width: view.width / camera.scale, height: view.height / camera.scale };
}

/** Move as little as brings a place into the view, with room around it. */
export function showing(camera: Camera, place: Place, view: Size): Camera {
  const shown = seen(camera, view);
  const aside = 24 / camera.scale;
  const along = (low: number, length: number, from: number, extent: number) =>
    low - aside < from ? low - aside : low + length + aside > from + extent ? low + length + aside - extent : from;
  return {
    ...camera,
    x: along(place.x, place.width, shown.x, shown.width),
    y: along(place.y, place.height, shown.y, shown.height),
  };
}

export function overlaps(one: Place, other: Place): boolean {
  const across = one.x < other.x + other.width && other.x < one.x + one.width;
  return across && one.y < other.y + other.height && other.y < one.y + one.height;
}

function clamp(scale: number): number {
  return Math.min(MOST, Math.max(LEAST, Number.isFinite(scale) ? scale : 1));
}
