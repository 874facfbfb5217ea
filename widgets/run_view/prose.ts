// A model's text as nodes, block by block; blocks that did not change keep their nodes while the text streams in.
import { h } from "../common/dom";
import { type Block, blocks, type Span } from "./markdown";

/** Returns a function that shows a text in `host`. */
export function prose(host: HTMLElement): (text: string) => void {
  let shown: string[] = [];
  let last = "";
  return (text) => {
    if (text === last) return;
    last = text;
    const parsed = blocks(text);
    const keys = parsed.map((block) => JSON.stringify(block));
    const same = keys.findIndex((key, place) => key !== shown[place]);
    const keep = same < 0 ? keys.length : same;
    while (host.children.length > keep) host.lastElementChild?.remove();
    host.append(...parsed.slice(keep).map(blockNode));
    shown = keys;
  };
}

function blockNode(block: Block): HTMLElement {
  switch (block.block) {
    case "heading":
      return h("p", { role: "heading", "aria-level": Math.min(6, block.level + 2), class: "vnb-h" }, ...nodes(block.spans));
    case "quote":
      return h("blockquote", {}, ...nodes(block.spans));
    case "list":
      return h(block.ordered ? "ol" : "ul", {}, ...block.items.map((item) => h("li", {}, ...nodes(item))));
    case "code":
      return h("pre", { tabindex: 0 }, h("code", {}, block.text));
    case "table":
      return table(block.head, block.rows);
    case "rule":
      return h("hr");
    default:
      return h("p", {}, ...nodes(block.spans));
  }
}

function table(head: Span[][], rows: Span[][][]): HTMLElement {
  const cells = (name: "th" | "td", row: Span[][]) =>
    h("tr", {}, ...row.map((cell) => h(name, isNumber(cell) ? { class: "vnb-num" } : {}, ...nodes(cell))));
  const body = h("tbody", {}, ...rows.map((row) => cells("td", row)));
  return h("div", { class: "vnb-scroll" }, h("table", {}, h("thead", {}, cells("th", head)), body));
}

function isNumber(cell: Span[]): boolean {
  const text = cell.map((span) => span.text).join("");
  return text !== "" && Number.isFinite(Number(text.replaceAll(",", "").replace("%", "")));
}

function nodes(spans: Span[]): Node[] {
  return spans.map((span) => {
    if (span.span === "text") return document.createTextNode(span.text);
    if (span.span !== "link") return h(span.span, {}, span.text);
    return h("a", { href: span.url, target: "_blank", rel: "noopener noreferrer" }, span.text);
  });
}
