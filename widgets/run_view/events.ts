// What travels between the kernel and the browser. The Python side of it: views/wire.py and views/offers.py.

/** A JSON value, as tools take and return them. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Fields = { [key: string]: Json };

/** One event of a run, cut to what is shown. `seq` 0 marks what is live only. */
export interface WireEvent {
  run_id: string;
  seq: number;
  time: number;
  type: string;
  step_id: string;
  parent_id: string;
  replayed: boolean;
  data: { [key: string]: any };
}

/** Kernel to browser: events, the first of which has the place `from` in the kernel's list. */
export interface EventsMessage {
  kind: "events";
  from?: number;
  events: WireEvent[];
}

/** Kernel to browser: you are heard, and these open questions can be answered here. It comes after their events. */
export interface OffersMessage {
  kind: "offers";
  offers: Offer[];
}

/** The one-time word for one question. */
export interface Offer {
  call_id: string;
  call_hash: string;
  nonce: string;
}

/** Browser to kernel. A decision counts once, and only with the nonce that came for its question. */
export type Say =
  | { kind: "hello"; have: number }
  | { kind: "stop"; run_id: string }
  | ({ kind: "approve"; arguments?: Fields } & Question)
  | ({ kind: "deny"; message?: string } & Question);

export interface Question {
  run_id: string;
  call_id: string;
  call_hash: string;
  nonce: string;
}

/** The corner of a table that `{"$grid": …}` stands for. */
export interface Grid {
  columns: string[];
  rows: Json[][];
  total_rows: number;
  total_columns: number;
}

/** The picture that `{"$image": …}` stands for. */
export interface Image {
  media_type: string;
  data: string;
  text: string;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function gridOf(value: unknown): Grid | null {
  return isFields(value) && "$grid" in value ? (value["$grid"] as unknown as Grid) : null;
}

export function imageOf(value: unknown): Image | null {
  return isFields(value) && "$image" in value ? (value["$image"] as unknown as Image) : null;
}
