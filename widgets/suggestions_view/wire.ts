// What travels between the kernel and the browser. The Python side of it: views/suggestions_view.py.

export type Verdict = "accepted" | "rejected" | null;

export interface Suggestion {
  name: string;
  signature: string;
  summary: string;
  source: string;
  why: string;
  code: string;
  text: string;
  verdict: Verdict;
}

export interface AnswerMessage {
  kind: "answer";
  question: string;
  told: string;
  notes: string[];
  suggestions: Suggestion[];
}

export interface ProblemMessage {
  kind: "problem";
  what: string;
  hint: string;
}

export type Message = AnswerMessage | ProblemMessage;

export type Say = { kind: "hello" } | { kind: "accept" | "reject" | "take back"; number: number };
