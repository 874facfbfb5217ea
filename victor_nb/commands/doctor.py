"""`victor doctor`: what this installation is made of, and what is wrong with it.

1. Each check is a function from the settings to findings; one that fails is a finding, never a crash.
2. Nothing is repaired here, nothing is sent anywhere, and no secret's value is shown.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.config import Settings
from victor_nb.config.environment import without_password
from victor_nb.errors import VictorError
from victor_nb.models.catalogue import PROVIDERS
from victor_nb.version import __version__
from victor_nb.views import TableView

if TYPE_CHECKING:
    from victor_nb.journal import Journal

PACKAGE: Final = Path(__file__).parents[1]
OK, NOTE, WRONG = "ok", "note", "wrong"
_PACKAGES = (
    *("ipykernel", "ipython", "ipywidgets", "anywidget", "jupyter_client", "nbclient", "papermill"),
    *("pydantic", "pydantic-ai-slim", "pandas", "scikit-learn", "numexpr", "msgspec"),
)
# An extra and a module that only it brings.
_EXTRAS: Final = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google.genai",
    "sql": "duckdb",
    "postgres": "psycopg",
    "dask": "distributed",
    "lab": "jupyterlab",
    "prometheus": "prometheus_client",
    "otel": "opentelemetry.sdk",
}
_OLDEST_SQLITE = (3, 35, 0)
_WIDGETS = ("run_view.js",)


class Finding(NamedTuple):
    """One line of the examination: what was looked at, how it stands, and the particulars."""

    subject: str
    state: str
    detail: str


@click.command("doctor", cls=VerbCommand)
@click.pass_obj
def command(session: Session) -> TableView:
    """Look at this installation: versions, journal, extras, keys, widgets.

    Example: victor doctor --json
    """
    findings = list(examine(session))
    wrong = sum(finding.state == WRONG for finding in findings)
    note = f"{wrong} thing(s) to put right" if wrong else "nothing is wrong"
    return table("Doctor", [finding._asdict() for finding in findings], Finding._fields, note=note)


def examine(session: Session) -> Iterator[Finding]:
    """Yield every finding, in the order of the checks."""
    yield from _environment()
    yield from _packages()
    yield from _parts()
    try:
        settings = session.settings()
    except VictorError as error:
        yield Finding("settings", WRONG, str(error))
        return
    yield Finding("settings", OK, f"root {settings.root}, model {settings.model}")
    for check in _CHECKS:
        try:
            yield from check(session, settings)
        except (VictorError, OSError) as error:
            yield Finding(check.__name__.strip("_"), WRONG, str(error))


# --- the installation --------------------------------------------------------------------------------------------


def _environment() -> Iterator[Finding]:
    yield Finding("victor-nb", OK, f"{__version__} in {PACKAGE}")
    yield Finding("python", OK, f"{platform.python_version()} ({sys.executable}) on {platform.platform()}")
    fits = sqlite3.sqlite_version_info >= _OLDEST_SQLITE
    wish = "" if fits else f"; {'.'.join(map(str, _OLDEST_SQLITE))} or later is needed"
    yield Finding("sqlite", OK if fits else WRONG, sqlite3.sqlite_version + wish)


def _packages() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding(name, WRONG, 'not installed; pip install --upgrade "victor-nb"')
            continue
        note = kernel_note(found) if name == "ipykernel" else ""
        yield Finding(name, NOTE if note else OK, f"{found}{note}")


def kernel_note(ipykernel: str) -> str:
    """Say what a version of ipykernel means for clicks while a cell runs; empty when all is well."""
    major, minor = (int(part) for part in ipykernel.split(".")[:2])
    if major < 7:
        return "; clicks arrive only between cells, so approvals ask by a prompt (7.0 or later delivers them)"
    if (major, minor) >= (7, 4):
        return "; 7.4 delivers clicks to awaiting cells only: %%victor cells are awaited, so approvals work"
    return ""


def _parts() -> Iterator[Finding]:
    for extra, module in _EXTRAS.items():
        here = _is_installed(module)
        detail = "installed" if here else f'not installed; pip install "victor-nb[{extra}]"'
        yield Finding(f"extra {extra}", OK if here else NOTE, detail)
    compiled = _is_installed("victor_accelerate")
    detail = "compiled" if compiled else "NumPy; pip install ./accelerate finds the same many times faster"
    yield Finding("search core", OK if compiled else NOTE, detail)
    static = PACKAGE / "views" / "static"
    missing = [name for name in _WIDGETS if not (static / name).is_file()]
    lacking = f"{', '.join(missing)} not built; cells show static output (reinstall with pip, or build widgets/)"
    yield Finding("widgets", WRONG if missing else OK, lacking if missing else f"built, in {static}")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the parent of a dotted name is missing
        return False


# --- the project -------------------------------------------------------------------------------------------------


def _secrets(session: Session, settings: Settings) -> Iterator[Finding]:
    for name, secret in settings.secrets.items():
        value = settings.key_for(name)
        yield Finding(
            f"secret {name}",
            OK if value else WRONG,
            f"{'read from' if value else 'missing in'} {secret.place()}",
        )
        if secret.file is not None and value and _is_readable_by_others(secret.path_below(settings.root)):
            yield Finding(f"secret {name}", WRONG, f"others can read the file; chmod 600 {secret.file}")
    present = [name for provider in PROVIDERS.values() for name in provider.keys if os.environ.get(name)]
    yield Finding("keys", OK if present else NOTE, ", ".join(present) or "none set; the offline model needs none")


def _is_readable_by_others(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & 0o044)


def _journal(session: Session, settings: Settings) -> Iterator[Finding]:
    from victor_nb.journal import filesystem

    journal = session.journal(settings)
    yield Finding("journal", OK, f"{journal.url}, newest run: {_newest(journal)}")
    yield _budget(journal, settings)
    if hasattr(journal.store, "facts"):
        for subject, detail in journal.store.facts().items():
            yield Finding(f"journal {subject}", OK, detail)
        yield _waits(journal, "a free connection")
        return
    path = getattr(journal.store, "path", None)
    if path is None:
        yield Finding("journal file", NOTE, "none: this journal is forgotten at exit")
        return
    kind = filesystem.type_of(path) or "unknown"
    network = filesystem.is_network(path)
    advice = "; no write-ahead log there, so it is slower: a local path is better" if network else ""
    yield Finding("journal file system", NOTE if network else OK, f"{kind}{advice}")
    yield from _file_health(path)
    problems = journal.store.integrity()  # type: ignore[attr-defined]  # a store with a path is SQLite's
    yield Finding("journal integrity", WRONG if problems else OK, "; ".join(problems[:3]) or "ok")
    yield _waits(journal, "the lock")


def _budget(journal: Journal, settings: Settings) -> Finding:
    from victor_nb.views.byte_size import byte_size

    store, limit = journal.store, settings.retention.max_bytes
    used = store.size_bytes() - store.disposal.free_bytes()
    if limit is None:
        return Finding("journal budget", OK, f"none; {byte_size(used)} are used (retention.max_bytes sets one)")
    if used <= limit:
        return Finding("journal budget", OK, f"{byte_size(used)} of {byte_size(limit)} are used")
    over = f"{byte_size(used)} are used of {byte_size(limit)}; victor gc --to-budget shows what can go"
    return Finding("journal budget", WRONG, over)


def _waits(journal: Journal, what: str) -> Finding:
    stats = journal.stats()
    waits = f"{stats['lock_waits']:.0f} waits for {what}, the longest {stats['worst_lock_wait_s'] * 1000:.0f} ms"
    return Finding("journal lock", OK, waits)


def _newest(journal: object) -> str:
    from victor_nb.journal import Journal

    assert isinstance(journal, Journal)
    newest = journal.runs(limit=1)
    return newest[0].run_id if newest else "none yet"


def _file_health(path: Path) -> Iterator[Finding]:
    from victor_nb.journal.sizes import size_of

    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    finally:
        connection.close()
    in_log = size_of(path.with_name(f"{path.name}-wal"))
    megabytes = f"{pages * size / 1e6:.1f} MB, {free * size / 1e6:.1f} MB of it free, {in_log / 1e6:.1f} MB in the log"
    yield Finding("journal mode", OK if mode == "wal" else NOTE, f"{mode}; {megabytes}")


def _traces(session: Session, settings: Settings) -> Iterator[Finding]:
    from victor_nb.insight.tracing.endpoints import usual_endpoint, why_unreachable
    from victor_nb.insight.tracing.switch import INSTALL

    if not settings.traces.is_wanted:
        yield Finding("traces", OK, "off")
        return
    if not _is_installed("opentelemetry.exporter.otlp.proto.http"):
        yield Finding("traces", WRONG, f"asked for, and not sent; {INSTALL}")
        return
    endpoint = usual_endpoint(settings.traces.endpoint)
    shown = without_password(endpoint)
    if why := why_unreachable(endpoint):
        yield Finding("traces", WRONG, f"nobody answers at {shown}: {why}; runs go on, their traces are dropped")
        return
    content = ", with prompts and answers" if settings.traces.content else ""
    yield Finding("traces", OK, f"sent to {shown}{content}")


_CHECKS: Final[tuple[Callable[[Session, Settings], Iterator[Finding]], ...]] = (_secrets, _journal, _traces)
