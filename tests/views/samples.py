"""Runs to look at, as the journal tells them: each is a list of events made up for these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from victor_nb.journal import Event

START = 1_790_000_000.0
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


class Teller:
    """Numbers the events of one run and says when they happened, in seconds after its start."""

    def __init__(self, run_id: str = "01K6RUN7Q2M4", start: float = START) -> None:
        self.run_id, self.start, self.seq = run_id, start, 0

    def say(self, after: float, type: str, step_id: str = "", parent_id: str = "", **data: Any) -> Event:
        """A stored event."""
        self.seq += 1
        return self._event(self.seq, after, type, step_id, parent_id, data)

    def live(self, after: float, type: str, step_id: str, **data: Any) -> Event:
        """An event that is shown and not stored."""
        return self._event(0, after, type, step_id, "", data)

    def asks(self, after: float, step_id: str, *calls: tuple[str, str, dict[str, Any]], took: float = 400) -> Event:
        """A model's answer that asks for tools."""
        parts = [{"part_kind": "tool-call", "tool_call_id": i, "tool_name": n, "args": a} for i, n, a in calls]
        return self._model(after, step_id, parts, took)

    def answers(self, after: float, step_id: str, text: str, took: float = 1500) -> Event:
        """A model's answer in words."""
        return self._model(after, step_id, [{"part_kind": "text", "content": text}], took)

    def _model(self, after: float, step_id: str, parts: list[dict[str, Any]], took: float) -> Event:
        usage = {"input_tokens": 412, "output_tokens": 38}
        data = {"kind": "model", "name": "openai:gpt-5-mini", "ms": took, "usage": usage, "cost_usd": 0.00125}
        return self.say(after, "step.finished", step_id, result={"parts": parts}, **data)

    def calls(
        self,
        after: float,
        step_id: str,
        name: str,
        arguments: dict[str, Any],
        result: Any,
        *,
        took: float = 12,
        call_id: str = "",
    ) -> Iterator[Event]:
        """A tool call, from start to end."""
        inputs = {"call_id": call_id or f"call-{step_id}", "arguments": arguments}
        begin = after - took / 1000
        yield self.say(begin, "step.started", step_id, kind="tool", name=name, inputs=inputs, effect="read")
        yield self.say(after, "step.finished", step_id, kind="tool", name=name, result=result, ms=took)

    def questions(self, after: float, step_id: str, question: dict[str, Any]) -> Event:
        """What the gate writes when it asks; the step of an approval writes its end only."""
        return self.say(after, "approval.requested", step_id, **question)

    def words(
        self, after: float, step_id: str, question: dict[str, Any], *, took: float, **word: Any
    ) -> Iterator[Event]:
        """Somebody's word about a question, and the end of its step."""
        said = {"arguments": None, "message": "", "call_hash": question["call_hash"], **word}
        inputs = {"call_id": question["call_id"], "arguments": question["arguments"]}
        step = {"kind": "approval", "name": question["tool"], "ms": took}
        yield self.say(after, "approval.decided", step_id, call_id=question["call_id"], **said)
        yield self.say(after, "step.finished", step_id, inputs=inputs, result=said, **step)

    def _event(self, seq: int, after: float, type: str, step_id: str, parent_id: str, data: dict[str, Any]) -> Event:
        time = round(self.start + after, 3)
        return Event.of(self.run_id, seq, time, type, step_id=step_id, parent_id=parent_id, data=data)


ANSWER = """## What separates the species

Petal measurements do almost all of the work: **petal length** alone splits *setosa* from the other two.

| species | petal length, mean | petal width, mean |
| --- | ---: | ---: |
| setosa | 1.46 | 0.25 |
| versicolor | 4.26 | 1.33 |
| virginica | 5.55 | 2.03 |

- `petal_length` and `petal_width` correlate at 0.96.
- Sepal width has four outliers, all *setosa*; see `outliers(iris, "sepal_width")`.
"""
MEANS = {"columns": ["species", "sepal_length", "petal_length"]}
GRID = {
    "$grid": {
        "columns": ["", "sepal_length", "petal_length", "species"],
        "rows": [[0, 5.1, 1.4, "setosa"], [1, 4.9, 1.4, "setosa"], [2, 4.7, 1.3, "setosa"]],
        "total_rows": 150,
        "total_columns": 5,
    }
}


