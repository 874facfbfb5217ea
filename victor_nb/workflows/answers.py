"""Answers: what a node or a route returned, read as updates of the state and targets.

1. Whatever cannot be applied is refused here, with the node's name, before anything is journaled.
2. An answer is written down and read back without loss; a resumed run goes on from what was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from victor_nb.errors import nearest
from victor_nb.workflows.control import NOTHING, PARENT, Command, Send
from victor_nb.workflows.errors import InvalidUpdate
from victor_nb.workflows.plan import Plan, Route
from victor_nb.workflows.position import Answer, Due, Values, due_from_json, due_to_json
from victor_nb.workflows.shape import END


def read_answer(plan: Plan, node: str, answer: Any) -> Answer:
    """Return what the value that a node returned means.

    Raises:
        InvalidUpdate: it means nothing, or names a key or a node that is not there.
        InvalidState: a value does not fit its key.
    """
    if answer is None:
        return Answer([], [])
    if type(answer) is dict:
        if answer.keys() <= plan.channels.keys and not plan.channels.validates:
            return Answer([answer] if answer else [], [])
        return Answer([plan.channels.update(answer, f"node {node!r}")], [])
    read = Answer([], [])
    for part in answer if _is_several(answer) else (answer,):
        _add_part(plan, node, read, part)
    return read


def _is_several(answer: Any) -> bool:
    return isinstance(answer, list | tuple) and all(
        part is None or isinstance(part, Command | Send | Mapping) for part in answer
    )


def _add_part(plan: Plan, node: str, read: Answer, part: Any) -> None:
    who = f"node {node!r}"
    if part is None:
        return
    if isinstance(part, Send):
        read.goto.append(due_of(plan, part, who))
    elif not isinstance(part, Command):
        read.updates.append(plan.channels.update(part, who))
    elif part.graph == PARENT:
        read.to_parent = part
    elif part.graph is not None:
        raise InvalidUpdate(
            f"{who} spoke to the graph {part.graph!r}",
            hint="graph=PARENT speaks to the graph around this one; without it, a command is for its own",
        )
    else:
        if part.update:
            read.updates.append(plan.channels.update(part.update, who))
        read.goto.extend(dues_of(plan, part.targets, who))


def read_route(plan: Plan, node: str, route: Route, decided: Any) -> list[Due]:
    """Return where a route's answer leads.

    Raises:
        InvalidUpdate: it leads nowhere.
    """
    answers = decided if isinstance(decided, list | tuple | set | frozenset) else (decided,)
    who = f"the route after {node!r}"
    if route.targets is None:
        return dues_of(plan, answers, who)
    targets: list[str | Send] = []
    for one in answers:
        if isinstance(one, Send):
            targets.append(one)
        elif one in route.targets:
            targets.append(route.targets[one])
        else:
            known = list(map(str, route.targets))
            raise InvalidUpdate(
                f"{who} answered {one!r}, which leads nowhere.{nearest(str(one), known)}",
                hint=f"it can answer: {', '.join(known)}",
            )
    return dues_of(plan, targets, who)


def dues_of(plan: Plan, targets: Iterable[Any], who: str) -> list[Due]:
    """Return the nodes that some targets mean, END left out."""
    return [due_of(plan, target, who) for target in targets if target != END]


def due_of(plan: Plan, target: Any, who: str) -> Due:
    """Return the node that a target means.

    Raises:
        InvalidUpdate: there is no such node.
    """
    due = Due(target.node, target.arg) if isinstance(target, Send) else Due(target)
    if due.node not in plan.nodes:
        raise InvalidUpdate(
            f"{who} leads to {due.node!r}, which is no node.{nearest(str(due.node), plan.nodes)}",
            f"workflow {plan.name!r}",
            f"its nodes are: {', '.join(plan.nodes)}",
        )
    return due


# -- as plain data ---------------------------------------------------------------------------------------------------


def to_json(answer: Answer) -> dict[str, Any]:
    """An answer as the journal keeps it."""
    written: dict[str, Any] = {}
    if len(answer.updates) == 1:
        written["update"] = answer.updates[0]
    elif answer.updates:
        written["updates"] = answer.updates
    if answer.goto:
        written["goto"] = list(map(due_to_json, answer.goto))
    if answer.to_parent is not None:
        targets = [Due(one.node, one.arg) if isinstance(one, Send) else Due(one) for one in answer.to_parent.targets]
        written["to_parent"] = {"update": answer.to_parent.update, "goto": list(map(due_to_json, targets))}
    return written


def from_json(written: Mapping[str, Any] | None) -> Answer:
    """What `to_json` wrote; nothing at all, for a node that was skipped."""
    if not written:
        return Answer([], [])
    updates: list[Values] = [written["update"]] if "update" in written else written.get("updates", [])
    goto = [due_from_json(one) for one in written.get("goto", ())]
    return Answer(updates, goto, _command(written["to_parent"]) if "to_parent" in written else None)


def _command(written: Mapping[str, Any]) -> Command:
    targets = [due_from_json(one) for one in written["goto"]]
    goto = [one.node if one.arg is NOTHING else Send(one.node, one.arg) for one in targets]
    return Command(written["update"], goto, graph=PARENT)
