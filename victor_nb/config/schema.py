"""The schema: every setting with its type, its default and its meaning.

1. A setting exists if and only if it is a field here; docs/guides/configuration.md names each (tested).
2. Precedence, lowest first: default, user's file, project's `victor.toml`, environment, argument.
3. `Settings(...)` alone reads nothing from outside; `Settings.load()` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from victor_nb.config import environment, layers
from victor_nb.config.layers import Layer, Origin
from victor_nb.config.problems import explained
from victor_nb.config.secrets import Secret, values_to_hide

ApprovePolicy = Literal["ask", "never", "allowlist"]
OnDoubt = Literal["ask", "retry", "skip"]
ReplayMode = Literal["record", "strict", "auto"]
Learner = Literal["tools"]
CachedTools = Literal["off", "declared", "pure", "read"]
TraceExport = Literal["auto", "on", "off"]

LOOP_GUARD = 200
"""Steps of a run that nobody has limited: a runaway loop must end. `agents.DEFAULT_STEPS` is the same, by test."""

OTLP_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Where OpenTelemetry's own variables say that traces go, the more special one first."""

_SQLITE = "sqlite:///"


def _split_commas(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
Learners = Annotated[tuple[Learner, ...], NoDecode, BeforeValidator(_split_commas)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BudgetSettings(_Table):
    """The most that one run may take; None means no limit."""

    steps: Annotated[int | None, Field(gt=0, description="model requests and tool calls")] = LOOP_GUARD
    tokens: Annotated[int | None, Field(gt=0, description="input and output tokens together")] = None
    cost_usd: Annotated[float | None, Field(gt=0, description="US dollars")] = None
    seconds: Annotated[float | None, Field(gt=0, description="seconds of wall time")] = None


class NotebookSettings(_Table):
    """How the kernel extension behaves."""

    auto_fix: Annotated[bool, Field(description="explain every exception of a cell, unasked")] = False
    warm: Annotated[bool, Field(description="import the agent library in a thread after %load_ext")] = True


class DocsSettings(_Table):
    """The documentation assistant."""

    shared: Annotated[bool, Field(description="keep what is read of packages for all projects of this machine")] = True
    packages: Annotated[
        Names, Field(description="packages that questions are about besides imported ones; the usual ones if empty")
    ] = ()


class CacheSettings(_Table):
    """Results of tools that are kept."""

    tools: Annotated[
        CachedTools, Field(description="of which tools: declared (that say cache=), pure, read (pure too), or off")
    ] = "declared"
    ttl_s: Annotated[float | None, Field(gt=0, description="seconds for which a result is good; no end by default")] = (
        None
    )
    budget_bytes: Annotated[int, Field(gt=0, description="bytes that all kept results may take")] = 256_000_000
    watch: Annotated[bool, Field(description="forget a result as soon as a file changes that it was made from")] = True


class TracesSettings(_Table):
    """Spans for OpenTelemetry."""

    export: Annotated[
        TraceExport, Field(description="send traces: on, off, or auto (where OTEL_EXPORTER_OTLP_ENDPOINT is set)")
    ] = "auto"
    endpoint: Annotated[
        str, Field(pattern="^(https?://.+)?$", description="URL that traces are posted to; OpenTelemetry's if empty")
    ] = ""
    content: Annotated[bool, Field(description="send prompts, answers, arguments and results of tools, too")] = False

    @property
    def is_wanted(self) -> bool:
        """Whether spans are to be sent: said here, or meant by OpenTelemetry's own variables."""
        if self.export != "auto":
            return self.export == "on"
        if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
            return False
        if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip() not in ("", "otlp"):
            return False
        return bool(self.endpoint or any(os.environ.get(name) for name in OTLP_VARIABLES))


class RetentionSettings(_Table):
    """What may leave the journal."""

    older_than: Annotated[
        str, Field(pattern=r"^\s*\d+(\.\d+)?\s*(s|min|h|d|w)\s*$", description="age of runs that gc lets go: 90d")
    ] = "90d"
    keep: Annotated[int, Field(ge=0, description="newest runs of each kind and name that gc keeps, however old")] = 0
    max_bytes: Annotated[
        int | None, Field(gt=0, description="bytes that the journal may take; no limit by default")
    ] = None


class Settings(BaseSettings):
    """Everything that can be set, validated; frozen."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=layers.PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    root: Annotated[Path, Field(description="project root; paths in the settings count from here")] = Path()
    journal: Annotated[str, Field(description="URL of the journal: sqlite:///PATH, postgresql://… or memory:")] = (
        "sqlite:///.victor/victor.db"
    )
    model: Annotated[str, Field(description="model that answers, by name")] = "offline"
    fallback_models: Annotated[Names, Field(description="models tried in order when the first fails")] = ()
    approve: Annotated[ApprovePolicy, Field(description="tool calls that need approval: ask, never or allowlist")] = (
        "ask"
    )
    allowlist: Annotated[Names, Field(description="tools that pass when approve is allowlist")] = ()
    on_doubt: Annotated[OnDoubt, Field(description="a step in doubt at resume: ask, retry or skip")] = "ask"
    replay: Annotated[ReplayMode, Field(description="answers from the journal: record, strict or auto")] = "record"
    recording: Annotated[Path | None, Field(description="recording file that replays read")] = None
    tool_timeout_s: Annotated[float, Field(gt=0, description="seconds that one tool call may take")] = 120.0
    select_tools: Annotated[
        int, Field(ge=0, description="of many tools, how many a model is shown that fit the request; 0 shows all")
    ] = 0
    active_learners: Annotated[Learners, Field(description="what may learn from earlier runs: tools, or nothing")] = ()
    budget: Annotated[BudgetSettings, Field(description="limits of one run")] = BudgetSettings()
    secrets: Annotated[dict[str, Secret], Field(description="where keys are read from, by provider")] = {}
    cache: Annotated[CacheSettings, Field(description="results of tools that are kept")] = CacheSettings()
    notebook: Annotated[NotebookSettings, Field(description="the kernel extension")] = NotebookSettings()
    docs: Annotated[DocsSettings, Field(description="the documentation assistant")] = DocsSettings()
    retention: Annotated[RetentionSettings, Field(description="what may leave the journal")] = RetentionSettings()
    traces: Annotated[TracesSettings, Field(description="spans for OpenTelemetry")] = TracesSettings()

    _layers: list[Layer] = PrivateAttr(default_factory=list)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: object, **__: object
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the constructor read its arguments only: `load` brings the other sources, with their places."""
        return (init_settings,)

    @classmethod
    def load(
        cls,
        start: Path | None = None,
        arguments: Mapping[str, object] | None = None,
        user_file: Path | None = None,
    ) -> Settings:
        """Read all layers and return the validated settings.

        Args:
            start: where the search for `victor.toml` begins, upward; default the working directory.
            arguments: dotted names to values, highest precedence; None values mean "not given".
            user_file: replaces the user's own file (tests do that).
        Raises: ConfigError naming the file and line, the variable or the argument that is wrong.
        """
        given = layers.argument_layer(arguments or {})
        from_env = environment.layer(cls)
        start = _first_path(given, from_env) or (start or Path.cwd()).absolute()
        own, project = user_file or layers.user_file(), layers.project_file_above(start)
        stack = [layers.file_layer(path) for path in (own, project) if path is not None and path.is_file()]
        stack += [from_env, given]
        values = layers.merged(stack)
        named = "root" in given.values or "root" in from_env.values
        values["root"] = start if named or project is None else project.parent
        try:
            settings = cls(**values)  # type: ignore[arg-type]  # validated by this very call
        except ValidationError as error:
            raise explained(error, cls, stack) from error
        settings._layers = stack
        return settings

    @property
    def journal_url(self) -> str:
        """The journal's URL with a relative SQLite path made absolute from the project root."""
        if not self.journal.startswith(_SQLITE):
            return self.journal
        return f"{_SQLITE}{self.root / Path(self.journal.removeprefix(_SQLITE)).expanduser()}"

    @property
    def recording_path(self) -> Path | None:
        """The recording file's absolute path, if one is set."""
        return None if self.recording is None else self.root / self.recording.expanduser()

    @property
    def home(self) -> Path:
        """The folder that everything we write goes to: `.victor` in the project root."""
        return self.root / ".victor"

    def key_for(self, provider: str) -> str | None:
        """Return the key configured for a provider in `[secrets]`, or None when there is none to be read."""
        secret = self.secrets.get(provider)
        return None if secret is None else secret.read(self.root)

    def values_to_hide(self) -> dict[str, str]:
        """Return every secret value that must not be written down, by a name that may stand in its place."""
        of_journal = {f"journal password {n}": value for n, value in enumerate(environment.passwords_in(self.journal))}
        return values_to_hide(self.secrets, self.root, os.environ, of_journal)

    def explain(self) -> list[Origin]:
        """Tell for each setting its value and where it came from, in the schema's order."""
        return [Origin(".".join(keys), _shown(value), self._source_of(keys)) for keys, value in _leaves(self)]

    def _source_of(self, keys: tuple[str, ...]) -> str:
        for layer in reversed(self._layers):
            if layer.holds(keys):
                return layer.place_of(keys)
        return "default"


def setting_names() -> list[str]:
    """Return the dotted name of every setting, in the schema's order; `secrets` counts as one."""
    return [".".join(keys) for keys, _ in _leaves(Settings())]


def _leaves(settings: Settings) -> Iterator[tuple[tuple[str, ...], object]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, _Table):
            yield from (((name, inner), getattr(value, inner)) for inner in type(value).model_fields)
        else:
            yield (name,), value


def _first_path(*candidates: Layer) -> Path | None:
    for layer in candidates:
        if "root" in layer.values:
            return Path(str(layer.values["root"])).expanduser().absolute()
    return None


def _shown(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(map(str, value)) or "none"
        case dict():
            return ", ".join(f"{name}: {secret.place()}" for name, secret in value.items()) or "none"
        case _:
            return environment.without_password(str(value))
