// How numbers and JSON values read. Mirrors victor_nb/views/wording.py; tests/views/fixtures/wording.json holds both.
import { type Fields, type Grid, gridOf, imageOf, isFields, type Json } from "./events";

const PREVIEW_LENGTH = 96;
const VALUE_LENGTH = 32;

/** Write a time span with the two units that matter: "340 ms", "12.4 s", "3 min 05 s", "2 h 14 min". */
export function duration(seconds: number): string {
  const milliseconds = Math.max(0, Math.floor(seconds * 1000 + 0.5));
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const tenths = Math.floor(seconds * 10 + 0.5);
  if (tenths < 600) return `${Math.floor(tenths / 10)}.${tenths % 10} s`;
  const whole = Math.floor(seconds + 0.5);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

export function count(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function tokens(given: number, answered: number): string {
  return given || answered ? `${count(given)} tokens in, ${count(answered)} out` : "";
}

/** Write US dollars; an unknown amount is empty, and zero is "free". */
export function cost(usd: number | null): string {
  if (usd === null) return "";
  if (usd <= 0) return "free";
  if (usd < 0.0001) return "< $0.0001";
  if (usd < 0.1) return `$${usd.toFixed(4)}`;
  const [whole, cents] = usd.toFixed(2).split(".");
  return `$${count(Number(whole))}.${cents}`;
}

/** Cut a text to at most `limit` characters, the last one an ellipsis if anything was cut. */
export function clip(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit - 1).trimEnd() + "…";
}

export function oneLine(text: string): string {
  return text.trim().split(/\s+/).join(" ");
}

/** Fold Markdown into one line of words. */
export function withoutMarks(text: string): string {
  return oneLine(text.replace(/[#*`|>]|-{3,}/g, " "));
}

export function scalar(value: Json): string {
  return typeof value === "string" ? oneLine(value) : String(value);
}

/** Say on one line what a JSON value holds. */
export function preview(value: Json, limit = PREVIEW_LENGTH): string {
  return clip(previewOf(value), limit);
}

/** Write call arguments as "df=iris, n=5". */
export function argumentList(values: Fields, limit = PREVIEW_LENGTH): string {
  const written = Object.entries(values).map(([key, value]) => `${key}=${inner(value)}`);
  return clip(written.join(", "), limit);
}

/** Say how large a table is: "150 rows, 5 columns". */
export function size(grid: Grid): string {
  return `${plural(grid.total_rows, "row")}, ${plural(grid.total_columns, "column")}`;
}

/** Write a JSON value for reading: text as it is, everything else indented. */
export function pretty(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function previewOf(value: Json): string {
  if (typeof value === "string") return oneLine(value.slice(0, 4 * PREVIEW_LENGTH));
  if (Array.isArray(value)) return items(value);
  if (isFields(value)) return fields(value);
  return scalar(value);
}

function fields(values: Fields): string {
  const grid = gridOf(values);
  if (grid) return size(grid);
  const image = imageOf(values);
  if (image) return oneLine(image.text) || image.media_type;
  return Object.keys(values).length ? argumentList(values) : "{}";
}

function items(values: Json[]): string {
  if (!values.length) return "[]";
  if (values.some((value) => typeof value === "object" && value !== null)) return plural(values.length, "item");
  return values
    .slice(0, 24)
    .map((value) => clip(scalar(value), VALUE_LENGTH))
    .join(", ");
}

function inner(value: Json): string {
  if (Array.isArray(value)) return value.length ? `[${clip(items(value), VALUE_LENGTH)}]` : "[]";
  if (!isFields(value)) return clip(scalar(value), VALUE_LENGTH);
  const held = Object.keys(value).length;
  return gridOf(value) || !held ? fields(value) : `{${plural(held, "field")}}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
