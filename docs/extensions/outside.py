"""Pages that come from outside of `docs/`: notebooks as they lie in the repository, reference pages as the code has it.

1. They are written into folders that git ignores, before Sphinx looks for sources: nothing is kept twice.
2. A file is written only when its text changed, so that a second build reads only what is new.
3. Rooms and verbs are found, not listed: a new one gets its page without anybody thinking of it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

DOCS = Path(__file__).parents[1]
NOTEBOOKS = {"tutorials": DOCS.parent / "notebooks", "cookbook": DOCS.parent / "cookbook"}
REFERENCE = "api/generated"
NOT_ROOMS = {"version"}
SHOWN_VALUE_CHARS = 100

VERBS_OPENING = """\
# Verbs

Every verb, as `victor VERB --help` and `%victor VERB --help` print it. Both faces read the same words: in a terminal
write `victor`, in a notebook `%victor`, and `%%victor` where the prompt is the cell's text.
"""

ROOT_OPENING = """\
# victor_nb

What most programs need, in one place: `from victor_nb import Agent, tool`. A name is imported from its room when it is
first used, so `import victor_nb` is light.

| name | what it is |
| --- | --- |
"""


def rooms() -> list[str]:
    """The modules below the package that users import from."""
    import victor_nb

    found = sorted(module.name for module in pkgutil.iter_modules(victor_nb.__path__))
    return [name for name in found if name not in NOT_ROOMS]


def public_names(module: ModuleType) -> list[str]:
    """What a module lists in `__all__`; without that list, the public names that it defines itself."""
    if listed := getattr(module, "__all__", None):
        return sorted(listed)
    own = (name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__)
    return sorted(name for name in own if not name.startswith("_"))


def room_page(room: str) -> str:
    """A room's reference: what it is for, then its names, sorted by what they are."""
    module = importlib.import_module(f"victor_nb.{room}")
    groups: dict[str, list[str]] = {"Classes": [], "Functions": [], "Values": [], "Errors": []}
    for name in public_names(module):
        value, path = getattr(module, name), f"{module.__name__}.{name}"
        if inspect.isclass(value):
            bases = "   :show-inheritance:\n" if value.__bases__ != (object,) else ""  # `object` is no news
            group = "Errors" if issubclass(value, BaseException) else "Classes"
            groups[group].append(f".. autoclass:: {path}\n{bases}")
        elif inspect.isroutine(value):
            groups["Functions"].append(f".. autofunction:: {path}\n")
        else:
            groups["Values"].append(f".. py:data:: {path}\n   {_about_value(value)}\n")
    parts = [f"# {module.__name__}", inspect.cleandoc(module.__doc__ or "")]
    for group, directives in groups.items():
        if directives:
            parts += [f"## {group}", "```{eval-rst}\n" + "\n".join(directives) + "```"]
    return "\n\n".join(parts) + "\n"


def _about_value(value: object) -> str:
    """A value that is short says what it is; of any other its type is told."""
    shown = repr(value)
    says_nothing = len(shown) > SHOWN_VALUE_CHARS or " at 0x" in shown
    return f":type: {type(value).__name__}" if says_nothing else f":value: {shown}"


def root_page() -> str:
    """The package's own names, each with a link to the room where it lives."""
    import victor_nb

    rows, own = [], []
    for name in public_names(victor_nb):
        home, value = victor_nb._HOME.get(name), getattr(victor_nb, name)
        if home is None and inspect.isroutine(value):
            own.append(f".. autofunction:: victor_nb.{name}\n")
        link = f"{{py:obj}}`~victor_nb.{home}.{name}`" if home else f"`{name}`"
        rows.append(f"| {link} | {_about(name, value)} |")
    return ROOT_OPENING + "\n".join(rows) + "\n\n```{eval-rst}\n" + "\n".join(own) + "```\n"


def _about(name: str, value: object) -> str:
    """One line on what a name is; of a plain value, the value."""
    if name == "__version__":
        return "The installed version."
    return f"The value `{value!r}`." if isinstance(value, str) else (inspect.getdoc(value) or "").splitlines()[0]


def verbs_page() -> str:
    """Every verb, and every verb below it, with its help."""
    import click

    from victor_nb.commands import VERBS
    from victor_nb.commands.group import root

    parts = [VERBS_OPENING]
    for verb, about in VERBS.items():
        parts += [f"## {verb}", about.summary, _help_of(verb)]
        command = root.get_command(click.Context(root), verb)
        for name in command.commands if isinstance(command, click.Group) else ():
            parts += [f"### {verb} {name}", _help_of(verb, name)]
    return "\n\n".join(parts) + "\n"


def _help_of(*words: str) -> str:
    from victor_nb.commands import Session, invoke

    return f"```text\n{str(invoke([*words, '--help'], Session())).rstrip()}\n```"


def pages() -> dict[str, str]:
    """Every page that is made here: its path below `docs/`, and its text."""
    made = {f"{REFERENCE}/{room}.md": room_page(room) for room in rooms()}
    made |= {f"{REFERENCE}/victor_nb.md": root_page(), f"{REFERENCE}/verbs.md": verbs_page()}
    for folder, source in NOTEBOOKS.items():
        made |= {f"{folder}/{path.name}": path.read_text(encoding="utf-8") for path in sorted(source.glob("*.ipynb"))}
    return made


def bring(app: Sphinx, config: Config) -> None:
    """Write the pages, and remove those that nobody makes any more."""
    wanted = pages()
    for folder in (REFERENCE, *NOTEBOOKS):
        for path in (DOCS / folder).glob("*"):
            if path.relative_to(DOCS).as_posix() not in wanted and path.name != "index.md":
                path.unlink()
    for name, text in wanted.items():
        path = DOCS / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def has_been_told(app: Sphinx, what: str, name: str, value: object, skip: bool, options: object) -> bool | None:
    """Fields of data classes are explained with their class; one whose default is a class would come again."""
    return True if what == "class" and inspect.isclass(value) and value.__name__ != name else None


def readable(
    app: Sphinx, what: str, name: str, value: object, options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Defaults as one would write them: Sphinx cannot read `<factory>` and breaks the whole signature."""
    if signature is not None:
        signature = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", signature.replace("<factory>", "..."))
        signature = re.sub(r"<(\w+\.\w+): '[^']*'>", r"\1", signature)
    return signature, returned


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx; the tests import this module without it."""
    from sphinx.domains.python import PyObject

    app.setup_extension("sphinx.ext.autodoc")
    app.connect("config-inited", bring)
    app.connect("autodoc-skip-member", has_been_told)
    app.connect("autodoc-process-signature", readable)
    for field in PyObject.doc_field_types:
        if field.name == "variable":  # of a class, that is
            field.label = "Attributes"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
