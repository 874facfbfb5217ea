// What is said of a notebook while it is executed. Mirrors victor_nb/views/pipeline_state.py.
import { duration } from "../run_view/wording";
import type { NodeState, Notebook } from "./wire";

/** Times the usual: from here on something is slow; less than half a second more is not worth a word. */
const SLOWER = 1.2;
const LEAST_S = 0.5;

export function notebookWords(node: NodeState, now: number): string {
  const notebook = node.notebook;
  if (node.state !== "running" || !notebook?.position) return "";
  const place = `cell ${notebook.position} of ${notebook.cells}`;
  const left = leftS(node, now);
  return left ? `${place} · ${rough(left)} left` : place;
}

/** How many seconds a running node has still to go; 0 where nobody knows, or it is overdue. */
export function leftS(node: NodeState, now: number): number {
  const notebook = node.notebook;
  if (node.state !== "running" || !notebook || !now) return 0;
  if (notebook.usual_cell_s && notebook.began) {
    return Math.max(0, notebook.usual_cell_s - (now - notebook.began)) + notebook.usual_rest_s;
  }
  return notebook.usual_s ? Math.max(0, notebook.usual_s - (now - node.began)) : 0;
}

/** "43 % slower than usual: cell 7 of train.ipynb", while the cell is executed. */
export function slowWords(node: NodeState, now: number): string {
  const notebook = node.notebook;
  if (node.state !== "running" || !notebook?.began || !notebook.usual_cell_s) return "";
  const took = now - notebook.began;
  if (took < notebook.usual_cell_s * SLOWER || took - notebook.usual_cell_s < LEAST_S) return "";
  return `${Math.round((took / notebook.usual_cell_s - 1) * 100)} % slower than usual: cell ${notebook.position} of ${notebook.file}`;
}

/** How much of a notebook is done, from 0 to 1; a cell counts by what it usually takes, if that is known. */
export function doneOf(node: NodeState, now: number): number {
  const notebook = node.notebook;
  if (!notebook?.cells) return 0;
  const left = leftS(node, now);
  if (left && notebook.usual_s) return Math.min(0.99, Math.max(0, 1 - left / notebook.usual_s));
  return Math.max(0, notebook.position - (notebook.began ? 1 : 0)) / notebook.cells;
}

/** CPU and memory of a kernel that works. */
export function used(notebook: Notebook | null | undefined): string {
  if (!notebook || notebook.memory_bytes === null || notebook.cpu_percent === null) return "";
  return `CPU ${Math.round(notebook.cpu_percent)} % · ${memory(notebook.memory_bytes)}`;
}

export function memory(size: number): string {
  return size >= 2 ** 30 ? `${(size / 2 ** 30).toFixed(1)} GB` : `${Math.round(size / 2 ** 20)} MB`;
}

/** A time that is only guessed. */
export function rough(seconds: number): string {
  return seconds <= 59 ? `${Math.ceil(seconds)} s` : duration(seconds);
}
