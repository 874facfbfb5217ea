// What is said of checkpoints. Mirrors title in victor_nb/views/checkpoint_state.py.
import { type Fields, isFields, type Json } from "../run_view/events";
import { plural } from "../run_view/wording";
import type { Checkpoint, Run } from "./wire";

export function title(checkpoint: Checkpoint): string {
  if (checkpoint.source === "input") return "input";
  if (checkpoint.source === "edit") return "edited by hand";
  return `after ${checkpoint.nodes.join(", ")}`;
}

export function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

export function heading(run: Run, count: number): string {
  return `${plural(count, "checkpoint")} of ${run.name}`;
}

/** What the slider's place is called, for those who hear it. */
export function spoken(checkpoint: Checkpoint, at: number, count: number): string {
  return `${at + 1} of ${count}: superstep ${checkpoint.superstep}, ${title(checkpoint)}`;
}

/** The keys that somebody gave other values than they had, or what is wrong with the text. */
export function parsed(text: string, before: Fields): { update: Fields } | { wrong: string } {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { wrong: `this is no JSON: ${error instanceof Error ? error.message : error}` };
  }
  if (!isFields(value)) return { wrong: 'this is no object: write {"key": value}' };
  const differs = ([key, one]: [string, Json]) => JSON.stringify(one) !== JSON.stringify(before[key]);
  const update = Object.fromEntries(Object.entries(value).filter(differs));
  return Object.keys(update).length ? { update } : { wrong: "no value differs from what it was" };
}
