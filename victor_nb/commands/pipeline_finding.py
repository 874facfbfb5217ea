"""Which pipeline, or which run of one, is meant by a word on the command line.

1. A variable of the kernel comes first: it is what the user sees.
2. To look at a run, neither its file nor its code is read: the journal has it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from victor_nb.commands.naming import is_yaml, module_of, path_of
from victor_nb.commands.session import Session
from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Journal, RunInfo
from victor_nb.journal.errors import RunNotFound

if TYPE_CHECKING:
    from victor_nb.pipelines import Pipeline

KIND: Final = "pipeline"
_PLAIN_NAME: Final = re.compile(r"^pipeline:[ \t]+([A-Za-z_][\w.-]*)[ \t]*(?:#.*)?$", re.MULTILINE)
_ANY_NAME: Final = re.compile(r"\bpipeline\b[\"']?\s*:")
_HINT: Final = "name a YAML file, module:name, file.py:name, or a variable that holds a Pipeline"


def found(session: Session, name: str) -> Pipeline:
    """Return the pipeline that a word means.

    Raises:
        UsageError: it means none.
        InvalidPipeline, FileUnreadable: the file that it names has mistakes.
    """
    from victor_nb.pipelines import Pipeline

    variables = session.namespace or {}
    if isinstance(own := variables.get(name), Pipeline):
        return own
    file, _, attribute = name.rpartition(":")
    if is_yaml(name):
        return _from_yaml(path_of(session, name, _HINT))
    if file:
        return _from_python(session, file, attribute)
    if own is not None:
        raise UsageError(f"{name!r} is a {type(own).__name__}, not a pipeline", hint=_HINT)
    known = [key for key, value in variables.items() if isinstance(value, Pipeline)]
    raise UsageError(f"there is no pipeline {name!r}.{nearest(name, known)}", hint=_HINT)


def of_run(session: Session, journal: Journal, info: RunInfo, named: str = "") -> Pipeline:
    """Return the pipeline of a run: the one that was named, a variable of its name, or from the file that it was of.

    Raises:
        UsageError: the run does not say where its pipeline is, and nobody named it.
    """
    from victor_nb.pipelines import Pipeline

    if named:
        return found(session, named)
    for value in (session.namespace or {}).values():
        if isinstance(value, Pipeline) and value.name == info.name:
            return value
    graphs = journal.history(info.run_id, types=("pipeline.graph",))
    file = journal.load(graphs[-1].data).get("file") if graphs else None
    if file:
        return _from_yaml(Path(file))
    raise UsageError(
        f"the pipeline {info.name!r} is not here",
        f"run {info.run_id}",
        f"name it: --workflow FILE or --workflow module:name, or run the cell that defines {info.name}",
    )


def run_of(session: Session, word: str) -> RunInfo:
    """Return the run that a word means: the newest of a pipeline (its file, name or variable), or the run of an id.

    Args:
        word: empty for the newest run of any pipeline.

    Raises:
        UsageError: there is no such file, or the run is no pipeline's.
        RunNotFound: there is no such run.
    """
    journal = session.journal_to_read()
    name = _name(session, word)
    newest = journal.runs(kind=KIND, name=name or None, limit=1)
    if newest:
        return newest[0]
    if not word or is_yaml(word):
        what = f"pipeline {name!r} never ran" if word else "no pipeline ran here yet"
        raise RunNotFound(what, journal.url, f"run it: victor pipeline run {word or 'FILE'}")
    try:
        info = journal.find(word)
    except RunNotFound as nothing:
        ran = {one.name for one in journal.runs(kind=KIND)}
        what = f"there is no pipeline and no run {word!r}.{nearest(word, ran)}"
        raise RunNotFound(what, nothing.where, "victor pipeline status lists the pipelines that ran") from None
    if info.kind != KIND:
        raise UsageError(
            f"run {info.run_id} is of {info.kind} {info.name!r}, not of a pipeline", hint="victor show RUN"
        )
    return info


def _name(session: Session, word: str) -> str:
    """Return a pipeline's name without checking its file: looking at runs has to be quick."""
    if is_yaml(word):
        path = path_of(session, word, _HINT)
        return _name_in(path) or path.stem
    own: Any = (session.namespace or {}).get(word)
    return str(own.name) if type(own).__name__ == "Pipeline" else word


def _name_in(path: Path) -> str:
    """Return the name that a file gives its pipeline; empty if it gives none.

    One line is looked for, which nearly every file has; only a file that writes it in another way is parsed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    if plain := _PLAIN_NAME.search(text):
        return plain[1]
    if not _ANY_NAME.search(text):
        return ""
    from victor_nb.workflows.yaml_file.reading import read

    document, _ = read(text, str(path), "pipeline")
    said = document.value.get("pipeline") if document and isinstance(document.value, dict) else None
    return said if isinstance(said, str) else ""


def _from_yaml(path: Path) -> Pipeline:
    from victor_nb.pipelines import load_pipeline

    return load_pipeline(path)


def _from_python(session: Session, file: str, attribute: str) -> Pipeline:
    from victor_nb.pipelines import Pipeline

    module = module_of(session, file, _HINT)
    value: object = module
    for part in attribute.split("."):
        value = getattr(value, part, None)
    if callable(value) and not isinstance(value, Pipeline):
        value = value()
    if isinstance(value, Pipeline):
        return value
    known = [key for key, one in vars(module).items() if isinstance(one, Pipeline)]
    what = f"{attribute!r} in {file} is no pipeline" if value is not None else f"{file} has no {attribute!r}"
    raise UsageError(f"{what}.{nearest(attribute, known)}", hint=f"its pipelines: {', '.join(known) or 'none'}")
