"""`victor ask`, and every `%%victor` cell: ask an agent."""

from __future__ import annotations

import sys
from typing import Any

import click

from victor_nb.commands import asking
from victor_nb.commands.answer import Answer
from victor_nb.commands.flags import as_settings, read_variables, running, split_names
from victor_nb.commands.group import VerbCommand, body_of, words_of
from victor_nb.commands.interpolation import interpolated
from victor_nb.commands.session import Session
from victor_nb.config import Settings
from victor_nb.errors import UsageError
from victor_nb.journal import Journal, Status
from victor_nb.journal.recording import imported
from victor_nb.views import RecordView

LONGEST_PROMPT = 1_000_000
"""Characters; more than any model reads, and a file that was piped in by mistake should cost nothing."""


@click.command("ask", cls=VerbCommand)
@click.argument("words", nargs=-1, metavar="[AGENT | PROMPT]")
@click.option("--agent", "-a", default="", metavar="AGENT", help="A variable that holds an agent, or analyst.")
@click.option("--out", "-o", default="", metavar="NAME", help="Bind the answer to this variable.")
@click.option("--tools", default="", metavar="NAMES", help="Tools and toolsets that it gets: sql,read_file")
@click.option(
    "--replay",
    type=click.Choice(["record", "strict", "auto"]),
    help="strict: only from the record. auto: from the record, and run what is missing.",
)
@click.option("--resume", is_flag=True, help="Go on with the last unfinished run of the same request.")
@click.option("--background", is_flag=True, help="Return at once; victor attach shows the run again.")
@running
@click.pass_context
async def command(context: click.Context, /, **flags: Any) -> Answer | RecordView:
    """Ask an agent.

    In a cell, the text below %%victor is the prompt and the word beside it the agent; elsewhere the words are the
    prompt, and "-" reads it from standard input. {{name}} in a prompt stands for that variable's text.

    Example: victor ask "mean of alcohol by class" --data wine=wine.csv
    """
    session: Session = context.obj
    agent, prompt = _agent_and_prompt(flags["words"], flags["agent"], body_of(context))
    prompt = interpolated(prompt, session.namespace or {})
    if flags["background"] and session.detach is not None:
        return started(session.detach([word for word in words_of(context) if word != "--background"]))
    work = _work(session, agent, prompt, flags)
    if flags["background"]:
        return started(await asking.begun(session, work))
    return await asking.answered(session, work)


def started(run_id: str) -> RecordView:
    """Say that a run goes on beside the caller, and how to see it."""
    return RecordView({"run": run_id, "watch": f"victor attach {run_id}", "stop": f"victor stop {run_id}"}, "started")


def _agent_and_prompt(words: tuple[str, ...], agent: str, body: str | None) -> tuple[str, str]:
    if body is None:
        prompt = sys.stdin.read() if words == ("-",) else " ".join(words)
    elif len(words) > 1 or (words and agent):
        raise UsageError(
            f"one agent answers a cell, not {' and '.join([*words, agent]).strip()}",
            "%%victor",
            "%%victor AGENT in the first line, the prompt below it",
        )
    else:
        agent, prompt = agent or "".join(words), body
    if not prompt.strip():
        raise UsageError(
            "there is nothing to ask", "victor ask", 'victor ask "Which columns are there?" --data df=FILE'
        )
    if len(prompt) > LONGEST_PROMPT:
        raise UsageError(
            f"the prompt has {len(prompt):,} characters; {LONGEST_PROMPT:,} is the most",
            "victor ask",
            "data belongs into a variable (--with NAME) or a file (--data NAME=FILE)",
        )
    return agent or asking.DEFAULT_AGENT, prompt.strip()


def _work(session: Session, name: str, prompt: str, flags: dict[str, Any]) -> asking.Work:
    arguments = as_settings(flags)
    settings = session.settings(arguments)
    if flags["out"]:
        session.check_bindable(flags["out"])
    journal = session.journal(settings)
    variables = read_variables(session, flags["variables"], flags["data"])
    tools = asking.chosen_tools(session, settings, split_names(flags["tools"]), variables)
    own = asking.named_agent(session, name)
    agent = (
        asking.built_in_agent(session, settings, tools)
        if own is None
        else asking.with_settings(own, settings, arguments, tools)
    )
    return asking.Work(
        agent,
        journal,
        asking.approver_for(session, settings),
        prompt=prompt,
        run_id=_unfinished(journal, agent.name, prompt) if flags["resume"] else None,
        replay=_replay(settings, journal),
        on_doubt=settings.on_doubt,
        variables=variables,
        out=flags["out"],
    )


def _replay(settings: Settings, journal: Journal) -> Any:
    """Return the replay mode, with the configured recording brought into the journal before it is looked up."""
    if settings.replay != "record" and (path := settings.recording_path) is not None:
        imported(journal, path)
    return settings.replay


def _unfinished(journal: Journal, agent: str, prompt: str) -> str | None:
    """Return the newest run of this agent and prompt that has not finished, so that a cell run again goes on."""
    for info in journal.runs(kind="agent", name=agent, limit=200):
        if journal.request(info).get("prompt") == prompt:
            unfinished = info.status is not Status.FINISHED and not journal.is_live(info)
            return info.run_id if unfinished else None
    return None
