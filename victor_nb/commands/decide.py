"""`victor approve` and `victor deny`: a word about a tool call that waits, from any process."""

from __future__ import annotations

import json
from typing import Any

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Journal
from victor_nb.views import TextView

_EXAMPLE = """--arguments '{"path": "notes.txt"}'"""
_REQUESTED, _DECIDED = "approval.requested", "approval.decided"


@click.command("approve", cls=VerbCommand)
@click.argument("run", default="last", metavar="[RUN]")
@click.argument("call", default="", metavar="[CALL]")
@click.option("--arguments", default="", metavar="JSON", help="Call the tool with these arguments instead.")
@click.pass_obj
def approve(session: Session, run: str, call: str, arguments: str) -> TextView:
    """Approve a tool call that waits.

    CALL may be left out when exactly one call waits. A run that stopped because nobody could be asked
    hears the word when it is resumed.

    Example: victor approve last
    """
    changed = _parsed(arguments)
    return _send(session, run, call, "approve", {"arguments": changed} if changed is not None else {})


@click.command("deny", cls=VerbCommand)
@click.argument("run", default="last", metavar="[RUN]")
@click.argument("call", default="", metavar="[CALL]")
@click.option("--message", default="", metavar="TEXT", help="Tell the model why.")
@click.pass_obj
def deny(session: Session, run: str, call: str, message: str) -> TextView:
    """Deny a tool call that waits; the model is told, and the run goes on.

    Example: victor deny last --message "read the file instead"
    """
    return _send(session, run, call, "deny", {"message": message} if message else {})


commands = {"approve": approve, "deny": deny}


def waiting_calls(journal: Journal, run_id: str) -> dict[str, dict[str, Any]]:
    """Return the approvals that no person has decided yet, by call id, oldest first.

    A policy's "no" stops the run and leaves the question open: a person's word can still follow.
    """
    waiting: dict[str, dict[str, Any]] = {}
    for event in journal.events(run_id, types=(_REQUESTED, _DECIDED)):
        data = event.data
        if event.type == _REQUESTED:
            waiting[data["call_id"]] = data
        elif data.get("approved") or data.get("by") != "policy":
            waiting.pop(data["call_id"], None)
    return waiting


def _send(session: Session, run: str, call: str, word: str, extra: dict[str, Any]) -> TextView:
    journal = session.journal()
    info = journal.find(run)
    if info.is_finished:
        raise UsageError(f"run {info.run_id} is finished; nothing waits in it", hint="victor runs")
    request = _chosen(waiting_calls(journal, info.run_id), call, info.run_id)
    data = {"call_id": request["call_id"], "call_hash": request.get("call_hash", ""), "by": "person", **extra}
    journal.signal(info.run_id, word, data)
    said = {"approve": "approved", "deny": "denied"}[word]
    goes_on = "" if journal.is_live(info) else f"; go on with: victor resume {info.run_id}"
    return TextView(f"{said} {request['tool']} in run {info.run_id}{goes_on}")


def _chosen(waiting: dict[str, dict[str, Any]], call: str, run_id: str) -> dict[str, Any]:
    if call in waiting:
        return waiting[call]
    if not waiting:
        raise UsageError("no tool call waits for approval", f"run {run_id}", f"victor show {run_id}")
    if call:
        raise UsageError(f"no call {call!r} waits.{nearest(call, waiting)}", f"run {run_id}", f"victor show {run_id}")
    if len(waiting) > 1:
        calls = ", ".join(f"{key} ({request['tool']})" for key, request in waiting.items())
        raise UsageError(f"{len(waiting)} calls wait; say which", f"run {run_id}", calls)
    return next(iter(waiting.values()))


def _parsed(text: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"--arguments is not JSON: {error}", "--arguments", _EXAMPLE) from error
    if not isinstance(values, dict):
        raise UsageError(f"--arguments must be a JSON object, not {text!r}", "--arguments", _EXAMPLE)
    return values
