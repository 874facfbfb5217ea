"""What the nodes of a pipeline ask a person: questions of workflows in it, and calls of agents that need a word.

1. What is asked stands at the member in which it is asked, however deep inside: an agent in a workflow in a node.
2. A question comes after its member has stopped; a call is asked about while everything else goes on.
"""

from __future__ import annotations

from victor_nb.journal.events import Event
from victor_nb.views.graph_asks import CALL, Ask, call_of, question_of
from victor_nb.views.graph_fold import loaded
from victor_nb.views.pipeline_state import MemberState, PipelineState
from victor_nb.views.wire import Load
from victor_nb.views.wording import preview

Said = tuple[MemberState, str]
"""Whose something was, and what happened, in words."""


def member_at(known: PipelineState, step_id: str) -> MemberState | None:
    """The member that a step is, or is inside of; the nodes of a workflow are named after it: "1f3a:2/judge"."""
    while step_id:
        found = known.nodes.get(known.inside.get(step_id, step_id))
        if isinstance(found, MemberState):
            return found
        step_id = step_id.rpartition(":")[0]
    return None


def begun_inside(known: PipelineState, event: Event) -> None:
    """Remember whose a step is that began inside of a member."""
    if member := member_at(known, event.parent_id):
        known.inside[event.step_id] = member.path


def question_asked(known: PipelineState, event: Event, load: Load | None) -> Said | None:
    """Note a question."""
    return _asked(known, event.step_id, question_of(event, loaded(event.data.get("value"), load)))


def call_asked(known: PipelineState, event: Event) -> Said | None:
    """Note a call that waits for somebody's word."""
    return _asked(known, event.parent_id, call_of(event))


def _asked(known: PipelineState, step_id: str, ask: Ask) -> Said | None:
    member = member_at(known, step_id)
    if member is None:
        return None
    member.closed(ask.id)
    member.asks.append(ask)
    member.state = "waiting"
    return member, f"asks to run {ask.tool}" if ask.kind == CALL else f"asks: {preview(ask.shown)}"


def question_answered(known: PipelineState, event: Event) -> Said | None:
    """Take an answered question away; its node is done again when the run goes on."""
    for member in known.all_members:
        if member.closed(str(event.data.get("id"))):
            return member, f"was answered: {preview(event.data.get('value'))}"
    return None


def call_decided(known: PipelineState, event: Event) -> Said | None:
    """Take a call away about which somebody has decided; after a policy's "no" a person's word can still follow."""
    data, member = event.data, member_at(known, event.parent_id)
    is_open = data.get("by") == "policy" and not data.get("approved")
    if member is None or is_open or not member.closed(str(data.get("call_id"))):
        return None
    if not member.asks and member.state == "waiting":
        member.state = "running"
    return member, f"{'approved' if data.get('approved') else 'denied'} by {data.get('by') or 'somebody'}"
