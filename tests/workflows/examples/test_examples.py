"""The examples do what they say, alone and when they are killed; run as programs, too."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.workflows.examples import human_approval, map_reduce, plan_and_execute, react, reflection, supervisor
from victor_nb.journal import open_journal
from victor_nb.testing import KillPoint, kill_and_resume, leave_mark
from victor_nb.workflows import Command, StepLimitReached, Workflow

HERE = Path(__file__).parent


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


# -- what they do ------------------------------------------------------------------------------------------------------


def test_react_calls_tools_until_it_can_answer(journal):
    """Both calls of a turn, in the order of the calls; a tool's failure is told to the model."""
    graph = react.react(react.rules, {"height_of": react.height_of})
    messages = graph.run_sync(react.QUESTION, journal=journal).state["messages"]
    assert [one["content"] for one in messages if one["role"] == "tool"] == ["8611", "8849"]
    assert messages[-1]["content"] == "The higher one has 8849 m."

    def asks_for_nothing_known(messages):
        told = [one["content"] for one in messages if one["role"] == "tool"]
        return {"content": told[0]} if told else {"calls": [{"tool": "depth_of", "arguments": {}}]}

    graph = react.react(asks_for_nothing_known, {})
    assert graph.run_sync(react.QUESTION, journal=journal).state["messages"][-1]["content"] == "KeyError: 'depth_of'"


def test_plan_and_execute_follows_its_plan_and_changes_it(journal):
    """A step that turned out not to be needed is left out."""
    graph = plan_and_execute.plan_and_execute(plan_and_execute.planner, plan_and_execute.executor)
    done = graph.run_sync(plan_and_execute.OBJECTIVE, journal=journal)
    assert done.state["report"] == "3 rows; 1 gap; filled with 2"

    graph = plan_and_execute.plan_and_execute(plan_and_execute.planner, lambda step, found: "no gaps")
    assert graph.run_sync(plan_and_execute.OBJECTIVE, journal=journal).state["report"] == "no gaps"


def test_map_reduce_reads_every_document_and_tries_again(journal):
    """A connection that is lost once costs nothing."""
    lost = [ConnectionError("lost")]

    def flaky(document):
        if "dog" in document and lost:
            raise lost.pop()
        return map_reduce.words_of(document)

    graph = map_reduce.map_reduce(flaky)
    assert graph.run_sync(map_reduce.DOCUMENTS, journal=journal).state["commonest"] == ["the", "a", "cat"]
    assert not lost


def test_human_approval_waits_and_sends_what_was_approved(journal):
    """Sent back once, changed by hand, sent once; an answer that is none is asked for again."""
    sent = []
    graph = human_approval.human_approval(human_approval.letter, sent.append)
    waiting = graph.run_sync(human_approval.REQUEST, journal=journal)
    for verdict in ({"action": "perhaps"}, {"action": "reject", "text": "friendlier"}):
        assert sent == []
        waiting = graph.run_sync(Command(resume=verdict), run_id=waiting.run_id, journal=journal)
    assert "friendlier" in waiting.interrupts[0].value["draft"]
    edited = Command(resume={"action": "edit", "text": "Hello!"})

    assert graph.run_sync(edited, run_id=waiting.run_id, journal=journal).state["sent"] == "Hello!"
    assert sent == ["Hello!"]


def test_supervisor_sends_workers_until_it_has_an_answer(journal):
    """Each worker is a graph inside of the graph, and drawn so."""
    graph = supervisor.supervisor(supervisor.decide, supervisor.WORKERS)

    assert graph.run_sync(supervisor.TASK, journal=journal).state["answer"] == "Planet x has 3 moons."
    assert [node.id for node in graph.shape().nodes if node.inside] == ["researcher", "writer"]


