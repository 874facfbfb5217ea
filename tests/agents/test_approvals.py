"""Approvals: nothing happens without a word about exactly this call, and every word is on record."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from tests.agents.scripts import Never, Script, told_by_tools
from tests.agents.test_resuming import in_doubt
from victor_nb.agents import Agent, ApprovalDenied, ApprovalRequest, Decision, PolicyApprover, call_hash
from victor_nb.agents.approvals import Mailbox
from victor_nb.agents.tooling import Grants
from victor_nb.errors import Resumable, UsageError
from victor_nb.journal import Effect, Event, Journal, StepInDoubt
from victor_nb.tools import Tool, tool
from victor_nb.views import summarise


@dataclass
class Person:
    """Answers every question with one word and remembers the questions."""

    word: Decision
    asked: list[ApprovalRequest] = field(default_factory=list)

    async def decide(self, request: ApprovalRequest) -> Decision:
        self.asked.append(request)
        return self.word


YES = Decision(True, by="person")
NO = Decision(False, by="person", message="too dangerous")


def shell() -> tuple[Tool, list[str]]:
    done: list[str] = []

    @tool(approval=True)
    def shell(command: str) -> str:
        """Run a command."""
        done.append(command)
        return f"ran {command}"

    return shell, done


def run(agent: Agent, journal: Journal, **options: object):
    return asyncio.run(agent.run("clean up", journal=journal, **options))


def words(journal: Journal) -> list[Event]:
    types = ["approval.requested", "approval.decided"]
    return journal.events(journal.find("last").run_id, types=types)


def test_an_approved_call_happens_once_and_both_words_are_on_record(journal):
    """The question shows tool, arguments, effect and hash; the answer says who gave it."""
    one, done = shell()
    person = Person(YES)

    run(Agent("a", Script([("shell", {"command": "ls"})], "ok").model(), [one]), journal, approver=person)

    asked, decided = (event.data for event in words(journal))
    assert done == ["ls"]
    assert person.asked[0].arguments == {"command": "ls"}
    assert person.asked[0].effect is Effect.EFFECT
    assert asked["call_hash"] == decided["call_hash"] == call_hash("shell", "call-0-0", {"command": "ls"})
    assert (asked["tool"], asked["description"]) == ("shell", "Run a command.")
    assert (decided["approved"], decided["by"]) == (True, "person")


def test_a_denied_call_does_not_happen_and_the_model_hears_why(journal):
    """A person's no is an answer; the run goes on."""
    one, done = shell()
    script = Script([("shell", {"command": "rm"})], "Then not.")

    result = run(Agent("a", script.model(), [one]), journal, approver=Person(NO))

    assert done == []
    assert result.text == "Then not."
    assert "too dangerous" in told_by_tools(script)[0]


def test_edited_arguments_are_used_and_recorded(journal):
    """The tool gets what the person wrote; the record holds both."""
    one, done = shell()
    edited = Decision(True, by="person", arguments={"command": "ls -l"})
    agent = Agent("a", Script([("shell", {"command": "rm"})], "ok").model(), [one])

    run(agent, journal, approver=Person(edited))

    asked, decided = (event.data for event in words(journal))
    assert done == ["ls -l"]
    assert asked["arguments"] == {"command": "rm"}
    assert decided["arguments"] == {"command": "ls -l"}
    assert run(Agent("a", Never.model(), [one]), journal, replay="strict").text == "ok"


def test_a_call_that_was_asked_about_is_one_line_of_its_run(journal):
    """Question, answer and result belong together, also after a stop at the question and a resume."""
    one, _ = shell()
    agent = Agent("a", Script([("shell", {"command": "rm"})], "ok").model(), [one])
    with pytest.raises(ApprovalDenied):
        run(agent, journal)
    run_id = journal.find("last").run_id

    run(agent, journal, run_id=run_id, approver=Person(Decision(True, by="ann", arguments={"command": "ls"})))

    _, line, _ = summarise(journal.history(run_id)).steps
    assert (line.kind, line.state, line.result) == ("tool", "done", "ran ls")
    assert (line.note, line.arguments) == ("approved by ann, arguments edited", {"command": "ls"})


