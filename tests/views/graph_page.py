"""Events of a workflow's run, for the widgets on the page that stands in for a notebook."""

from __future__ import annotations

from typing import Any

from victor_nb.journal import Event
from victor_nb.workflows import END, START, EdgeShape, GraphShape, NodeShape

RUN = "01K6GRAPH7Q2"


class Sent:
    """Stands for the comm of a widget: keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def __call__(self, message: dict[str, Any], buffers: object = None) -> None:
        self.messages.append(message)


def research() -> GraphShape:
    """A workflow with branches, a question, a sub-workflow and ways back."""
    inner = GraphShape(
        "review",
        (
            NodeShape(START, "start"),
            NodeShape("read"),
            NodeShape("judge", "agent", about="Is it good?"),
            NodeShape(END, "end"),
        ),
        (
            EdgeShape(START, "read"),
            EdgeShape("read", "judge"),
            EdgeShape("judge", "read", "again", True),
            EdgeShape("judge", END, "good", True),
        ),
    )
    nodes = (
        NodeShape(START, "start"),
        NodeShape("plan", "agent", about="Splits the question"),
        NodeShape("search_web", "tool", about="Asks a search engine"),
        NodeShape("search_papers", "tool", about="Looks in arXiv"),
        NodeShape("ask_person", "human", about="Asks when sources disagree"),
        NodeShape("merge", about="Joins what was found"),
        NodeShape("review", "workflow", about="A second look", inside=inner),
        NodeShape("publish", "notebook"),
        NodeShape(END, "end"),
    )
    edges = (
        EdgeShape(START, "plan"),
        EdgeShape("plan", "search_web"),
        EdgeShape("plan", "search_papers"),
        EdgeShape("plan", "ask_person", "unclear", True),
        EdgeShape("search_web", "merge"),
        EdgeShape("search_papers", "merge"),
        EdgeShape("ask_person", "merge"),
        EdgeShape("merge", "review"),
        EdgeShape("review", "publish", "accepted", True),
        EdgeShape("merge", "plan", "too little", True),
        EdgeShape("publish", END),
    )
    return GraphShape("research", nodes, edges)


class Script:
    """Writes the events of a run, a tenth of a second apart."""

    def __init__(self, shape: GraphShape) -> None:
        self.events: list[Event] = []
        self.shape = shape
        self.add("run.started", kind="workflow", name=shape.name, request={"input": {}})
        self.add("workflow.graph", shape=shape.to_json(), sources={}, origin={})

    def add(self, type: str, step_id: str = "", parent_id: str = "", **data: Any) -> None:
        seq = len(self.events) + 1
        made = Event.of(RUN, seq, 100 + seq / 10, type, step_id=step_id, parent_id=parent_id, data=data)
        self.events.append(made)

    def start(self, superstep: int, name: str, parent_id: str = "", **data: Any) -> str:
        step_id = f"{parent_id + ':' if parent_id else ''}{superstep}/{name}"
        self.add("step.started", step_id, parent_id, kind="node", name=name, effect="effect", **data)
        return step_id

    def finish(self, superstep: int, name: str, parent_id: str = "", ms: float = 340, **data: Any) -> None:
        step_id = f"{parent_id + ':' if parent_id else ''}{superstep}/{name}"
        body = {"kind": "node", "name": name, "superstep": superstep, "ms": ms, **data}
        self.add("step.finished", step_id, parent_id, **body)

    def fail(self, superstep: int, name: str, what: str) -> None:
        error = {"type": "ConnectionError", "what": what, "where": "", "hint": "", "traceback": "Traceback …"}
        self.add("step.failed", f"{superstep}/{name}", kind="node", name=name, error=error, ms=20)


def research_events() -> list[Event]:
    """A run of `research` in its middle: done, running, tried again, failed, waiting, and inside the sub-workflow."""
    script = Script(research())
    plan = script.start(1, "plan", inputs={"question": "What separates the species?"})
    script.add("step.finished", "m1", plan, kind="model", name="offline", ms=210, result={})
    script.finish(1, "plan", result={"update": {"topics": ["petals", "sepals"]}})
    script.start(2, "search_web", inputs={"topics": ["petals", "sepals"]})
    script.start(2, "search_papers")
    script.start(2, "ask_person")
    retried = {"name": "search_papers", "attempt": 1, "error": {"what": "timed out"}, "wait_s": 0.5}
    script.add("node.retried", "2/search_papers", **retried)
    script.fail(2, "search_papers", "arxiv.org did not answer")
    script.add(
        "interrupt.requested", "2/ask_person", id="q1", node="ask_person", value={"question": "Which one is right?"}
    )
    review = script.start(3, "review")
    script.finish(1, "read", review, ms=2)
    script.start(2, "judge", review)
    return script.events