def test_reflection_improves_until_it_is_good_or_has_no_step_left(journal):
    """It ends by itself before the limit would end it."""
    graph = reflection.reflection(reflection.write, reflection.criticise)
    good = graph.run_sync(reflection.TOPIC, journal=journal)
    assert good.state["text"] == "Tea matters. It has a reason. It has an example. It has an end."

    graph = reflection.reflection(reflection.write, lambda text: "more")
    assert graph.run_sync(reflection.TOPIC, journal=journal, max_steps=8).state["remarks"] == ["more"] * 4
    with pytest.raises(StepLimitReached):
        graph.run_sync(reflection.TOPIC, journal=journal, max_steps=1)


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (react, "The higher one has 8849 m."),
        (plan_and_execute, "3 rows; 1 gap; filled with 2"),
        (map_reduce, "['the', 'a', 'cat']"),
        (human_approval, "sent: Dear all, the meeting is at noon. (friendlier)"),
        (supervisor, "Planet x has 3 moons."),
        (reflection, "Tea matters. It has a reason. It has an example. It has an end."),
    ],
    ids=lambda value: getattr(value, "__name__", "").rpartition(".")[2],
)
def test_an_example_runs_as_a_program(example, said, tmp_path):
    """As a reader would run it, in a folder of its own."""
    done = subprocess.run(
        [sys.executable, example.__file__],
        cwd=tmp_path,
        env={"PYTHONPATH": str(HERE.parents[2]), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert (done.stderr, done.stdout.splitlines()[-1]) == ("", said)


# -- killed ------------------------------------------------------------------------------------------------------------


def marked(name, function):
    """The function, leaving a mark of each of its calls."""

    def call(*args, **kwargs):
        leave_mark(f"{name} {[*args, *kwargs.values()]!r}")
        return function(*args, **kwargs)

    return call


def killed_react(journal, run_id):
    """The program that is killed; the same for each example."""
    tools = {"height_of": marked("height_of", react.height_of)}
    finish(react.react(marked("model", react.rules), tools), react.QUESTION, journal, run_id)


def killed_plan(journal, run_id):
    """Plan and execute."""
    plan, execute = marked("plan", plan_and_execute.planner), marked("execute", plan_and_execute.executor)
    finish(plan_and_execute.plan_and_execute(plan, execute), plan_and_execute.OBJECTIVE, journal, run_id)


def killed_map(journal, run_id):
    """Map-reduce."""
    finish(map_reduce.map_reduce(marked("read", map_reduce.words_of)), map_reduce.DOCUMENTS, journal, run_id)


def killed_supervisor(journal, run_id):
    """A supervisor and its workers."""
    workers = {name: marked(name, work) for name, work in supervisor.WORKERS.items()}
    finish(supervisor.supervisor(marked("decide", supervisor.decide), workers), supervisor.TASK, journal, run_id)


def killed_reflection(journal, run_id):
    """An author and a critic."""
    graph = reflection.reflection(marked("write", reflection.write), marked("criticise", reflection.criticise))
    finish(graph, reflection.TOPIC, journal, run_id)


def killed_approval(journal, run_id):
    """A person answers at once, once asked; what is in doubt is done again only if nothing was sent."""
    graph = human_approval.human_approval(marked("write", human_approval.letter), marked("deliver", lambda text: None))
    given = human_approval.REQUEST if run_id is None else None
    done = graph.run_sync(given, run_id=run_id, journal=journal, on_doubt="skip")
    while done.status == "waiting":
        verdict = Command(resume={"action": "approve"})
        done = graph.run_sync(verdict, run_id=done.run_id, journal=journal, on_doubt="skip")
    print(done.state)


def finish(graph: Workflow, given, journal, run_id):
    """Run, or go on, to the end."""
    print(graph.run_sync(given if run_id is None else None, run_id=run_id, journal=journal).state)


SEQUENTIAL = [killed_plan, killed_supervisor, killed_reflection, killed_approval]
PARALLEL = [killed_react, killed_map]


@pytest.fixture(params=["sqlite", "postgres"])
def journal_url(request, tmp_path):
    """An empty journal that outlives its process."""
    return f"sqlite:///{tmp_path / 'v.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres").url()


def killed_and_alone(program, folder, url):
    """The program killed after its second node, and after the next one; and the same, left alone."""
    for name in ("alone", "killed"):
        (folder / name).mkdir()
    points = [KillPoint("after", "step.finished", nth=2), KillPoint("after", "step.finished", nth=1)]
    return (
        kill_and_resume(program, *points, folder=folder / "killed", journal_url=url),
        kill_and_resume(program, folder=folder / "alone"),
    )


@pytest.mark.parametrize("program", SEQUENTIAL, ids=lambda program: program.__name__)
def test_an_example_that_is_killed_twice_does_nothing_twice(program, tmp_path, journal_url):
    """The same output, and every call was made once."""
    killed, alone = killed_and_alone(program, tmp_path, journal_url)

    assert (killed.code, killed.output) == (0, alone.output)
    assert Counter(dict(killed.marks)) == Counter(dict(alone.marks))


@pytest.mark.parametrize("program", PARALLEL, ids=lambda program: program.__name__)
def test_of_nodes_side_by_side_those_whose_result_was_kept_are_not_done_again(program, tmp_path, journal_url):
    """The same output; a node that is pure and had not been recorded yet when the process died is done again."""
    killed, alone = killed_and_alone(program, tmp_path, journal_url)

    assert (killed.code, killed.output) == (0, alone.output)
    assert killed.marks.keys() == alone.marks.keys()
    with open_journal(killed.journal_url) as journal:
        steps = Counter(event.step_id for event in journal.events(killed.run_id, types=["step.finished"]))
    assert set(steps.values()) == {1}


def test_a_letter_that_may_have_been_sent_is_not_sent_again(tmp_path, journal_url):
    """Killed when the letter is out and the journal does not know: the run goes on as the policy says."""
    mark = "deliver ['Dear all, the meeting is at noon.']"
    back = kill_and_resume(killed_approval, KillPoint.at_mark(mark), folder=tmp_path, journal_url=journal_url)

    assert back.code == 0
    assert back.marks[mark] == 1
    with open_journal(back.journal_url) as journal:
        assert journal.find(back.run_id).status == "finished"
