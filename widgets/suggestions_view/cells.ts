// Where accepted code goes: into a new cell below the view where the front end lets us reach its notebook (JupyterLab,
// Notebook 7), else into the clipboard. Nothing is ever run.

interface Notebook {
  cells: { length: number };
  insertCell(index: number, cell: { cell_type: "code"; source: string; metadata: object }): unknown;
}

export type Went = "cell" | "clipboard" | "nowhere";

/** Hand code on; tells where it went. */
export async function handOn(code: string, from: HTMLElement, manager: unknown): Promise<Went> {
  return insertBelow(code, from, manager) ? "cell" : (await copy(code)) ? "clipboard" : "nowhere";
}

export async function copy(code: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(code);
    return true;
  } catch {
    return copyBySelection(code);
  }
}

/** Where a page is not served securely there is no clipboard; what is selected can still be copied. */
function copyBySelection(code: string): boolean {
  const area = document.createElement("textarea");
  area.value = code;
  area.style.position = "fixed";
  area.style.opacity = "0";
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return isCopied;
}

function insertBelow(code: string, from: HTMLElement, manager: unknown): boolean {
  const notebook = notebookOf(manager);
  const cell = from.closest(".jp-Cell");
  if (!notebook || !cell) return false;
  const place = placeOf(cell);
  if (place < 0 || place >= notebook.cells.length) return false;
  notebook.insertCell(place + 1, { cell_type: "code", source: code, metadata: { trusted: true } });
  return true;
}

/** The shared model of the notebook, which the widget manager of JupyterLab knows. */
function notebookOf(manager: unknown): Notebook | null {
  const context = (manager as { context?: { model?: { sharedModel?: unknown } } } | undefined)?.context;
  const shared = context?.model?.sharedModel as Partial<Notebook> | undefined;
  return shared && typeof shared.insertCell === "function" && shared.cells ? (shared as Notebook) : null;
}

/** A long notebook keeps only the cells in sight on the page, and numbers them. */
function placeOf(cell: Element): number {
  const numbered = cell.closest("[data-windowed-list-index]");
  if (numbered) return Number(numbered.getAttribute("data-windowed-list-index"));
  const all = cell.parentElement?.querySelectorAll(":scope > .jp-Cell");
  return all ? Array.from(all).indexOf(cell) : -1;
}
