"""Toolset: the project's files. List, read and search freely; write with a person's agreement.

No tool here opens a path itself: `confinement` does, and what it refuses stays refused. Sizes are limited so
that a model is never sent a database by accident.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

from annotated_types import Ge, Le

from victor_nb.journal import Effect
from victor_nb.tools.builtin.confinement import Confined, is_private
from victor_nb.tools.builtin.file_texts import decoded, is_binary
from victor_nb.tools.builtin.parameters import Path as PathText
from victor_nb.tools.builtin.parameters import Text
from victor_nb.tools.declaring import Toolset
from victor_nb.tools.errors import ToolArgumentError, ToolRefused
from victor_nb.tools.methods import tool_method, tools_of

MOST_FILES_LISTED: Final = 500
MOST_FILES_VISITED: Final = 50_000
MOST_MATCHES: Final = 200
LARGEST_READ: Final = 20_000_000
LARGEST_SEARCHED: Final = 2_000_000
LARGEST_WRITTEN: Final = 5_000_000
MOST_LINES: Final = 2000
LINE_CHARS: Final = 500
TEXT_CHARS: Final = 200_000
SKIPPED_FOLDERS: Final = frozenset({"node_modules", "__pycache__", "site-packages"})


def project_files(root: str | Path) -> Toolset:
    """Return the tools that work on the files below `root` and nowhere else."""
    return Toolset("project_files", tools_of(ProjectFiles(Confined(root))))


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The tools, bound to a folder."""

    confined: Confined

    @tool_method(
        category="filesystem",
        effect=Effect.READ,
        keywords=("files", "list", "folder", "directory", "ls", "find", "project"),
    )
    def list_files(self, pattern: Text = "*", folder: PathText = ".") -> Any:
        """List the files of the project with their sizes; hidden files and secrets are left out.

        Args:
            pattern: which files, by name or path, for example "*.csv" or "data/*".
            folder: where to begin, from the project folder.
        """
        files: list[dict[str, Any]] = []
        for real, size in self.visible(folder):
            name = self.confined.relative(real)
            if fnmatch.fnmatch(real.name, pattern) or fnmatch.fnmatch(name, pattern):
                if len(files) == MOST_FILES_LISTED:
                    return {"files": files, "more": True}
                files.append({"path": name, "bytes": size})
        return {"files": files, "more": False}

    @tool_method(
        category="filesystem",
        effect=Effect.READ,
        keywords=("read", "file", "open", "show", "content", "cat", "text"),
    )
    def read_file(
        self,
        path: PathText,
        start_line: Annotated[int, Ge(1)] = 1,
        lines: Annotated[int, Ge(1), Le(MOST_LINES)] = 500,
    ) -> Any:
        """Read a text file of the project, or some lines of it.

        Args:
            path: the file, from the project folder.
            start_line: first line to read, from 1.
            lines: how many lines to read at most.
        """
        text, encoding = decoded(self.content(path, LARGEST_READ), path)
        every = text.splitlines()
        chosen = every[start_line - 1 : start_line - 1 + lines]
        if not chosen and every:
            raise ToolArgumentError.at("start_line", f"{path!r} has {len(every):,} lines, so there is no {start_line}")
        shown = "\n".join(_short(line, LINE_CHARS * 4) for line in chosen)
        return {
            "path": path,
            "lines": f"{start_line}-{start_line - 1 + len(chosen)} of {len(every)}",
            "encoding": encoding,
            "cut": len(shown) > TEXT_CHARS,
            "text": shown[:TEXT_CHARS],
        }

    @tool_method(
        category="filesystem",
        effect=Effect.READ,
        cost="low",
        keywords=("search", "grep", "find", "text", "files", "occurrences", "where"),
    )
    def search_files(self, text: Text, pattern: Text = "*", folder: PathText = ".") -> Any:
        """Find the lines of project files that contain a text, in upper or lower case.

        Args:
            text: what to look for, as it is; no wildcards.
            pattern: in which files, for example "*.py".
            folder: where to begin, from the project folder.
        """
        if not text.strip():
            raise ToolArgumentError.at("text", "there is no text to search for")
        matches: list[dict[str, Any]] = []
        for real, size in self.visible(folder):
            name = self.confined.relative(real)
            if size > LARGEST_SEARCHED or not (fnmatch.fnmatch(real.name, pattern) or fnmatch.fnmatch(name, pattern)):
                continue
            matches += self.matches(name, text, MOST_MATCHES + 1 - len(matches))
            if len(matches) > MOST_MATCHES:
                return {"matches": matches[:MOST_MATCHES], "more": True}
        return {"matches": matches, "more": False}

    @tool_method(
        category="filesystem",
        effect=Effect.EFFECT,
        approval=True,
        keywords=("write", "save", "create", "file", "export"),
    )
    def write_file(self, path: PathText, content: Text) -> Any:
        """Write a text file in the project, replacing what is there. The user is asked before each call.

        Args:
            path: the file, from the project folder; missing folders are made.
            content: the whole text, which is written as UTF-8.
        """
        try:
            data = content.encode("utf-8")
        except UnicodeEncodeError as broken:
            raise ToolArgumentError.at("content", f"the text cannot be written as UTF-8: {broken.reason}") from broken
        if len(data) > LARGEST_WRITTEN:
            raise ToolRefused(
                f"the text has {len(data):,} bytes; {LARGEST_WRITTEN:,} are allowed", hint="write several files"
            )
        created = self.confined.write_file(path, data)
        return {"path": path, "bytes": len(data), "created": created}

    def content(self, path: str, largest: int) -> bytes:
        with os.fdopen(self.confined.open_file(path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > largest:
                raise ToolRefused(
                    f"{path!r} has {size:,} bytes; {largest:,} are allowed",
                    hint="search_files, or Python with a library",
                )
            return file.read(largest + 1)

    def matches(self, name: str, text: str, most: int) -> list[dict[str, Any]]:
        """Return the lines of one file that contain a text; none if it is binary or cannot be opened."""
        try:
            content = self.content(name, LARGEST_SEARCHED)
        except (ToolRefused, ToolArgumentError):
            return []
        if is_binary(content):
            return []
        wanted = text.casefold()
        every = enumerate(decoded(content, name)[0].splitlines(), start=1)
        found = ((number, line) for number, line in every if wanted in line.casefold())
        return [{"path": name, "line": n, "text": _short(line.strip(), LINE_CHARS)} for n, line in islice(found, most)]

    def visible(self, folder: str) -> Iterator[tuple[Path, int]]:
        """Walk the files below a folder in order of their names, following no link, with their sizes."""
        start = self.confined.resolve(folder)
        if not start.is_dir():
            raise ToolArgumentError.at("folder", f"{folder!r} is no folder", hint="list_files shows what there is")
        return islice(_walk(start), MOST_FILES_VISITED)


def _walk(folder: Path) -> Iterator[tuple[Path, int]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # a folder that may not be read is passed over, like a hidden one
        return
    for entry in entries:
        if is_private(entry.name) or entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED_FOLDERS:
                yield from _walk(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path), entry.stat(follow_symlinks=False).st_size


def _short(line: str, chars: int) -> str:
    return line if len(line) <= chars else line[: chars - 1] + "…"
