"""What an agent's run gives back, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from typing_extensions import TypeVar  # those of typing have no defaults before Python 3.13

from victor_nb.agents.budget import Usage

Output_co = TypeVar("Output_co", covariant=True, default=str)
"""The type of an agent's answer; an `Agent` that is not told one answers with text."""


@dataclass(frozen=True, slots=True)
class AgentResult(Generic[Output_co]):
    """The outcome of a finished run.

    Attributes:
        text: the answer as text; for a structured answer, its JSON.
        data: the answer in the type that was asked for; the text where that type is `str`.
        run_id: the record; `victor show RUN`, `Agent.run(run_id=…, replay="strict")`.
        artifacts: tables, arrays and pictures that tools made, by name, in the order of the calls.
        usage: of all calls that the answer rests on, also of those that a replay did not make again.
        cost_usd: of the same calls; None where the model's price is not known.
        replayed: True when every call was answered by the journal.
        model: the name of the model that answered.
        metadata: what the model says about its last answer; for the offline model, that it is no language model.
    """

    text: str
    data: Output_co
    run_id: str
    artifacts: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = None
    replayed: bool = False
    model: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def cost(self) -> float | None:
        """The same as `cost_usd`."""
        return self.cost_usd

    def __str__(self) -> str:
        return self.text
