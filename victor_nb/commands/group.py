"""The parser: a click group that imports a verb when it is used, and speaks our errors.

1. Help is a view like any other result, so that a cell and a terminal show it their way.
2. `--json` is an option of every verb, added here; a verb never sees it.
3. click's errors end here: what leaves is a `UsageError` with the nearest name that exists.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

import click

from victor_nb.commands.session import Session
from victor_nb.commands.verbs import VERBS
from victor_nb.errors import UsageError, nearest

_JSON = "victor_nb.json"
_BODY = "victor_nb.body"
_WORDS = "victor_nb.words"
_WIDTH = 100
T = TypeVar("T")


class HelpShown(click.exceptions.Exit):
    """Ends parsing with a help text as the result."""

    def __init__(self, text: str) -> None:
        super().__init__(0)
        self.text = text


class _Ours:
    """What our commands and groups share; a mixin over click's classes."""

    def get_help_option(self, ctx: click.Context) -> click.Option:
        """Return `--help`, which hands the text on instead of printing it."""

        def show(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
            if wanted and not ctx.resilient_parsing:
                raise HelpShown(ctx.get_help())

        return click.Option(
            ["--help", "-h"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            help="Show this text.",
            callback=show,
        )


class VerbCommand(_Ours, click.Command):
    """One verb, with `--json`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_json_option())


class VerbGroup(_Ours, click.Group):
    """A verb with verbs of its own, such as `config show`."""

    command_class = VerbCommand

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the group's own flags and leave the rest in `ctx.args`, where `_contexts` goes on."""
        return click.Command.parse_args(self, ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a verb, or say which one comes nearest."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            raise UsageError(
                f"unknown verb {name!r}.{nearest(name, known)}", hint=f"{_path(ctx)} --help lists the verbs"
            )
        return super().resolve_command(ctx, args)


class LazyGroup(VerbGroup):
    """The root: its verbs come from the table, its help from the table's texts."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the table's order."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one verb."""
        if cmd_name not in VERBS:
            return None
        commands = import_module(f"victor_nb.commands.{VERBS[cmd_name].module}")
        command: click.Command = getattr(commands, "commands", {}).get(cmd_name) or commands.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])


root = LazyGroup(
    name="victor",
    help=(
        "Durable, reproducible AI agents in Jupyter and in the terminal.\n\n"
        'Example: victor ask "Which columns have missing values?" --data df=measurements.csv'
    ),
    epilog="victor VERB --help explains a verb. In a notebook: %load_ext victor_nb, then %victor VERB.",
    context_settings={"max_content_width": _WIDTH},
)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A parsed verb, ready to run once.

    Attributes:
        verb: the verb's name; for help, the empty string.
        flags: the values of its parameters.
    """

    verb: str
    flags: dict[str, Any]
    _chain: tuple[click.Context, ...] = ()
    _help: str = ""

    def run(self) -> object:
        """Run the verb; see `commands.invoke`."""
        if not self._chain:
            return _text(self._help)
        context = self._chain[-1]
        with _translated(), context:
            result = context.command.invoke(context)
        if not context.meta.get(_JSON):
            return result
        return _awaited_as_json(result) if inspect.isawaitable(result) else _as_json(result)

    @property
    def wants_json(self) -> bool:
        """Whether `--json` was given."""
        return bool(self._chain and self._chain[-1].meta.get(_JSON))


def parsed(argv: Sequence[str], session: Session, body: str | None) -> Invocation:
    """Parse `argv` down to the innermost verb."""
    try:
        with _translated():
            chain = _contexts(list(argv), session, body)
    except HelpShown as shown:
        return Invocation("", {}, (), shown.text)
    except click.exceptions.NoArgsIsHelpError as alone:
        return Invocation("", {}, (), alone.ctx.get_help() if alone.ctx else "")
    return Invocation(chain[1].info_name or "", dict(chain[-1].params), tuple(chain))


def body_of(context: click.Context) -> str | None:
    """Return the text of the cell that the verb was called on, if there is one."""
    body: str | None = context.meta.get(_BODY)
    return body


def words_of(context: click.Context) -> list[str]:
    """Return the words that were parsed, the verb first."""
    return list(context.meta[_WORDS])


def _contexts(argv: list[str], session: Session, body: str | None) -> list[click.Context]:
    """Make the chain of contexts: click itself makes the inner ones only while it runs the outer."""
    context = root.make_context("victor", list(argv), obj=session)
    chain = [context]
    while isinstance(context.command, click.Group):
        name, command, rest = context.command.resolve_command(context, context.args)
        assert command is not None
        context = command.make_context(name, rest, parent=context)
        context.meta[_BODY], context.meta[_WORDS] = body, argv
        chain.append(context)
    return chain


class _translated:
    """Context manager: click's errors become ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            return
        if isinstance(error, click.UsageError):
            raise _usage_error(error) from error
        if isinstance(error, click.ClickException):
            raise UsageError(error.format_message()) from error


def _usage_error(error: click.UsageError) -> UsageError:
    context = error.ctx
    where = _path(context) if context else ""
    hint = f"{where} --help" if where else ""
    if isinstance(error, click.NoSuchOption) and context:
        flags = [name for param in context.command.get_params(context) for name in param.opts]
        return UsageError(f"unknown flag {error.option_name!r}.{_nearest_flag(error.option_name, flags)}", where, hint)
    return UsageError(error.format_message(), where, hint)


def _nearest_flag(flag: str, known: list[str]) -> str:
    """`nearest` without the dashes, which make all flags look alike."""
    bare = {one.lstrip("-"): one for one in known}
    close = difflib.get_close_matches(flag.lstrip("-"), bare, n=1)
    return f" Did you mean {bare[close[0]]!r}?" if close else ""


def _path(context: click.Context) -> str:
    return context.command_path


def _json_option() -> click.Option:
    def remember(ctx: click.Context, option: click.Parameter, value: bool) -> None:
        ctx.meta[_JSON] = value

    return click.Option(
        ["--json"], is_flag=True, expose_value=False, help="Give the result as JSON.", callback=remember
    )


async def _awaited_as_json(result: Awaitable[object]) -> object:
    return _as_json(await result)


def _as_json(view: object) -> object:
    from victor_nb.commands.json_view import JsonView

    return JsonView(view)


def _text(text: str) -> object:
    from victor_nb.views import TextView

    return TextView(text)
