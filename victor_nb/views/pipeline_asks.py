"""What the nodes of a pipeline ask a person: questions of workflows in it.

A question comes after the node that asks has stopped, and names a step inside of it. Where several nodes wait, it is
shown at the one that shows the fewest: the question itself says what it is about, and its answer finds its way.
"""

from __future__ import annotations

from victor_nb.journal.events import Event
from victor_nb.views.graph_asks import question_of
from victor_nb.views.graph_fold import loaded
from victor_nb.views.pipeline_state import MemberState, PipelineState
from victor_nb.views.wire import Load
from victor_nb.views.wording import preview


def asked(known: PipelineState, event: Event, load: Load | None) -> tuple[MemberState, str] | None:
    """Note a question; return whose it is and what happened, in words."""
    ask = question_of(event, loaded(event.data.get("value"), load))
    for member in known.all_members:
        member.closed(ask.id)
    waiting = [member for member in known.all_members if member.state == "waiting"]
    if not waiting:
        return None
    member = min(waiting, key=lambda member: len(member.asks))
    member.asks.append(ask)
    return member, f"asks: {preview(ask.shown)}"


def answered(known: PipelineState, event: Event) -> tuple[MemberState, str] | None:
    """Take an answered question away; return whose it was and what happened, in words."""
    for member in known.all_members:
        if member.closed(str(event.data.get("id"))):
            return member, f"was answered: {preview(event.data.get('value'))}"
    return None
