"""What a run did, as assertions whose failures show the run's timeline.

1. Everything is read from the journal: the run may have been executed in another process, or long ago.
2. A call counts once, however often its attempts were interrupted or failed; one that the budget refused does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from victor_nb.journal import Event, Journal, Status

LONGEST_VALUE = 100


def assert_run(journal: Journal, run_id: str = "last") -> RunAssertions:
    """Return assertions about a run of a journal; each returns itself, so that they chain.

    Args:
        run_id: an id, an unambiguous beginning of one, or "last".

    Raises:
        RunNotFound: the journal holds no such run.
    """
    return RunAssertions(journal, journal.find(run_id).run_id)


@dataclass(slots=True)
class _Step:
    """A step as far as it came; `body` is that of its last event."""

    kind: str
    name: str
    inputs: Any
    body: Mapping[str, Any]


class RunAssertions:
    """Assertions about one run; made by `assert_run`. A failing one raises AssertionError with the run's timeline.

    Attributes:
        run_id: the run that it is about.
    """

    def __init__(self, journal: Journal, run_id: str) -> None:
        self._journal, self.run_id = journal, run_id
        self._events = journal.history(run_id)
        self._steps = _steps_of(self._events)

    # -- how it ended ----------------------------------------------------------------------------------------------

    def finished(self) -> Self:
        """The run came to its end."""
        return self._has_status(Status.FINISHED)

    def failed(self, kind: type[BaseException] | None = None) -> Self:
        """The run ended with an error, of this class where one is given."""
        return self._has_status(Status.FAILED)._ended_with("run.failed", kind)

    def stopped(self, kind: type[BaseException] | None = None) -> Self:
        """The run was stopped and can be resumed; by an error of this class where one is given."""
        return self._has_status(Status.STOPPED)._ended_with("run.stopped", kind)

    # -- what it did -----------------------------------------------------------------------------------------------

    def called(self, tool: str, *, times: int | None = None, arguments: Mapping[str, object] | None = None) -> Self:
        """A tool was called.

        Args:
            times: exactly so often; by default at least once.
            arguments: at least one call had these among its arguments.
        """
        calls = [step for step in self._of("tool", tool) if not _was_refused(step)]
        if times is not None and len(calls) != times:
            self._wrong(f"tool {tool!r} was called {_times(len(calls))}, not {_times(times)}")
        if not calls and times != 0:
            self._wrong(f"tool {tool!r} was not called")
        if arguments is not None and not any(self._has_arguments(call, arguments) for call in calls):
            self._wrong(f"no call of tool {tool!r} had the arguments {dict(arguments)!r}")
        return self

    def not_called(self, tool: str) -> Self:
        """A tool was not called."""
        return self.called(tool, times=0)

    def model_calls(self, times: int) -> Self:
        """The model was asked exactly so often."""
        calls = self._of("model")
        if len(calls) != times:
            self._wrong(f"the model was asked {_times(len(calls))}, not {_times(times)}")
        return self

    def order(self, *tools: str) -> Self:
        """These tools were called one after the other, others possibly between them."""
        called = [step.name for step in self._of("tool") if not _was_refused(step)]
        rest = iter(called)
        if not all(tool in rest for tool in tools):
            self._wrong(f"the tools were called in the order {called}, not {list(tools)}")
        return self

    def approved(self, tool: str) -> Self:
        """Somebody, or a policy, approved a call of this tool."""
        return self._was_decided(tool, True)

    def denied(self, tool: str) -> Self:
        """Somebody, or a policy, denied a call of this tool."""
        return self._was_decided(tool, False)

    def cost_below(self, cost_usd: float) -> Self:
        """The run cost less than so many US dollars, by the prices that are known."""
        spent = sum(step.body.get("cost_usd") or 0.0 for step in self._steps)
        if spent >= cost_usd:
            self._wrong(f"it cost {spent:g} USD, not less than {cost_usd:g}")
        return self

    # -- how that is found out -------------------------------------------------------------------------------------

    def _of(self, kind: str, name: str | None = None) -> list[_Step]:
        return [step for step in self._steps if step.kind == kind and name in (None, step.name)]

    def _has_arguments(self, call: _Step, arguments: Mapping[str, Any]) -> bool:
        given = (self._journal.load(call.inputs) or {}).get("arguments") or {}
        return all(name in given and given[name] == value for name, value in arguments.items())

    def _has_status(self, status: Status) -> Self:
        found = self._journal.find(self.run_id).status
        if found is not status:
            self._wrong(f"it is {found}, not {status}")
        return self

    def _ended_with(self, type_: str, kind: type[BaseException] | None) -> Self:
        found = [
            (event.data.get("error") or {}).get("type", "no error") for event in self._events if event.type == type_
        ]
        if kind is not None and found[-1:] != [kind.__name__]:
            self._wrong(f"it ended with {found[-1]}, not with {kind.__name__}")
        return self

    def _was_decided(self, tool: str, approved: bool) -> Self:
        asked = {e.step_id: e.data["tool"] for e in self._events if e.type == "approval.requested"}
        said = [(asked.get(e.step_id), e.data["approved"]) for e in self._events if e.type == "approval.decided"]
        if (tool, approved) not in said:
            self._wrong(f"no call of tool {tool!r} was {'approved' if approved else 'denied'}")
        return self

    def _wrong(self, what: str) -> NoReturn:
        raise AssertionError(f"run {self.run_id}: {what}\n{timeline(self._events)}")


def timeline(events: Iterable[Event]) -> str:
    """Return a run's events as text, one a line: number, type, and what the event is about."""
    return "\n".join(f"  {event.seq:>4}  {event.type:<18} {_label(event.data)}".rstrip() for event in events)


def _label(data: Mapping[str, Any]) -> str:
    words = [str(data[key]) for key in ("kind", "name", "tool", "reason", "approved") if key in data]
    inputs = data.get("inputs")
    if isinstance(inputs, dict) and "arguments" in inputs:
        words.append(_short(inputs["arguments"]))
    if data.get("error"):
        words.append(_short(f"{data['error']['type']}: {data['error']['what']}"))
    return " ".join(words)


def _short(value: Any) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _steps_of(events: Iterable[Event]) -> list[_Step]:
    """Fold events, oldest first, into the steps that began, in the order in which they did."""
    steps: dict[str, _Step] = {}
    for event in events:
        if event.type not in ("step.started", "step.finished", "step.failed"):
            continue
        body = event.data
        step = steps.setdefault(event.step_id, _Step(body["kind"], body["name"], None, body))
        step.inputs, step.body = body.get("inputs", step.inputs), body
    return list(steps.values())


def _was_refused(step: _Step) -> bool:
    return bool((step.body.get("error") or {}).get("type") == "BudgetExceeded")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