def analysis() -> list[Event]:
    """A run that looks at a table and answers."""
    t = Teller()
    return [
        t.say(0, "run.started", kind="agent", name="analyst", request={"prompt": "What separates the species?"}),
        t.asks(
            0.62, "m1", ("c1", "describe_variable", {"name": "iris"}), ("c2", "head_rows", {"name": "iris", "n": 3})
        ),
        *t.calls(
            0.66, "t1", "describe_variable", {"name": "iris"}, "DataFrame, 150 rows, 5 columns\nno missing values"
        ),
        *t.calls(0.71, "t2", "head_rows", {"name": "iris", "n": 3}, GRID),
        t.asks(
            1.54, "m2", ("c3", "group_by", {"name": "iris", "by": "species"}), ("c4", "correlate", {"name": "iris"})
        ),
        *t.calls(1.58, "t3", "group_by", {"name": "iris", "by": "species", "statistic": "mean"}, MEANS, took=22),
        *t.calls(1.61, "t4", "correlate", {"name": "iris", "columns": ["petal_length", "petal_width"]}, 0.962865),
        *t.calls(
            1.66, "t5", "outliers", {"name": "iris", "column": "sepal_width"}, {"count": 4, "rows": [15, 32, 33, 60]}
        ),
        t.live(2.1, "model.delta", "m3", text="## What separates"),
        t.live(2.2, "model.delta", "m3", text=" the species\n\nPetal"),
        t.answers(3.4, "m3", ANSWER),
        t.say(3.41, "run.finished", result=ANSWER, usage={"input_tokens": 1236, "output_tokens": 114}, seconds=3.41),
    ]


CLEAN_UP = {
    "call_id": "call-9",
    "tool": "shell",
    "arguments": {"command": "rm -rf build/ && make release", "timeout_s": 120},
    "call_hash": "5f0c9a",
    "effect": "effect",
    "description": "Runs a command in the project's folder, with your rights.",
}
PUSH = CLEAN_UP | {"call_id": "call-10", "arguments": {"command": "git push"}, "call_hash": "77aa01"}


def waiting() -> list[Event]:
    """A run that waits for somebody's word about a shell command."""
    t = Teller()
    asked = ("call-9", "shell", CLEAN_UP["arguments"])
    return [
        t.say(0, "run.started", kind="agent", name="builder", request={}),
        t.asks(0.8, "m1", ("call-1", "list_files", {"folder": "."}), asked),
        *t.calls(0.9, "t1", "list_files", {"folder": "."}, ["Makefile", "build", "src", "README.md"]),
        t.live(0.92, "model.delta", "m2", text="I shall clean up, then release."),
        t.questions(0.95, "a1", CLEAN_UP),
    ]


def decided() -> list[Event]:
    """The same run after a person approved with other arguments, and denied a second call."""
    t = Teller()
    told = waiting()
    t.seq = told[-1].seq
    arguments = {"command": "make release", "timeout_s": 60}
    return [
        *told,
        *t.words(4.2, "a1", CLEAN_UP, took=3250, approved=True, by="person", arguments=arguments),
        *t.calls(6.2, "t2", "shell", arguments, "released 1.4.0", took=1900, call_id="call-9"),
        t.questions(6.3, "a2", PUSH),
        *t.words(7.0, "a2", PUSH, took=700, approved=False, by="person", message="not today"),
        t.answers(8.0, "m2", "Released 1.4.0; nothing was pushed.", took=700),
        t.say(8.1, "run.finished", result={"text": "Released 1.4.0; nothing was pushed."}, cost_usd=0.0025),
    ]


def unattended() -> list[Event]:
    """A run that stopped because nobody could be asked, was approved from outside and resumed; then killed in the
    call, and asked about once more because nobody knows whether the call had its effect."""
    t = Teller()
    day = 86_400.0
    error = {"type": "ApprovalDenied", "what": "tool 'shell' needs approval, and nobody is there to give it"}
    no = {"call_id": "call-10", "approved": False, "by": "policy", "message": error["what"], "arguments": None}
    shell = {"kind": "tool", "name": "shell", "effect": "effect"}
    inputs = {"call_id": "call-10", "arguments": PUSH["arguments"]}
    doubt = {"call_id": "call-10", "approved": True, "by": "button", "arguments": None, "message": ""}
    return [
        t.say(0, "run.started", kind="agent", name="builder", request={}),
        t.asks(0.8, "m1", ("call-10", "shell", PUSH["arguments"])),
        t.questions(0.9, "a1", PUSH),
        t.say(0.91, "approval.decided", "a1", **no),
        t.say(0.92, "step.failed", "a1", kind="approval", name="shell", error=error, ms=20),
        t.say(0.93, "run.stopped", reason=error["what"], error=error),
        t.say(day, "run.resumed", owner="host:1"),
        t.questions(day + 0.1, "a1", PUSH),
        *t.words(day + 0.2, "a1", PUSH, took=100, approved=True, by="ann"),
        t.say(day + 0.3, "step.started", "t1", inputs=inputs, **shell),
        t.say(2 * day, "run.resumed", owner="host:2"),
        t.say(2 * day + 0.1, "approval.requested", **PUSH, doubt=True),
        t.say(2 * day + 2.1, "approval.decided", **doubt),
        t.say(2 * day + 2.2, "step.resolved", "t1", decision="retry", by="person"),
        t.say(2 * day + 2.3, "step.started", "t1", inputs=inputs, **shell),
        t.say(2 * day + 2.9, "step.finished", "t1", kind="tool", name="shell", result="pushed", ms=600),
        t.answers(2 * day + 3.5, "m2", "Pushed.", took=500),
        t.say(2 * day + 3.6, "run.finished", result={"text": "Pushed."}),
    ]


