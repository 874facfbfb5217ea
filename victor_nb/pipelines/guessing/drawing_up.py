"""The text of a drafted pipeline file, with a comment at everything that was guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from victor_nb.workflows.yaml_file.scalars import meaning

if TYPE_CHECKING:
    from victor_nb.pipelines.guessing.drafting import Draft, DraftedNode, DraftedParameter

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./ -]*")
_HEAD: Final = """\
# Guessed from the notebooks in this folder by reading them; nothing was run. Please look it through:
# what was guessed says so, and what could not be followed stands in comments."""


def drawn_up(draft: Draft) -> str:
    """Return the file."""
    lines = [_HEAD, f"pipeline: {draft.name}", ""]
    if draft.parameters:
        lines += ["parameters:", *(_parameter(one) for one in draft.parameters), ""]
    lines.append("notebooks:")
    for node in draft.nodes:
        lines += _node(node)
    lines += [f"  # {_one_line(path)} was left out: {why}" for path, why in draft.left_out.items()]
    return "\n".join(lines) + "\n"


def _parameter(one: DraftedParameter) -> str:
    said = [f"type: {one.type}"]
    if one.has_default:
        said.append(f"default: {_value(one.default)}")
    if one.choices:
        said.append(f"choices: {_value(one.choices)}")
    return f"  {one.name}: {{{', '.join(said)}}}  # of {', '.join(one.of)}"


def _node(node: DraftedNode) -> Iterator[str]:
    yield f"  - id: {node.id}"
    yield f"    notebook: {_value(node.path)}"
    if node.folder:
        yield f"    folder: {_value(node.folder)}"
    if node.after:
        yield f"    after: [{node.after}]  # guessed from the file names"
    if node.parameters:
        yield "    parameters:"
        for name, value in node.parameters.items():
            guess = "  # guessed: it is handed on under this name" if "." in value else ""
            yield f'      {name}: "{{{{ {value} }}}}"{guess}'
    yield from _paths("inputs", node.inputs)
    yield from _paths("outputs", node.outputs)
    if node.handed:
        yield f"    # hands on: {_one_line(', '.join(node.handed))}"
    for note in node.notes:
        yield f"    # {_one_line(note)}"


def _paths(key: str, paths: Mapping[str, str]) -> Iterator[str]:
    if paths:
        yield f"    {key}:"
    for path, where in paths.items():
        yield f"      - {_value(path)}  # guessed: {_one_line(where)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _value(value: object) -> str:
    """Write a value in one line: JSON is YAML, and words that mean themselves need no quotes."""
    if (
        isinstance(value, str)
        and _PLAIN.fullmatch(value)
        and isinstance(meaning(value), str)
        and value == value.strip()
    ):
        return value
    return json.dumps(value, ensure_ascii=False)
