"""How a page of its own looks: plain, light or dark as the reader's system is, and good to print."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --fg: #1f2328; --faint: #5f6974; --bg: #fff; --line: #d8dce2; --tint: #f4f5f7;
  --good: #1a7f4b; --bad: #c93a32; --ask: #9a6700; --busy: #2f6fd0; }
@media (prefers-color-scheme: dark) { :root { --fg: #e2e6ea; --faint: #9aa4af; --bg: #14171a; --line: #333a41;
  --tint: #1c2024; --good: #4cc38a; --bad: #ff7b72; --ask: #e3b341; --busy: #79b0ff; } }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.55 system-ui, -apple-system, "Segoe UI",
  Helvetica, Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 1.7em; margin: 0 0 4px; }
h2 { font-size: 1.15em; margin: 36px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); }
h3 { font-size: .95em; margin: 14px 0 4px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .88em; }
.head { font-weight: 600; margin: 0; font-variant-numeric: tabular-nums; }
.head.finished { color: var(--good); } .head.failed { color: var(--bad); }
.head.stopped, .head.waiting { color: var(--ask); }
.foot, .faint { color: var(--faint); font-size: .87em; margin: 2px 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .93em; }
th, td { text-align: left; vertical-align: top; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } .nodes { width: 100%; } .number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.failure pre { border-left: 3px solid var(--bad); }
.slow { color: var(--ask); font-size: .92em; }
.time { display: grid; grid-template-columns: minmax(120px, 240px) 1fr 90px; gap: 0 14px; align-items: center;
  padding: 3px 0; }
.time code { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .time .number { text-align: right; }
.lane { position: relative; height: 9px; border-radius: 4px; background: var(--tint); min-width: 90px; }
.lane i { position: absolute; top: 0; bottom: 0; border-radius: 4px; background: var(--good); }
.lane i.cached, .cells .lane i { opacity: .55; }
.lane i.failed, .lane i.killed, tr.failed .lane i { background: var(--bad); }
.lane i.unfinished { background: var(--ask); }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: var(--line); }
.dot.done, .dot.cached { background: var(--good); } .dot.failed, .dot.killed { background: var(--bad); }
.dot.unfinished, .dot.waiting { background: var(--ask); } .dot.running { background: var(--busy); }
summary { cursor: pointer; } a { color: var(--busy); }
figure { display: inline-block; margin: 8px 16px 8px 0; max-width: 100%; vertical-align: top; }
figure img { max-width: 100%; background: #fff; border-radius: 4px; border: 1px solid var(--line); }
figcaption { color: var(--faint); font-size: .87em; }
@media print { main { max-width: none; padding: 0; } details:not([open]) { display: block; } }
"""
