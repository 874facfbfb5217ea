"""`victor tools`: what agents can be given, and what runs taught about it."""

from __future__ import annotations

import click

from victor_nb.commands import learner
from victor_nb.commands.group import VerbCommand, VerbGroup
from victor_nb.commands.showing import record, table
from victor_nb.views import RecordView, TableView

_SUMMARY_LENGTH = 70


class ToolsOrVerb(VerbGroup):
    """A group whose words may be those of `list`: `victor tools --search X` is `victor tools list --search X`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave all words to the verb, the flags among them."""
        ctx.args = list(args) if args and args[0] in self.commands else ["list", *args]
        return []


@click.group("tools", cls=ToolsOrVerb)
def command() -> None:
    """List the tools that agents can be given.

    Example: victor tools --search "correlation of two columns"
    """


@command.command("list", cls=VerbCommand)
@click.argument("name", default="", metavar="[TOOL OR TOOLSET]")
@click.option("--search", default="", metavar="WORDS", help="Only tools that fit these words, best first.")
@click.option("--category", metavar="CATEGORY", help="Only tools of this category.")
def listed(name: str, search: str, category: str | None) -> TableView | RecordView:
    """List the tools that agents can be given, or those of one toolset; or describe one tool.

    A toolset's name stands for all its tools: victor ask … --tools sql,project_files. What earlier runs taught
    about tools: victor tools learner

    Example: victor tools --search "correlation of two columns"
    """
    from victor_nb.tools import registry

    is_toolset = name in {toolset.name for toolset in registry.toolsets()}
    if name and not is_toolset:
        return _described(name)
    found = registry.search(search, limit=20) if search else registry.list()
    rows = [
        {
            "tool": tool.name,
            "toolset": registry.toolset_of(tool.name),
            "effect": str(tool.effect),
            "approval": "yes" if tool.approval else "",
            "does": _first_sentence(tool.description),
        }
        for tool in found
        if category in (None, tool.category) and (not is_toolset or registry.toolset_of(tool.name) == name)
    ]
    columns = ("tool", "toolset", "effect", "approval", "does")
    return table("Tools", rows, columns, note="victor tools TOOL tells more", empty="no tool fits")


command.add_command(learner.command)


def _described(name: str) -> RecordView:
    from victor_nb.tools import registry

    tool = registry.get(name)
    fields: dict[str, object] = {
        "description": tool.description,
        "toolset": registry.toolset_of(name),
        "category": tool.category,
        "cost": tool.cost,
        "effect": str(tool.effect),
        "needs approval": "yes" if tool.approval else "no",
        "keywords": ", ".join(tool.keywords),
        "parameters": tool.parameters.get("properties", {}),
        "declared in": tool.place,
    }
    return record(name, {key: value for key, value in fields.items() if value not in ("", {})})


def _first_sentence(text: str) -> str:
    line = " ".join(text.split()).partition(". ")[0].rstrip(".")
    return line if len(line) <= _SUMMARY_LENGTH else f"{line[: _SUMMARY_LENGTH - 1]}…"
