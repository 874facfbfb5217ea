"""The past of a run: its positions, folded from what the journal holds; no node is called and no code is needed.

1. The journal holds what each node did, not the state; a state is read by applying that to the newest snapshot.
2. A superstep counts once all of its nodes have a result. Finished nodes of an unfinished superstep are kept for the
   run that goes on, and are no part of any position.
3. Forks: the events of the runs that a run was built on come before its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from victor_nb.errors import UsageError
from victor_nb.journal import Event, Journal, RunInfo
from victor_nb.journal.spans import Span, events_in, spans_of
from victor_nb.workflows.answering import EDITS, UPDATED
from victor_nb.workflows.answers import from_json as answer_from_json
from victor_nb.workflows.errors import InvalidState
from victor_nb.workflows.graphs import GRAPH, loaded
from victor_nb.workflows.plan import rules_from_json
from victor_nb.workflows.position import (
    Edit,
    Edits,
    Position,
    Rules,
    Values,
    after,
    applied,
    due_from_json,
    edited,
    from_json,
    start,
    step_ids,
    taking_place,
    with_edits_beside,
)
from victor_nb.workflows.reducers import Reducer
from victor_nb.workflows.shape import START
from victor_nb.workflows.snapshots import SNAPSHOT


def edits_in(journal: Journal, events: Sequence[Event]) -> dict[int, list[Edit]]:
    """The edits among some events, by the superstep after which they were made.

    Of two that take the place of the same superstep, the later counts: the first was made on a run that then forked.
    """
    found: dict[int, list[Edit]] = {}
    for event in events:
        data = journal.load(event.data)
        due = tuple(map(due_from_json, data["due"])) if data.get("due") is not None else None
        edit = Edit(data["superstep"], data["update"] or {}, due, event.type == UPDATED)
        here = found.setdefault(edit.superstep, [])
        if not edit.is_beside:
            here[:] = [one for one in here if one.is_beside]
        here.append(edit)
    return found


@dataclass
class Past:
    """What the journal holds of a run.

    Attributes:
        reducers: those of the workflow's code, for keys whose reducers have no name.
    """

    journal: Journal
    info: RunInfo
    reducers: Mapping[str, Reducer] = field(default_factory=dict)

    @property
    def spans(self) -> list[Span]:
        return spans_of(self.journal.store, self.info)

    def graphs(self) -> list[dict[str, Any]]:
        """The graphs that the run was executed with, oldest first."""
        return [loaded(self.journal, event) for event in events_in(self.journal.store, self.spans, (GRAPH,))]

    def positions(self, since: int | None = None) -> Iterator[Position]:
        """Yield the positions of the run, oldest first; from the newest snapshot at or before superstep `since` on."""
        graphs = self.graphs()
        if not graphs:
            return
        spans = self.spans
        position, spans = self._beginning(spans, since, graphs[0])
        results: dict[str, bytes] = {}
        for span in spans:
            results |= self.journal.store.results(span.run_id, after=span.after, through=span.through)
        if position is None:
            position = self._first(graphs[0], results)
        edits = edits_in(self.journal, events_in(self.journal.store, spans, EDITS))
        rules = [(graph.get("superstep", 0), self._rules(graph)) for graph in graphs]
        yield from walked(position, lambda at: _in_force(rules, at), results.get, edits, self.journal)

    def at(self, superstep: int | None) -> Position:
        """The position after a superstep; the last one for None.

        Raises:
            UsageError: the run has not come so far.
        """
        last: Position | None = None
        for position in self.positions(superstep if superstep is not None else 2**62):
            last = position
            if position.superstep == superstep:
                return position
        if last is None:
            raise UsageError(f"run {self.info.run_id} has not begun", hint="run it: run(run_id=…)")
        if superstep is not None:
            raise UsageError(
                f"run {self.info.run_id} has no checkpoint {superstep!r}; it goes from 0 to {last.superstep}",
                hint=f"list them: victor checkpoints {self.info.run_id}",
            )
        return last

    def _beginning(
        self, spans: list[Span], since: int | None, graph: Mapping[str, Any]
    ) -> tuple[Position | None, list[Span]]:
        """The newest snapshot that is old enough, and the spans after it."""
        if since is None:
            return None, spans
        store = self.journal.store
        for place in range(len(spans) - 1, -1, -1):
            span = spans[place]
            found = store.events(
                span.run_id, after=span.after, through=span.through, types=(SNAPSHOT,), last=None, bodies=False
            )
            for event in reversed(found):
                (whole,) = store.events(
                    span.run_id, after=event.seq - 1, through=event.seq, types=(SNAPSHOT,), last=None, bodies=True
                )
                data = whole.data
                if data["superstep"] <= since:
                    position = from_json(self.journal.load(data))
                    return position, [span._replace(after=event.seq), *spans[place + 1 :]]
        return None, spans

    def _first(self, graph: Mapping[str, Any], results: Mapping[str, bytes]) -> Position:
        rules = self._rules(graph)
        request = self.journal.request(self.info)
        onto = {**graph["initial"], **before(self.journal, request, self.reducers)}
        values = applied(rules, onto, [self.journal.load(request["input"])], "the input")
        due = [due_from_json(name) for name in rules.after.get(START, ())]
        if (routed := results.get(f"0/{START}")) is not None:
            due += answer_from_json(self.journal.result_in(routed)).goto
        return start(rules, values, due)

    def _rules(self, graph: Mapping[str, Any]) -> Rules:
        rules, unknown = rules_from_json(graph["rules"])
        reducers = dict(rules.reducers)
        for key in unknown:
            reducers[key] = self.reducers.get(key) or _unknown(key)
        return Rules(rules.after, rules.joins, rules.order, rules.deferred, reducers, rules.ephemeral)


def before(journal: Journal, request: Mapping[str, Any], reducers: Mapping[str, Reducer]) -> Values:
    """The state that a run began with, besides its input: the last one of the run that was before it in its thread."""
    if not request.get("after"):
        return {}
    return Past(journal, journal.find(request["after"]), reducers).at(None).values


def _unknown(key: str) -> Reducer:
    def refuse(_: Any, __: Any) -> Any:
        raise InvalidState(
            f"only the workflow's code knows how {key!r} is joined",
            hint="name the workflow: WorkflowRun(journal, run_id, workflow)",
        )

    return refuse


def _in_force(rules: Sequence[tuple[int, Rules]], superstep: int) -> Rules:
    """The rules by which a run went on after a superstep: a changed graph counts from where it was accepted."""
    return next(found for since, found in reversed(rules) if since <= superstep or since == 0)


def walked(
    position: Position,
    rules_at: Callable[[int], Rules],
    recorded: Callable[[str], bytes | None],
    edits: Edits,
    journal: Journal,
) -> Iterator[Position]:
    """Yield a position and all that followed it, as far as every node of a superstep has a result."""
    while True:
        rules = rules_at(position.superstep)
        position = with_edits_beside(rules, position, edits)
        yield position
        if (edit := taking_place(position, edits)) is not None:
            position = edited(rules, position, edit)
            continue
        found = [recorded(step_id) for step_id in step_ids("", position)]
        if not found or any(raw is None for raw in found):
            return
        answers = [answer_from_json(journal.result_in(raw)) for raw in found if raw is not None]
        position = after(rules, position, answers)
