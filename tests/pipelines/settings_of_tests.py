"""Classes of a project, as notebooks are given instances of them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

import pydantic


class Colour(enum.Enum):
    RED = "red"


@dataclass(frozen=True)
class Split:
    share: float
    seed: int = 0


class Point(NamedTuple):
    x: int
    y: int


class Model(pydantic.BaseModel):
    name: str
    splits: list[Split]
