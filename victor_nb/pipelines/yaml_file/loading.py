"""From a file to a pipeline: read, declared, looked at as a whole, and every mistake told at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from victor_nb.pipelines.errors import InvalidPipeline
from victor_nb.pipelines.inference import Keys, dependencies
from victor_nb.pipelines.spec import PipelineSpec
from victor_nb.pipelines.yaml_file.declaring import declared
from victor_nb.workflows.yaml_file.documents import Document
from victor_nb.workflows.yaml_file.mistakes import Mistake, in_order
from victor_nb.workflows.yaml_file.places import Place
from victor_nb.workflows.yaml_file.reading import read, read_file

if TYPE_CHECKING:
    from victor_nb.pipelines.pipeline import Pipeline

_TEXT: Final = "<text>"
_NAME: Final = "pipeline"


def load_pipeline(path: str | Path) -> Pipeline:
    """Return the pipeline that a YAML file describes.

    Raises:
        FileUnreadable: it cannot be opened.
        InvalidPipeline: it has mistakes; the error tells all of them, each with file, line and column.
    """
    from victor_nb.pipelines.pipeline import Pipeline

    return Pipeline.of(read_spec(path))


def pipeline_from_yaml(text: str, *, folder: str | Path = ".") -> Pipeline:
    """Return the pipeline that a YAML text describes; `folder` is what its paths are relative to.

    Raises:
        InvalidPipeline: it has mistakes; the error tells all of them, each with line and column.
    """
    from victor_nb.pipelines.pipeline import Pipeline

    return Pipeline.of(spec_from_yaml(text, folder=folder))


def read_spec(path: str | Path) -> PipelineSpec:
    """Return what a YAML file says, as plain data. Raises as `load_pipeline` does."""
    file = Path(path)
    document, mistakes = read_file(file, "pipeline")
    return _spec(document, mistakes, file.stem, file.absolute(), file.parent)


def spec_from_yaml(text: str, *, folder: str | Path = ".") -> PipelineSpec:
    """Return what a YAML text says, as plain data. Raises as `pipeline_from_yaml` does."""
    document, mistakes = read(text, _TEXT, "pipeline")
    return _spec(document, mistakes, _NAME, None, Path(folder))


def _spec(
    document: Document | None, mistakes: list[Mistake], name: str, file: Path | None, folder: Path
) -> PipelineSpec:
    if document is None:
        raise InvalidPipeline.of(name, in_order(mistakes))
    spec = declared(document, name, file, folder, mistakes)
    if isinstance(document.value, dict) and isinstance(document.value.get("notebooks"), list):
        mistakes += _as_a_whole(spec, document)
    if mistakes:
        raise InvalidPipeline.of(spec.name, in_order(mistakes))
    return spec


def _as_a_whole(spec: PipelineSpec, document: Document) -> list[Mistake]:
    """Return what is wrong with a spec beyond its single fields."""
    places: dict[str, Place] = {}

    def locate(node: int | None, keys: Keys, line: int) -> str:
        place = _place(document, node, keys, line)
        places[str(place)] = place
        return str(place)

    problems = dependencies(spec, locate=locate).problems
    return [Mistake(one.what, places[one.where], one.hint) for one in problems]


def _place(document: Document, node: int | None, keys: Keys, line: int) -> Place:
    path = keys if node is None else ("notebooks", node, *keys)
    if len(keys) == 2 and keys[0] in ("parameters", "matrix") and (node is None or keys[0] == "matrix"):
        return document.place_of_key(*path)
    return document.place_of_line(line, *path) if line > 1 else document.place(*path)
