"""The text of a new `victor.toml`, written from the schema so that it cannot drift from it."""

from __future__ import annotations

from typing import TypeGuard

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from victor_nb.config.schema import Settings

_HEAD = """\
# Settings of this project for Victor NB. Every line is optional; what is commented out shows the default.
# Precedence, lowest first: defaults, your own file, this file, environment (VICTOR_…), arguments."""
# Where the root is, is what this file's own place says.
_NOT_WRITTEN = {"root"}
_EXAMPLES = {
    "recording": '"recordings/notebook.jsonl"',
    "secrets": 'openai = { env = "OPENAI_API_KEY" }',
    "steps": "50",
    "tokens": "100000",
    "cost_usd": "0.50",
    "seconds": "600",
    "ttl_s": "86400",
    "max_bytes": "2_000_000_000",
}


def project_template(model: str = "") -> str:
    """Return a commented `victor.toml`; with `model` that one setting is written out."""
    fields = {name: info for name, info in Settings.model_fields.items() if name not in _NOT_WRITTEN}
    plain = [
        _written(name, info, model) if name == "model" and model else _commented(name, info)
        for name, info in fields.items()
        if not _is_table(info)
    ]
    tables = [_table(name, info) for name, info in fields.items() if _is_table(info)]
    return "\n\n".join([_HEAD, *plain, *tables]) + "\n"


def _written(name: str, info: FieldInfo, value: str) -> str:
    return f"# {info.description}\n{_assignment(name, value)}"


def _commented(name: str, info: FieldInfo) -> str:
    shown = f"{name} = {_EXAMPLES[name]}" if name in _EXAMPLES else _assignment(name, info.default)
    return f"# {info.description}\n# {shown}"


def _table(name: str, info: FieldInfo) -> str:
    model = info.annotation
    if _is_model(model):
        lines = "\n".join(_commented(key, field) for key, field in model.model_fields.items())
    else:
        lines = f"# {_EXAMPLES[name]}"
    return f"# {info.description}\n[{name}]\n{lines}"


def _assignment(name: str, value: object) -> str:
    return tomli_w.dumps({name: list(value) if isinstance(value, tuple) else value}).strip()


def _is_table(info: FieldInfo) -> bool:
    return _is_model(info.annotation) or isinstance(info.default, dict)


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
