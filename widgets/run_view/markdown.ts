// The part of Markdown that answers use, as data. Mirrors the parser of victor_nb/views/markdown.py; the cases in
// tests/views/fixtures/markdown.json hold both. HTML in a text stays text, and a link must be http(s).

export type Span =
  | { span: "text" | "code" | "strong" | "em"; text: string }
  | { span: "link"; text: string; url: string };

export type Block =
  | { block: "heading"; level: number; spans: Span[] }
  | { block: "paragraph" | "quote"; spans: Span[] }
  | { block: "list"; ordered: boolean; items: Span[][] }
  | { block: "code"; language: string; text: string }
  | { block: "table"; head: Span[][]; rows: Span[][][] }
  | { block: "rule" };

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^\s*(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const SPAN =
  /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|\b_([^_\s][^_\n]*)_\b|\[([^\]\n]+)\]\((https?:\/\/[^\s()]+)\)/g;

/** Parse a text into blocks, in order. It never fails, so half an answer, streaming in, reads well. */
export function blocks(text: string): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const read: Block[] = [];
  let place = 0;
  while (place < lines.length) {
    if (!at(lines, place).trim()) {
      place += 1;
      continue;
    }
    const [block, end] = blockAt(lines, place);
    read.push(block);
    place = end;
  }
  return read;
}

/** Parse one line of text into spans. */
export function spans(text: string): Span[] {
  const read: Span[] = [];
  let end = 0;
  for (const match of text.matchAll(SPAN)) {
    if (match.index > end) read.push({ span: "text", text: text.slice(end, match.index) });
    read.push(spanOf(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) read.push({ span: "text", text: text.slice(end) });
  return read;
}

function spanOf(match: RegExpMatchArray): Span {
  const [, code, strong, em, underlined, label, url] = match;
  if (url !== undefined) return { span: "link", text: label ?? "", url };
  if (code !== undefined) return { span: "code", text: code };
  if (strong !== undefined) return { span: "strong", text: strong };
  return { span: "em", text: em ?? underlined ?? "" };
}

function at(lines: string[], place: number): string {
  return lines[place] ?? "";
}

function blockAt(lines: string[], place: number): [Block, number] {
  const line = at(lines, place);
  const fence = FENCE.exec(line);
  if (fence) return code(lines, place + 1, fence);
  const heading = HEADING.exec(line);
  if (heading) {
    return [{ block: "heading", level: (heading[1] ?? "").length, spans: spans(heading[2] ?? "") }, place + 1];
  }
  if (RULE.test(line)) return [{ block: "rule" }, place + 1];
  if (startsTable(lines, place)) return table(lines, place);
  if (line.trimStart().startsWith(">")) return quote(lines, place);
  const item = ITEM.exec(line);
  return item ? list(lines, place, item[2] !== undefined) : paragraph(lines, place);
}

function code(lines: string[], place: number, fence: RegExpExecArray): [Block, number] {
  let end = place;
  while (end < lines.length && !at(lines, end).trimStart().startsWith(fence[1] ?? "`")) end += 1;
  return [{ block: "code", language: fence[2] ?? "", text: lines.slice(place, end).join("\n") }, end + 1];
}

function startsTable(lines: string[], place: number): boolean {
  const next = at(lines, place + 1);
  return at(lines, place).includes("|") && next.includes("|") && DIVIDER.test(next);
}

function table(lines: string[], place: number): [Block, number] {
  let end = place + 2;
  while (end < lines.length && at(lines, end).includes("|")) end += 1;
  return [{ block: "table", head: cells(at(lines, place)), rows: lines.slice(place + 2, end).map(cells) }, end];
}

function cells(line: string): Span[][] {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split("|").map((cell) => spans(cell.trim()));
}

function quote(lines: string[], place: number): [Block, number] {
  let end = place;
  while (end < lines.length && at(lines, end).trimStart().startsWith(">")) end += 1;
  const text = lines.slice(place, end).map((line) => line.trimStart().slice(1).trim());
  return [{ block: "quote", spans: spans(text.join(" ")) }, end];
}

/** Read items of one kind; an indented line without a mark goes on with the item above it. */
function list(lines: string[], place: number, ordered: boolean): [Block, number] {
  const items: string[] = [];
  while (place < lines.length && at(lines, place).trim()) {
    const line = at(lines, place);
    const item = ITEM.exec(line);
    if (item && (item[2] !== undefined) === ordered) items.push((item[3] ?? "").trim());
    else if (item || !line.startsWith(" ")) break;
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
    place += 1;
  }
  return [{ block: "list", ordered, items: items.map(spans) }, place];
}

function paragraph(lines: string[], place: number): [Block, number] {
  let end = place + 1;
  while (end < lines.length && at(lines, end).trim() && !interrupts(lines, end)) end += 1;
  const text = lines.slice(place, end).map((line) => line.trim());
  return [{ block: "paragraph", spans: spans(text.join("\n")) }, end];
}

function interrupts(lines: string[], place: number): boolean {
  const line = at(lines, place);
  const starts = [FENCE, HEADING, RULE, ITEM].some((mark) => mark.test(line));
  return starts || startsTable(lines, place) || line.trimStart().startsWith(">");
}
