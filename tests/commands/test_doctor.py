"""The doctor: it looks at everything, repairs nothing, and never falls over what it finds."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.commands.conftest import Call
from tests.support.require import library
from victor_nb.commands.doctor import kernel_note


def findings(call: Call) -> dict[str, dict[str, str]]:
    return {row["subject"]: row for row in call("doctor").to_json()}


def test_a_sound_installation_has_everything_listed(call: Call) -> None:
    """Versions, extras, keys, widgets, and the journal's health."""
    found = findings(call)

    assert {"victor-nb", "python", "sqlite", "ipykernel", "pydantic-ai-slim", "search core", "widgets"} <= found.keys()
    assert found["journal integrity"]["state"] == "ok"
    assert found["journal mode"]["detail"].startswith("wal")
    assert found["settings"]["state"] == "ok"


@pytest.mark.parametrize(
    ("version", "words"),
    [("6.31.0", "between cells"), ("7.3.0", ""), ("7.4.0", "awaited"), ("8.0.0", "awaited")],
)
def test_each_kernel_release_has_its_note(version: str, words: str) -> None:
    """Releases differ in when clicks reach Python; the doctor says what that means."""
    assert words in kernel_note(version)
    assert bool(words) == bool(kernel_note(version))


def test_keys_are_named_and_never_shown(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output can be pasted into a ticket."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-value")
    (tmp_path / "key").write_text("another-secret-value")
    (tmp_path / "key").chmod(0o644)
    (tmp_path / "victor.toml").write_text('[secrets]\nteam = { file = "key" }\ngone = { env = "NOT_SET_ANYWHERE" }\n')

    text = call("doctor").to_text(200)

    assert "OPENAI_API_KEY" in text
    assert "secret-value" not in text
    assert "others can read the file" in text
    assert "missing in environment variable NOT_SET_ANYWHERE" in text


def test_wrong_settings_are_a_finding(call: Call, tmp_path: Path) -> None:
    """The doctor is called when something is wrong; it must not fail for that."""
    (tmp_path / "victor.toml").write_text('modle = "x"')

    assert findings(call)["settings"]["state"] == "wrong"


def test_a_journal_that_is_none_is_a_finding(call: Call, tmp_path: Path) -> None:
    """So is a file that is something else."""
    (tmp_path / ".victor").mkdir()
    (tmp_path / ".victor" / "victor.db").write_text("this is no database, but long enough to look like one" * 40)

    assert findings(call)["journal"]["state"] == "wrong"


def test_a_journal_in_memory_is_noted(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works, and it is forgotten."""
    monkeypatch.setenv("VICTOR_JOURNAL", "memory:")

    assert "forgotten" in findings(call)["journal file"]["detail"]


def test_a_network_file_system_is_noted(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal works there without its write-ahead log, and says so."""
    monkeypatch.setenv("VICTOR_FILESYSTEM", "nfs4")

    with pytest.warns(RuntimeWarning, match="network file system"):
        found = findings(call)

    assert found["journal file system"]["state"] == "note"
    assert found["journal mode"]["detail"].startswith("delete")


def test_traces_are_off_unless_they_are_asked_for(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it says so."""
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)

    assert (findings(call)["traces"]["state"], findings(call)["traces"]["detail"]) == ("ok", "off")


def test_a_receiver_of_traces_that_is_down_is_a_finding(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called and nothing is sent; a password in its URL is not shown."""
    library("opentelemetry.exporter.otlp.proto.http", extra="otel")
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        monkeypatch.setenv("VICTOR_TRACES__ENDPOINT", f"http://me:hunter2@127.0.0.1:{port}")
        monkeypatch.setenv("VICTOR_TRACES__CONTENT", "true")
        up = findings(call)["traces"]
    down = findings(call)["traces"]

    assert up == {"subject": "traces", "state": "ok", "detail": up["detail"]}
    assert up["detail"] == f"sent to http://me:***@127.0.0.1:{port}, with prompts and answers"
    assert down["state"] == "wrong"
    assert "refused" in down["detail"]
    assert "hunter2" not in down["detail"]


def test_a_missing_extra_for_traces_is_a_finding(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that brings it."""
    monkeypatch.setenv("VICTOR_TRACES__EXPORT", "on")
    monkeypatch.setattr("victor_nb.commands.doctor._is_installed", lambda module: not module.startswith("opentele"))

    found = findings(call)["traces"]

    assert found["state"] == "wrong"
    assert 'pip install "victor-nb[otel]"' in found["detail"]
