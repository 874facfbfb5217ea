"""What a run did, as assertions whose failures show the run's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, Self

from ..journal import Event, Journal, Status

_STEP_ENDS = ("step.finished", "step.failed")


def assert_run(journal: Journal, run_id: str = "last") -> RunAssertions:
    """Return assertions about a run of a journal; each returns itself, so that they chain.

    Args:
        run_id: an id, an unambiguous beginning of one, or "last".

    Raises:
        RunNotFound: the journal holds no such run.
    """
    return RunAssertions(journal, journal.find(run_id).run_id)


class RunAssertions:
    """Assertions about one run; made by `assert_run`."""

    def __init__(self, journal: Journal, run_id: str) -> None:
        self._journal, self.run_id = journal, run_id
        self._events = journal.history(run_id)
        inputs = {event.step_id: event.data.get("inputs") for event in self._events if event.type == "step.started"}
        self._ends = [event for event in self._events if event.type in _STEP_ENDS]
        self._inputs = inputs | {e.step_id: e.data["inputs"] for e in self._ends if "inputs" in e.data}

    def finished(self) -> Self:
        """The run came to its end."""
        return self._has_status(Status.FINISHED)

    def failed(self, kind: type[BaseException] | None = None) -> Self:
        """The run ended with an error, of this class where one is given."""
        self._has_status(Status.FAILED)
        found = [event.data["error"]["type"] for event in self._events if event.type == "run.failed"]
        if kind is not None and found[-1:] != [kind.__name__]:
            self._wrong(f"it failed with {found[-1]}, not with {kind.__name__}")
        return self

    def stopped(self) -> Self:
        """The run was stopped and can be resumed."""
        return self._has_status(Status.STOPPED)

    def called(self, tool: str, *, times: int | None = None, arguments: Mapping[str, Any] | None = None) -> Self:
        """A tool was called.

        Args:
            times: exactly so often; by default at least once.
            arguments: at least one call had these among its arguments.
        """
        calls = self._steps("tool", tool)
        if times is not None and len(calls) != times:
            self._wrong(f"tool {tool!r} was called {len(calls)} times, not {times}")
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
        calls = [event for event in self._ends if event.data["kind"] == "model"]
        if len(calls) != times:
            self._wrong(f"the model was asked {len(calls)} times, not {times}")
        return self

    def order(self, *tools: str) -> Self:
        """These tools were called one after the other, others possibly between them."""
        called = [event.data["name"] for event in self._ends if event.data["kind"] == "tool"]
        rest = iter(called)
        if not all(tool in rest for tool in tools):
            self._wrong(f"the tools were called in the order {called}, not {list(tools)}")
        return self

    def cost_below(self, cost_usd: float) -> Self:
        """The run cost less than so many US dollars."""
        spent = sum(event.data.get("cost_usd") or 0.0 for event in self._ends)
        if spent >= cost_usd:
            self._wrong(f"it cost {spent} USD")
        return self

    def _steps(self, kind: str, name: str) -> list[Event]:
        return [event for event in self._ends if (event.data["kind"], event.data["name"]) == (kind, name)]

    def _has_arguments(self, call: Event, arguments: Mapping[str, Any]) -> bool:
        given = (self._journal.load(self._inputs.get(call.step_id)) or {}).get("arguments") or {}
        return all(name in given and given[name] == value for name, value in arguments.items())

    def _has_status(self, status: Status) -> Self:
        found = self._journal.find(self.run_id).status
        if found is not status:
            self._wrong(f"it is {found}, not {status}")
        return self

    def _wrong(self, what: str) -> NoReturn:
        lines = [f"  {event.seq:>4}  {event.type:<18} {_label(event)}" for event in self._events]
        raise AssertionError("\n".join([f"run {self.run_id}: {what}", *lines]))


def _label(event: Event) -> str:
    data = event.data
    return " ".join(str(data[key]) for key in ("kind", "name", "reason") if key in data)
