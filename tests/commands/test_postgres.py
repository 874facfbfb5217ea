"""The verbs on a journal in PostgreSQL: the same words, and the same answers."""

from __future__ import annotations

import pytest

from tests.commands.conftest import Call
from tests.support.postgres import Cluster


@pytest.fixture
def password(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings name a journal whose URL holds a password: this one."""
    url = postgres.url(host="127.0.0.1", user="locked", password="open sesame")
    postgres.sql(f"CREATE SCHEMA {url.rpartition('schema=')[2]} AUTHORIZATION locked")
    monkeypatch.setenv("VICTOR_JOURNAL", url)
    return "open sesame"


def test_an_agent_runs_is_listed_shown_and_replayed(call: Call, password: str) -> None:
    """Wherever the journal is, one line in the settings changes it."""
    first = call("ask", "How many rows are there?")
    [run] = call("runs").to_json()

    assert run["status"] == "finished"
    assert call("replay", "last").to_text(200)
    assert call("show", "last").to_text(200)
    assert first.to_text(200)


def test_the_doctor_looks_at_the_server(call: Call, password: str) -> None:
    """Its version, how far away it is, and whether the clocks agree; never the password."""
    view = call("doctor")
    found = {row["subject"]: row for row in view.to_json()}

    assert found["journal server"]["detail"].startswith("PostgreSQL ")
    assert "ms" in found["journal round trip"]["detail"]
    assert "from this machine's" in found["journal server clock"]["detail"]
    assert "extra postgres" in found
    assert "sesame" not in view.to_text(400)


def test_a_password_that_a_run_says_is_not_recorded(call: Call, password: str) -> None:
    """The journal keeps no secret, its own least of all."""
    call("ask", f"Is {password!r} a good password?")

    assert "sesame" not in call("show", "last").to_text(400)


def test_a_server_that_is_gone_is_a_finding(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor goes on with everything else."""
    monkeypatch.setenv("VICTOR_JOURNAL", "postgresql://me:hunter22@127.0.0.1:1/lab")
    found = {row["subject"]: row for row in call("doctor").to_json()}

    [problem] = [row for row in found.values() if "no PostgreSQL server answers" in row["detail"]]
    assert problem["state"] == "wrong"
    assert "hunter22" not in str(found)
