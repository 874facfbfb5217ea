// One chart: a figure with its title, what it says, the drawing, the names of its series, and its numbers as a table.
import { h, setText } from "../common/dom";
import { bars, HEIGHT, lines } from "./shapes";
import type { Chart, Panel, Series } from "./wire";

const SVG = "http://www.w3.org/2000/svg";

export interface ChartView {
  readonly element: HTMLElement;
  update(chart: Chart, panel: Panel): void;
}

export function chartView(): ChartView {
  const title = h("strong", {});
  const said = h("span", { class: "vnm-said" });
  const peak = h("span", { class: "vnm-peak" });
  const plot = document.createElementNS(SVG, "svg");
  plot.setAttribute("class", "vnm-plot");
  plot.setAttribute("preserveAspectRatio", "none");
  plot.setAttribute("aria-hidden", "true");
  const begin = h("span", {});
  const end = h("span", {});
  const names = h("div", { class: "vnm-names", "aria-hidden": "true" });
  const numbers = h("tbody", {});
  const table = h("table", { class: "vnb-sr" }, head(), numbers);
  const element = h(
    "figure",
    { class: "vnm-chart" },
    h("figcaption", {}, title, said),
    h("div", { class: "vnm-area" }, plot, peak),
    h("div", { class: "vnm-axis", "aria-hidden": "true" }, begin, end),
    names,
    table,
  );
  return {
    element,
    update(chart, panel) {
      element.dataset["key"] = chart.key;
      setText(title, chart.title);
      setText(said, chart.said);
      setText(peak, chart.peak ? chart.peak_text : "");
      setText(begin, panel.begin);
      setText(end, panel.end);
      plot.setAttribute("viewBox", `0 0 ${chart.series[0]?.values.length ?? 1} ${HEIGHT}`);
      plot.replaceChildren(...(chart.form === "bars" ? barNodes(chart) : lineNodes(chart)));
      names.replaceChildren(...(chart.series.length > 1 ? chart.series.map(name) : []));
      numbers.replaceChildren(...chart.series.map(row));
    },
  };
}

function head(): HTMLElement {
  const columns = ["series", "total", "highest", "last"].map((column) => h("th", { scope: "col" }, column));
  return h("thead", {}, h("tr", {}, ...columns));
}

function row(series: Series): HTMLElement {
  const cells = [series.total, series.highest, series.last].map((cell) => h("td", {}, cell));
  return h("tr", {}, h("th", { scope: "row" }, series.name), ...cells);
}

function name(series: Series): HTMLElement {
  return h("span", { class: "vnm-name" }, h("i", { "data-tone": series.tone }), series.name);
}

function barNodes(chart: Chart): SVGElement[] {
  return bars(chart).map((bar) => {
    const { x, y, height } = bar;
    return node("rect", { x: x + 0.08, y, width: 0.84, height: Math.max(height, 1), "data-tone": bar.tone });
  });
}

function lineNodes(chart: Chart): SVGElement[] {
  return lines(chart).map((line) => node("path", { d: line.path, "data-tone": line.tone, "stroke-dasharray": line.stroke }));
}

function node(kind: "rect" | "path", attributes: { [name: string]: string | number }): SVGElement {
  const made = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