def test_tools_without_approval_are_not_asked_about(journal):
    """Only what is marked is asked about; safe calls of the same turn happen first."""
    one, done = shell()

    @tool(effect="pure")
    def safe() -> str:
        """Harmless."""
        done.append("safe")
        return "fine"

    person = Person(YES)
    script = Script([("shell", {"command": "ls"}), ("safe", {})], "ok")

    run(Agent("a", script.model(), [one, safe]), journal, approver=person)

    assert done == ["safe", "ls"]
    assert [request.tool for request in person.asked] == ["shell"]


@pytest.mark.parametrize("approver", [None, PolicyApprover("never"), PolicyApprover(["read_*"])])
def test_without_a_person_the_answer_is_no_and_the_run_can_be_resumed(journal, approver):
    """The error names the two commands that go on; nothing happened."""
    one, done = shell()
    script = Script([("shell", {"command": "ls"})], "ok")

    with pytest.raises(ApprovalDenied, match="nobody is there") as raised:
        run(Agent("a", script.model(), [one]), journal, approver=approver)

    run_id = journal.find("last").run_id
    assert isinstance(raised.value, Resumable)
    assert f"victor approve {run_id} call-0-0" in raised.value.hint
    assert done == []
    assert journal.events(run_id, types=["run.stopped"])[0].data["reason"] == "approval"
    assert run(Agent("a", script.model(), [one]), journal, run_id=run_id, approver=Person(YES)).text == "ok"
    assert done == ["ls"]


def test_a_stopped_run_hears_the_word_that_was_left_for_it(journal):
    """Approve first, resume afterwards: nobody needs to be there at the same time."""
    one, done = shell()
    script = Script([("shell", {"command": "ls"})], "ok")
    with pytest.raises(ApprovalDenied):
        run(Agent("a", script.model(), [one]), journal)
    run_id = journal.find("last").run_id

    journal.signal(run_id, "approve", {"call_id": "call-0-0", "call_hash": words(journal)[0].data["call_hash"]})
    result = run(Agent("a", script.model(), [one]), journal, run_id=run_id)

    assert result.text == "ok"
    assert done == ["ls"]


def test_a_word_about_other_arguments_is_void(journal):
    """The hash of the call that was shown must fit."""
    one, done = shell()
    script = Script([("shell", {"command": "rm -r /"})], "ok")
    with pytest.raises(ApprovalDenied):
        run(Agent("a", script.model(), [one]), journal)
    run_id = journal.find("last").run_id

    journal.signal(run_id, "approve", {"call_id": "call-0-0", "call_hash": call_hash("shell", "call-0-0", {})})
    with pytest.raises(ApprovalDenied):
        run(Agent("a", script.model(), [one]), journal, run_id=run_id)
    assert done == []


def test_arguments_that_change_after_the_approval_are_refused(journal):
    """A coordinator that edits an approved call cannot slip it past the person."""
    from pydantic_ai.capabilities import AbstractCapability

    class Meddler(AbstractCapability[None]):
        async def before_tool_execute(self, ctx, *, call, tool_def, args):
            return {"command": "rm -r /"}

    one, done = shell()
    script = Script([("shell", {"command": "ls"})], "ok")
    agent = Agent("a", script.model(), [one], coordinators=[Meddler()])

    with pytest.raises(ApprovalDenied, match="other arguments"):
        run(agent, journal, approver=Person(YES))
    assert done == []


@pytest.mark.parametrize("word", ["approve", "deny"])
def test_another_process_can_give_the_word_while_the_run_waits(journal, word):
    """The approver may wait for ever; mail is heard meanwhile."""
    one, done = shell()

    class Silent:
        async def decide(self, request: ApprovalRequest) -> Decision:
            journal.signal(request.run_id, word, {"call_id": request.call_id, "call_hash": request.call_hash})
            await asyncio.Event().wait()
            raise AssertionError

    script = Script([("shell", {"command": "ls"})], "ok")

    run(Agent("a", script.model(), [one]), journal, approver=Silent())

    assert done == (["ls"] if word == "approve" else [])


