"""Plain values to YAML text that our reader reads back as the same values."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from victor_nb.workflows.yaml_file.scalars import meaning

if TYPE_CHECKING:
    from yaml import SafeDumper, ScalarNode

_TEXT: Final = "tag:yaml.org,2002:str"
_BREAKS: Final = "\x85\u2028\u2029"
"""Line breaks of YAML 1.1 that are none in 1.2; escaped, they are read alike by all."""


def emitted(value: Any) -> str:
    """Return a value as YAML: keys in their order, long texts as blocks."""
    import yaml

    text: str = yaml.dump(
        value, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )
    return text


@cache
def _dumper() -> type[SafeDumper]:
    import yaml

    class Emitter(yaml.SafeDumper):
        """PyYAML's, with the words of YAML 1.2, and without anchors for values that happen to be one object."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

    Emitter.add_representer(str, _text)
    return Emitter


def _text(dumper: SafeDumper, text: str) -> ScalarNode:
    if _means_something_else(text):
        return dumper.represent_scalar(_TEXT, text, style="'")
    if any(sign in text for sign in _BREAKS):
        return dumper.represent_scalar(_TEXT, text, style='"')
    is_block = "\n" in text and not text.startswith((" ", "\n"))
    return dumper.represent_scalar(_TEXT, text, style="|" if is_block else None)


def _means_something_else(text: str) -> bool:
    """Return whether the text without quotes is no text in YAML 1.2, which PyYAML does not know."""
    try:
        return not isinstance(meaning(text), str)
    except ValueError:
        return True
