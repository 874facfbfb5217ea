// From values to shapes in a plot of one unit a value and 100 high; pure, as victor_nb/views/metrics_svg.py has it.
import type { Chart, Series } from "./wire";

export const HEIGHT = 100;
/** How lines are broken, by their place. */
export const STROKES = ["", "6 3", "2 2", "8 2 2 2", "1 3"];

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly tone: string;
}

export interface Line {
  readonly path: string;
  readonly tone: string;
  readonly stroke: string;
}

/** Series stand upon each other, the first at the bottom. */
export function bars(chart: Chart): Bar[] {
  const below: number[] = [];
  return chart.series.flatMap((series) =>
    series.values.flatMap((value, x) => {
      if (!value) return [];
      const height = (value / chart.peak) * HEIGHT;
      const base = below[x] ?? 0;
      below[x] = base + height;
      return [{ x, y: HEIGHT - base - height, height, tone: series.tone }];
    }),
  );
}

/** A line where there are values, broken where there are none; a lonely value is a short dash. */
export function lines(chart: Chart): Line[] {
  return chart.series.map((series, place) => ({
    path: pieces(series).map((piece) => drawn(piece, chart.peak || 1)).join(""),
    tone: series.tone,
    stroke: STROKES[place % STROKES.length] ?? "",
  }));
}

type Point = readonly [place: number, value: number];

function pieces(series: Series): Point[][] {
  const found: Point[][] = [[]];
  series.values.forEach((value, place) => {
    if (value !== null) found[found.length - 1]?.push([place, value]);
    else if (found[found.length - 1]?.length) found.push([]);
  });
  return found.filter((piece) => piece.length > 0);
}

function drawn(piece: readonly Point[], peak: number): string {
  const points = piece.map(([place, value]) => [place + 0.5, round(HEIGHT * (1 - value / peak))] as const);
  const [first] = points;
  if (points.length === 1 && first) return `M${first[0] - 0.4} ${first[1]}h0.8`;
  return `M${points.map(([x, y]) => `${x} ${y}`).join("L")}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
