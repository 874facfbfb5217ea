"""tools, models, kernel, lab, version; and the small parts that verbs are made of."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.commands.conftest import Call
from victor_nb.commands.data_files import loaded, named_files
from victor_nb.commands.interpolation import interpolated
from victor_nb.commands.showing import age
from victor_nb.errors import MissingExtra, UsageError
from victor_nb.tools import UnknownTool
from victor_nb.version import __version__


def test_tools_are_listed_searched_and_described(call: Call) -> None:
    """The registry in three views."""
    names = [row["tool"] for row in call("tools").to_json()]

    assert names == sorted(names)
    assert call("tools", "--search", "mean by group").to_json()[0]["tool"] == "group_by"
    assert {"query_sql"} & {row["tool"] for row in call("tools", "--search", "sql query").to_json()}
    assert {row["tool"] for row in call("tools", "project_files").to_json()} >= {"read_file", "write_file"}
    assert {row["toolset"] for row in call("tools", "project_files").to_json()} == {"project_files"}
    assert "parameters" in call("tools", "group_by").to_json()
    with pytest.raises(UnknownTool, match="group_by"):
        call("tools", "grup_by")


def test_models_say_what_they_need(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The offline model is always ready; a key from the settings counts."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    ready = {row["model"] for row in call("models", "--available").to_json()}
    monkeypatch.setenv("TEAM_KEY", "correct-horse")
    Path("victor.toml").write_text('[secrets]\nanthropic = { env = "TEAM_KEY" }')

    now_ready = {row["model"] for row in call("models", "--available").to_json()}

    assert "offline" in ready
    assert all(name.startswith("anthropic:") for name in now_ready - ready)
    assert all("claude" in row["model"] for row in call("models", "--search", "CLAUDE").to_json())


def test_the_version_is_the_package_s(call: Call) -> None:
    """One place says it."""
    assert call("version").to_text() == __version__


def test_the_kernel_is_installed_and_removed(call: Call, tmp_path: Path) -> None:
    """The kernelspec starts this interpreter with the extension loaded."""
    call("kernel", "install", "--prefix", str(tmp_path / "env"))
    folder = tmp_path / "env" / "share" / "jupyter" / "kernels" / "victor"
    spec = json.loads((folder / "kernel.json").read_text())

    assert spec["argv"][0] == sys.executable
    assert spec["display_name"] == "Python (Victor)"

    call("kernel", "remove", "--prefix", str(tmp_path / "env"))
    assert not folder.exists()
    with pytest.raises(UsageError, match="no kernel"):
        call("kernel", "remove", "--prefix", str(tmp_path / "env"))


def test_a_kernel_that_is_not_installed_cannot_be_removed(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint is the way to have one."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_JUPYTER_PATH", [])
    monkeypatch.setattr("jupyter_core.paths.ENV_JUPYTER_PATH", [])

    with pytest.raises(UsageError, match="not installed"):
        call("kernel", "remove")


def test_lab_copies_what_is_missing_and_nothing_else(call: Call, tmp_path: Path) -> None:
    """Work in the copy survives the next `victor lab`."""
    call("lab", "--copy-only", "study")
    mine = tmp_path / "study" / "00_introduction.ipynb"
    mine.write_text("mine")
    (tmp_path / "study" / "01_first_agent.ipynb").unlink()

    said = call("lab", "--copy-only", "study").to_text()

    assert "1 notebooks copied" in said
    assert mine.read_text() == "mine"
    assert (tmp_path / "study" / "01_first_agent.ipynb").is_file()


def test_lab_without_jupyterlab_names_the_extra(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is copied for a lab that cannot open."""
    monkeypatch.setattr("victor_nb.commands.lab.find_spec", lambda name: None)

    with pytest.raises(MissingExtra, match="lab"):
        call("lab")


def test_lab_starts_jupyterlab_on_the_copy(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words after `--` go to JupyterLab; its failure is ours."""
    started: list[list[str]] = []

    def run(words: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        started.append(words)
        return subprocess.CompletedProcess(words, 1 if "--fail" in words else 0)

    monkeypatch.setattr("victor_nb.commands.lab.subprocess.run", run)

    call("lab", "--no-browser", "study", "--", "--port=1")
    with pytest.raises(Exception, match="exit code 1"):
        call("lab", "study", "--", "--fail")
    call("lab", "--", "--port=2")

    assert started[0][3:] == [str(tmp_path / "study"), "--no-browser", "--port=1"]
    assert started[2][3:] == [str(tmp_path / "victor-tutorial"), "--port=2"]  # no folder is named


# --- files as variables ------------------------------------------------------------------------------------------


def test_files_are_read_by_their_ending(tmp_path: Path) -> None:
    """Every kind that we name, round trip."""
    frame = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.json")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)

    for ending in ("csv", "tsv", "parquet", "json", "jsonl"):
        assert loaded(named_files([f"df={tmp_path}/a.{ending}"]))["df"].shape == (2, 2), ending


def test_a_path_alone_is_named_after_the_file() -> None:
    """`--data wine-2024.csv` is the variable wine_2024."""
    assert named_files(["data/wine-2024.csv"]) == {"wine_2024": Path("data/wine-2024.csv")}


def test_two_files_of_one_name_are_a_mistake() -> None:
    """The second would silently win."""
    with pytest.raises(UsageError, match="two files"):
        named_files(["a=1.csv", "a=2.csv"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("a.csv", b"", "cannot be read"), ("a.csv", b"caf\xe9\n1", "not UTF-8"), ("a.json", b"{", "cannot be read")],
)
def test_a_file_that_is_not_what_its_ending_says(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """pandas' own words, with the file."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(UsageError, match=words) as caught:
        loaded({"x": tmp_path / name})

    assert name in caught.value.where


# --- interpolation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("no marker {x} {} }}{{", "no marker {x} {} }}{{"),
        ("{{n}} and {{ n }}", "3 and 3"),
        (r"\{{n}}", "{{n}}"),
        ("{{n.real}} {{n[0]}} {{1}}", "{{n.real}} {{n[0]}} {{1}}"),
        ("{{flag}} {{nothing}}", "True None"),
        ("{{text}}", "{{n}}"),
    ],
)
def test_only_names_between_two_braces_are_replaced(prompt: str, text: str) -> None:
    """Nothing is evaluated, and what was put in is not looked at again."""
    assert interpolated(prompt, {"n": 3, "flag": True, "nothing": None, "text": "{{n}}"}) == text


@pytest.mark.parametrize(("prompt", "words"), [("{{m}}", "no variable 'm'"), ("{{df}}", "--with df")])
def test_what_cannot_be_put_in_is_an_error(prompt: str, words: str) -> None:
    """A table in a prompt is what `--with` is for."""
    with pytest.raises(UsageError) as caught:
        interpolated(prompt, {"df": pd.DataFrame()})

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "now"), (5, "5 s ago"), (130, "2 min ago"), (8000, "2 h ago"), (2e5, "2 d ago")]
)
def test_ages_have_one_unit(seconds: float, words: str) -> None:
    """The largest that fits."""
    assert age(1000.0, now=1000.0 + seconds) == words


def test_a_file_that_is_not_there_is_answered_with_those_that_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt name is matched; in an empty folder the folder is told."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="working folder is"):
        loaded({"wine": Path("wine.csv")})
    (tmp_path / "wines.csv").write_text("a\n1\n")

    with pytest.raises(UsageError, match=r"(?s)Did you mean 'wines.csv'.*beside it: wines.csv"):
        loaded({"wine": Path("wine.csv")})
