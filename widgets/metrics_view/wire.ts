// What the kernel sends: charts with every number that is read already written (views/metrics_panel.py).

export interface Series {
  readonly name: string;
  readonly tone: string;
  readonly values: readonly (number | null)[];
  readonly total: string;
  readonly highest: string;
  readonly last: string;
}

export interface Chart {
  readonly key: string;
  readonly title: string;
  readonly form: "bars" | "line";
  readonly said: string;
  readonly peak: number;
  readonly peak_text: string;
  readonly series: readonly Series[];
}

export interface Panel {
  readonly head: string;
  readonly span: string;
  readonly begin: string;
  readonly end: string;
  readonly charts: readonly Chart[];
}

export type Message = { kind: "panel"; panel: Panel } | { kind: "problem"; what: string; hint: string };
export type Say = { kind: "hello" } | { kind: "stop" };
