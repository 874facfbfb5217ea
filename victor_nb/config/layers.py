"""Layers: the places that values come from, each able to say where exactly.

1. A layer is a nested dict and a way to name the place of each value; it validates nothing.
2. Files are read here and nowhere else; a file that cannot be read or parsed is a `ConfigError`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from victor_nb.errors import VictorError

PROJECT_FILE = "victor.toml"
PREFIX = "VICTOR_"
SQLITE = "sqlite:///"
DEFAULT_JOURNAL = f"{SQLITE}.victor/victor.db"
Keys = tuple[str, ...]

_JOURNAL_VARIABLE = f"{PREFIX}JOURNAL"
_TABLE = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$")
_ASSIGNMENT = re.compile(r"""^\s*([A-Za-z0-9_\-."' ]+?)\s*=""")


class ConfigError(VictorError):
    """A setting, or the file that holds it, is wrong; `where` names the file and line, or the variable."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one setting's value came from: `source` is "default", "file:line", a variable or "argument"."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of values; `places` maps a path of keys to words for where it stands."""

    title: str
    values: Mapping[str, object]
    places: Mapping[Keys, str] = field(default_factory=dict)

    def holds(self, keys: Keys) -> bool:
        """Tell whether this layer gives a value for the path of keys; an empty table gives none."""
        return _at(self.values, keys) not in (None, {})

    def place_of(self, keys: Keys) -> str:
        """Name the place of the nearest enclosing key that has one, else the layer's title."""
        for length in range(len(keys), 0, -1):
            if keys[:length] in self.places:
                return self.places[keys[:length]]
        return self.title


def project_file_above(start: Path) -> Path | None:
    """Return the nearest `victor.toml` in `start` or a folder above it."""
    for folder in (start, *start.parents):
        candidate = folder / PROJECT_FILE
        if candidate.is_file():
            return candidate
    return None


def user_file() -> Path:
    """Return the path of the user's own settings file, whether or not it exists."""
    from platformdirs import user_config_path

    return user_config_path("victor-nb", appauthor=False) / PROJECT_FILE


def glimpse(*keys: str, start: Path | None = None) -> bool | None:
    """Return one switch as the environment or a file has it, or None where neither does; validates nothing.

    For the kernel extension, which must know two switches before it may import pydantic. What it cannot read
    counts as not set: the first verb reads everything and says what is wrong.
    """
    variable = os.environ.get(f"{PREFIX}{'__'.join(keys).upper()}")
    if variable:
        return variable.strip().lower() in ("1", "true", "yes", "on", "y", "t")
    for path in (project_file_above((start or Path.cwd()).absolute()), user_file()):
        try:
            value = _at(file_layer(path).values, keys) if path is not None and path.is_file() else None
        except ConfigError:
            continue
        if isinstance(value, bool):
            return value
    return None


def glimpse_journal(start: Path | None = None) -> str | None:
    """Return the journal's URL as `Settings.load().journal_url` has it, or None where that takes more than a glimpse.

    For verbs that only look, and have to answer before pydantic would be there. Nothing else is read or validated.
    """
    if any(name.upper().startswith(PREFIX) and name != _JOURNAL_VARIABLE for name in os.environ):
        return None
    start = (start or Path.cwd()).absolute()
    project = project_file_above(start)
    url: object = os.environ.get(_JOURNAL_VARIABLE)
    for path in (project, user_file()):
        try:
            url = url or (_at(file_layer(path).values, ("journal",)) if path is not None and path.is_file() else None)
        except ConfigError:
            return None
    url = url or DEFAULT_JOURNAL
    if not isinstance(url, str):
        return None
    if not url.startswith(SQLITE):
        return url
    return f"{SQLITE}{(project.parent if project else start) / Path(url.removeprefix(SQLITE)).expanduser()}"


def _at(values: Mapping[str, object], keys: Keys) -> object:
    node: object = values
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def file_layer(path: Path) -> Layer:
    """Read a TOML file into a layer whose places are `file:line`.

    Raises: ConfigError if the file cannot be read, is not UTF-8 or is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            f"cannot read the settings file: {error.strerror}", str(path), "make it readable, or move it away"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            "the settings file is not UTF-8 text", f"{path}, byte {error.start}", "save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"the settings file is not valid TOML: {error}", str(path), 'texts stand in quotes: model = "offline"'
        ) from error
    lines = {keys: f"{path}:{number}" for keys, number in key_lines(text)}
    return Layer(str(path), values, lines)


def key_lines(text: str) -> Iterator[tuple[Keys, int]]:
    """Yield each table and key of a TOML text with its line number, first line 1.

    tomllib gives no positions. This reads lines, not grammar: inside a multi-line string it may see a key
    that is none, which at worst adds a place that nothing asks for.
    """
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _split(header[1])
            yield table, number
        elif assignment := _ASSIGNMENT.match(line):
            yield table + _split(assignment[1]), number


def argument_layer(arguments: Mapping[str, object]) -> Layer:
    """Make the layer of the arguments: dotted names become nested, None means "not given"."""
    values: dict[str, object] = {}
    for name, value in arguments.items():
        if value is None:
            continue
        *outer, last = name.split(".")
        node = values
        for key in outer:
            node = node.setdefault(key, {})  # type: ignore[assignment]  # inner nodes are ours: all dicts
        node[last] = value
    return Layer("argument", values)


def merged(layers: list[Layer]) -> dict[str, object]:
    """Merge layers, lowest precedence first; tables merge key by key, everything else is replaced."""
    result: dict[str, object] = {}
    for layer in layers:
        _merge_into(result, layer.values)
    return result


def _merge_into(target: dict[str, object], values: Mapping[str, object]) -> None:
    for key, value in values.items():
        below = target.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict):
            _merge_into(below, value)
        elif isinstance(value, Mapping):
            fresh: dict[str, object] = {}
            _merge_into(fresh, value)
            target[key] = fresh
        else:
            target[key] = value


def _split(dotted: str) -> Keys:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
