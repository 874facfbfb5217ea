"""Kills: the process dies at the very moment that was chosen, and what really happened is counted."""

from __future__ import annotations

import pytest

from victor_nb import Agent, tool
from victor_nb.journal import open_journal
from victor_nb.testing import KillPoint, ScriptedModel, Turn, assert_run, kill_and_resume, leave_mark, run_and_kill


def _square(number):
    leave_mark(f"squared {number}")
    return number**2


def three_squares(journal, run_id):
    """A program of three steps; each leaves a mark when it is really done."""
    with journal.resume(run_id) if run_id else journal.start("program", "squares") as run:
        print([run.step_sync("square", lambda n=n: _square(n), inputs=n) for n in range(3)])


@tool
def send(to: str) -> str:
    """Send a mail."""
    leave_mark(f"mail to {to}")
    return "sent"


async def two_mails(journal, run_id):
    """An agent that sends two mails, and does again what is in doubt."""
    model = ScriptedModel([Turn.calling("send", to="ann"), Turn.calling("send", to="bob"), "both sent"])
    agent = Agent(name="mailer", model=model, tools=[send], on_doubt="retry")
    print((await agent.run("mail them", journal=journal, run_id=run_id)).text)


async def two_mails_with_care(journal, run_id):
    """The same agent, with nobody to ask about what is in doubt."""
    model = ScriptedModel([Turn.calling("send", to="ann"), Turn.calling("send", to="bob"), "both sent"])
    await Agent(name="mailer", model=model, tools=[send]).run("mail them", journal=journal, run_id=run_id)


def test_a_program_that_nobody_kills_simply_runs(tmp_path):
    """Without kill points there is one execution."""
    back = kill_and_resume(three_squares, folder=tmp_path)

    assert (back.code, back.output.strip()) == (0, "[0, 1, 4]")
    assert back.marks.total() == 3


def test_finished_steps_are_not_done_again(tmp_path):
    """Killed after its second step and again before the end, the program does each step once."""
    points = KillPoint("after", "step.finished", "square", nth=2), KillPoint("before", "run.finished")

    back = kill_and_resume(three_squares, *points, folder=tmp_path)

    assert (back.code, back.output.strip()) == (0, "[0, 1, 4]")
    assert back.marks == {"squared 0": 1, "squared 1": 1, "squared 2": 1}
    with open_journal(back.journal_url) as journal:
        assert_run(journal, back.run_id).finished()


def test_a_step_that_was_not_committed_is_done_again(tmp_path):
    """Killed between the work and its commit, a pure step is the one that happens twice."""
    back = kill_and_resume(three_squares, KillPoint("before", "step.finished", nth=2), folder=tmp_path)

    assert back.marks == {"squared 0": 1, "squared 1": 2, "squared 2": 1}


def test_the_worst_moment_is_between_an_effect_and_its_record(tmp_path):
    """The first mail is out and the journal does not know: `on_doubt="retry"` sends it twice, and one sees it."""
    back = kill_and_resume(two_mails, KillPoint.at_mark("mail to ann"), folder=tmp_path)

    assert back.output.strip() == "both sent"
    assert back.marks == {"mail to ann": 2, "mail to bob": 1}


def test_what_is_in_doubt_is_not_done_again_behind_anybodys_back(tmp_path):
    """By default the run stops and says so; no mail is sent twice."""
    back = kill_and_resume(two_mails_with_care, KillPoint.at_mark("mail to bob"), folder=tmp_path)

    assert back.code != 0
    assert "StepInDoubt" in back.output
    assert back.marks == {"mail to ann": 1, "mail to bob": 1}


def test_a_program_in_a_file_is_found_by_its_main(tmp_path):
    """A program need not be importable."""
    program = tmp_path / "program.py"
    program.write_text("def main(journal, run_id):\n    with journal.start() as run:\n        print(run_id)\n")

    assert kill_and_resume(program, folder=tmp_path).output.strip() == "None"


def test_a_run_that_was_never_started_is_started_anew(tmp_path):
    """Killed before its first commit, the program is not told to resume anything."""
    back = kill_and_resume(three_squares, KillPoint("before", "run.started"), folder=tmp_path)

    assert (back.code, back.marks.total()) == (0, 3)


@pytest.mark.parametrize("what", ["step.finished", "never"])
def test_a_kill_point_that_never_comes_is_told_with_the_timeline(tmp_path, what):
    """A misspelt kill point must not pass for a program that survives everything."""
    with pytest.raises(AssertionError, match="never came to the kill point: after") as raised:
        kill_and_resume(three_squares, KillPoint("after", what, nth=99), folder=tmp_path)

    assert "run.finished" in str(raised.value)


def test_a_program_that_starts_no_run_is_told_as_well(tmp_path):
    """There is no timeline to show then."""
    program = tmp_path / "program.py"
    program.write_text("def main(journal, run_id):\n    raise SystemExit(7)\n")

    with pytest.raises(AssertionError, match=r"exit code 7.*\n.*no run"):
        kill_and_resume(program, KillPoint("after", "run.started"), folder=tmp_path)


def test_marks_are_for_programs_that_are_killed():
    """A tool that leaves marks in a plain test says so, instead of counting nothing."""
    with pytest.raises(RuntimeError, match="nowhere else"):
        leave_mark("mail")


def test_a_program_is_killed_when_its_marks_say_so(tmp_path):
    """Any script can be killed by what it writes, and one that ended by itself is told apart."""
    script, marks = tmp_path / "program.py", tmp_path / "marks"
    script.write_text(
        "import sys, time\nfor n in range(int(sys.argv[2])):\n"
        "    print(n, file=open(sys.argv[1], 'a'), flush=True)\ntime.sleep(float(sys.argv[3]))\n"
    )

    assert run_and_kill(script, [str(marks), "3", "60"], when=marks, has_lines=3).code == -9
    assert run_and_kill(script, [str(tmp_path / "other"), "1", "0"], when=tmp_path / "none").was_killed is False