def test_the_questions_of_one_turn_are_asked_together(journal):
    """A person sees all of them before answering one."""
    one, done = shell()
    together = []

    class Patient:
        async def decide(self, request: ApprovalRequest) -> Decision:
            together.append(request.call_id)
            while len(together) < 2:
                await asyncio.sleep(0)
            return YES

    script = Script([("shell", {"command": "a"}), ("shell", {"command": "b"})], "ok")

    run(Agent("a", script.model(), [one]), journal, approver=Patient())

    assert sorted(done) == ["a", "b"]


def test_two_denials_by_policy_in_one_turn_leave_a_resumable_run(journal):
    """None of the two questions counts as answered."""
    one, done = shell()
    script = Script([("shell", {"command": "a"}), ("shell", {"command": "b"})], "ok")
    with pytest.raises(ApprovalDenied):
        run(Agent("a", script.model(), [one]), journal)

    run_id = journal.find("last").run_id
    assert run(Agent("a", script.model(), [one]), journal, run_id=run_id, approver=Person(YES)).text == "ok"
    assert sorted(done) == ["a", "b"]


def test_decisions_replay_without_asking(journal):
    """A recorded no stays a no."""
    one, done = shell()
    script = Script([("shell", {"command": "a"}), ("shell", {"command": "b"})], "ok")

    class First:
        async def decide(self, request: ApprovalRequest) -> Decision:
            return YES if request.arguments["command"] == "a" else NO

    first = run(Agent("a", script.model(), [one]), journal, approver=First())
    again = run(Agent("a", Never.model(), [one]), journal, replay="strict")

    assert again.text == first.text
    assert done == ["a"]


def test_a_decision_survives_a_stop_after_it(journal):
    """A resumed run does not ask again what was answered."""
    from victor_nb.agents import Budget, BudgetExceeded

    one, done = shell()
    script = Script([("shell", {"command": "a"})], "ok")
    person = Person(YES)
    with pytest.raises(BudgetExceeded):
        run(Agent("a", script.model(), [one], budget=Budget(steps=1)), journal, approver=person)

    run_id = journal.find("last").run_id
    run(Agent("a", script.model(), [one]), journal, run_id=run_id, approver=person)

    assert len(person.asked) == 1
    assert done == ["a"]


def test_waiting_for_a_person_is_not_working_time(journal, monkeypatch):
    """A person who takes an hour does not use up the minute of the budget."""
    from types import SimpleNamespace

    from victor_nb.agents import Budget, execution

    one, _ = shell()
    now = [0.0]
    monkeypatch.setattr(execution, "time", SimpleNamespace(monotonic=lambda: now[0]))

    class Slow:
        async def decide(self, request: ApprovalRequest) -> Decision:
            now[0] += 3600
            return YES

    agent = Agent("a", Script([("shell", {"command": "a"})], "ok").model(), [one], budget=Budget(seconds=60))

    assert run(agent, journal, approver=Slow()).text == "ok"


@pytest.mark.parametrize(("word", "expected"), [(YES, [7]), (NO, [])])
def test_a_person_decides_about_a_tool_in_doubt(journal, word, expected):
    """Yes means "do it again", no means "leave it"; the question says that it is about a doubt."""
    script, run_id, _ = in_doubt(journal)
    calls: list[int] = []

    @tool(name="add")
    def add(x: int) -> int:
        """Add to the list."""
        calls.append(x)
        return x

    person = Person(word)
    result = asyncio.run(Agent("a", script.model(), [add]).run(journal=journal, run_id=run_id, approver=person))

    assert result.text == "done"
    assert calls == expected
    assert person.asked[0].doubt


def test_no_allowlist_decides_about_a_doubt(journal):
    """That a tool may run does not say that it may run twice."""
    script, run_id, _ = in_doubt(journal)

    @tool(name="add")
    def add(x: int) -> int:
        """Add to the list."""
        return x

    with pytest.raises(StepInDoubt):
        asyncio.run(
            Agent("a", script.model(), [add]).run(journal=journal, run_id=run_id, approver=PolicyApprover(["add"]))
        )