def interrupted() -> list[Event]:
    """A run that was killed inside a tool, failed once more, and was resumed a day later."""
    t = Teller()
    day = 86_400.0
    error = {"type": "ToolFailed", "what": "exit code 2", "where": "tool 'shell'", "hint": "look at the output"}
    return [
        t.say(0, "run.started", kind="agent", name="builder", request={}),
        t.asks(1.0, "m1", ("c1", "shell", {"command": "make"})),
        t.say(1.1, "step.started", "t1", kind="tool", name="shell", inputs={"command": "make"}, effect="effect"),
        t.live(1.4, "tool.output", "t1", text="cc -O2 main.c\n"),
        t.say(2.0, "run.stopped", reason="interrupted", error=None),
        t.say(day, "run.resumed", owner="host:1"),
        t.say(day + 0.1, "step.resolved", "t1", decision="retry", by="person"),
        t.say(day + 0.2, "step.started", "t1", kind="tool", name="shell", inputs={"command": "make"}, effect="effect"),
        t.say(day + 0.9, "step.failed", "t1", kind="tool", name="shell", error=error, ms=700),
        t.say(day + 1.0, "run.failed", error={**error, "traceback": "Traceback (most recent call last):\n  ..."}),
    ]


def nested() -> list[Event]:
    """An agent whose tool asks another agent: the inner words are not the answer."""
    t = Teller()
    step = {"kind": "tool", "name": "ask_expert"}
    inner = {"parts": [{"part_kind": "thinking", "content": "hm"}, {"part_kind": "text", "content": "inner words"}]}
    return [
        t.say(0, "run.started", kind="agent", name="lead", request={}),
        t.say(
            0.1, "step.started", "t1", effect="read", inputs={"call_id": "c", "arguments": {"q": [1, {"a": 2}]}}, **step
        ),
        t.say(0.5, "step.finished", "m9", "t1", kind="model", name="offline", result=inner, ms=300, cost_usd=0.0),
        t.say(0.55, "step.started", "t9", "t1", kind="tool", name="", inputs="text", effect="pure"),
        t.say(
            0.6,
            "step.finished",
            "t1",
            result={"$image": {"media_type": "image/png", "data": "", "text": "a plot"}},
            cached=True,
            **step,
        ),
        t.say(0.9, "unknown.type", "t1", anything=1),
        t.answers(2.0, "m1", "outer words"),
        t.say(2.0, "run.stopped", reason="budget: 2 steps", error={"type": "BudgetExceeded", "what": "2 steps"}),
    ]


def replayed() -> list[Event]:
    """The analysis, told from the record; the final event comes twice."""
    told = [event.as_replayed() for event in analysis()]
    return [*told, told[-1]]


def hostile() -> list[Event]:
    """Markup wherever a model, a tool or a user can put text."""
    t = Teller()
    h = HOSTILE
    return [
        t.say(0, "run.started", kind="agent", name=h, request={"prompt": h}),
        t.asks(1, "m1", ("c1", h, {h: h})),
        *t.calls(2, "t1", h, {h: h}, {h: [h]}),
        *t.calls(2, "t2", h, {"q": h}, {"$grid": {"columns": [h], "rows": [[h]], "total_rows": 1, "total_columns": 1}}),
        t.say(3, "step.failed", "t3", kind="tool", name=h, error={"type": h, "what": h, "hint": h, "traceback": h}),
        t.say(3, "approval.requested", call_id=h, tool=h, arguments={h: h}, effect=h, call_hash=h, description=h),
        t.answers(
            4,
            "m2",
            f"{h}\n\n# {h}\n\n- {h}\n\n| {h} |\n| --- |\n| {h} |\n\n`{h}` [x](javascript:alert(1)) ![p](http://evil/p)",
        ),
        t.say(5, "run.failed", error={"type": h, "what": h, "where": h, "hint": h, "traceback": h}),
    ]


def many(steps: int = 5_000) -> list[Event]:
    """A long run: each step is two events."""
    t = Teller()
    told = [t.say(0, "run.started", kind="agent", name="marathon", request={})]
    for number in range(steps):
        told += t.calls(number * 0.01 + 0.01, f"t{number}", "head_rows", {"n": number}, list(range(20)), took=8)
    return told


SAMPLES: dict[str, Callable[[], list[Event]]] = {
    sample.__name__: sample
    for sample in (analysis, waiting, decided, unattended, interrupted, nested, replayed, hostile)
}
