"""`type: human`: a question to a person. The run waits, in no process at all, until it is resumed with an answer.

An answer that does not fit its type or choices is asked for again, with what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import Field

from victor_nb.workflows.runtime import interrupt
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.expressions import Prepared
from victor_nb.workflows.yaml_file.fields import NodeFields
from victor_nb.workflows.yaml_file.node_types.registry import NodeType
from victor_nb.workflows.yaml_file.templated import INDEX, Given, Work, first_line


class HumanFields(NodeFields):
    """A question to a person: the run waits for the answer."""

    type: Literal["human"] = Field("human", description="A question to a person: the run waits for the answer.")
    prompt: str = Field(
        description="The question; may hold {{ expressions }}. `inputs` are shown with it.", min_length=1
    )
    choices: list[str | int | float | bool] = Field(default_factory=list, description="The only answers there are.")
    answer: str = Field("any", description="The type of the answer: bool, int, str, list[str], …")


@dataclass(frozen=True)
class _Question:
    """Asks; the answer is the node's value."""

    id: str
    prompt: Prepared
    choices: tuple[Any, ...]
    schema: Any

    def __call__(self, given: Given) -> Any:
        question: dict[str, Any] = {"prompt": given.fill(self.prompt)}
        if self.choices:
            question["choices"] = list(self.choices)
        if given.inputs is not None:
            question["inputs"] = dict(given.inputs)
        return interrupt(question, key=f"{self.id}[{given.values.get(INDEX, '')}]", schema=self.schema)


def _make(fields: HumanFields, building: Building) -> Work | None:
    prompt = building.prepared("prompt", fields.prompt)
    kind = building.type("answer", fields.answer)
    if fields.choices and fields.answer != "any":
        building.note("answer", "choices are the only answers there are; a type beside them says nothing", "remove one")
    schema = Literal[tuple(fields.choices)] if fields.choices else None if kind is Any else kind
    question = _Question(fields.id, prompt, tuple(fields.choices), schema)
    return Work(
        question, "human", wants_runtime=True, reads=prompt, may_see=frozenset(), about=first_line(fields.prompt)
    )


TYPE: Final = NodeType("human", HumanFields, _make)