def test_tools_of_other_makers_are_asked_about_too(journal):
    """A pydantic-ai toolset with `requires_approval` passes the same gate, and its calls are journaled."""
    from pydantic_ai.capabilities import Toolset as ToolsetCapability
    from pydantic_ai.toolsets import FunctionToolset

    done: list[int] = []
    foreign = FunctionToolset[None](id="foreign")

    @foreign.tool_plain(requires_approval=True)
    def press(times: int) -> str:
        """Press the button."""
        done.append(times)
        return "pressed"

    script = Script([("press", {"times": 2})], "ok")
    capability = ToolsetCapability(foreign)
    person = Person(YES)
    first = run(Agent("a", script.model(), coordinators=[capability]), journal, approver=person)
    again = run(Agent("a", Never.model(), coordinators=[capability]), journal, replay="strict")

    assert done == [2]
    assert person.asked[0].effect is Effect.EFFECT
    assert told_by_tools(script) == ["pressed"]
    assert again.text == first.text


# --- the parts ---------------------------------------------------------------------------------------------------


def request(tool: str = "read_file", arguments: dict | None = None, doubt: bool = False) -> ApprovalRequest:
    given = arguments or {}
    return ApprovalRequest("r", "c", tool, given, Effect.EFFECT, "", call_hash(tool, "c", given), doubt)


@pytest.mark.parametrize(
    "approver",
    [PolicyApprover(["read_*"]), PolicyApprover("allowlist", allowed=["read_file"])],
)
def test_an_allowlist_approves_what_it_names(approver):
    """Names and patterns; who decided is said."""
    decision = asyncio.run(approver.decide(request()))

    assert decision == Decision(True, by="policy:allowlist")
    with pytest.raises(ApprovalDenied):
        asyncio.run(approver.decide(request("write_file")))


def test_what_the_policy_leaves_open_goes_to_the_person():
    """Except for "never", which never asks."""
    person = Person(YES)

    assert asyncio.run(PolicyApprover("ask", person).decide(request())) is YES
    assert asyncio.run(PolicyApprover(["x"], person).decide(request())) is YES
    with pytest.raises(ApprovalDenied):
        asyncio.run(PolicyApprover("never", person).decide(request()))


def test_an_unknown_policy_is_an_error():
    """A misspelt policy must not become an allowlist of letters."""
    with pytest.raises(UsageError, match="'newer' is no approval policy"):
        PolicyApprover("newer")


def test_call_hashes_tell_calls_apart_and_forget_the_order_of_arguments():
    """Tool, call and arguments all count."""
    one = call_hash("t", "c", {"a": 1, "b": [2]})

    assert one == call_hash("t", "c", {"b": [2], "a": 1})
    assert len({one, call_hash("u", "c", {"a": 1, "b": [2]}), call_hash("t", "d", {"a": 1, "b": [2]})}) == 3
    assert one != call_hash("t", "c", {"a": 1, "b": [3]})


def test_a_mailbox_hands_stops_on_and_keeps_early_words():
    """Unknown mail is ignored."""
    mailbox = Mailbox()
    stop = mailbox.deliver([("hello", {}), ("deny", {"call_id": "c", "message": "no"}), ("stop", {"reason": "enough"})])

    decision = asyncio.run(mailbox.decision(request()))

    assert stop is not None
    assert stop.what == "enough"
    assert decision == Decision(False, by="person", message="no")


def test_a_grant_is_for_one_call():
    """Other arguments, or no grant at all, are refused."""
    grants = Grants()
    grants.add("t", "c", {"a": 1})

    grants.check("t", "c", {"a": 1})
    for tool_, call_id, arguments in [("t", "c", {"a": 2}), ("t", "d", {"a": 1}), ("u", "c", {"a": 1})]:
        with pytest.raises(ApprovalDenied):
            grants.check(tool_, call_id, arguments)
