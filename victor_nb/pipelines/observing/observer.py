"""The observer: what a kernel reads and imports, written to a file as it happens, so that nothing is lost if it dies.

1. This file is sent to the kernel as text and runs there before the first cell: standard library only, any Python
   from 3.8 on, and no name of it appears in the notebook.
2. It is called for every audited event of the interpreter. What it has no interest in costs it one look into a
   dictionary; what it has seen already, one more.
3. It never raises, whatever the notebook does: an audit hook that raises forbids what was to be done.

Each line of the file is one JSON list: what happened, and its arguments.

    ["start", python, library, prefixes]   version, folder of the standard library, folders of all that is installed
    ["r"|"w"|"rw", path, mtime_ns, size]   a file was opened; -1 where there was none, 0 for writing
    ["list"|"scan", folder]          the entries of a folder were asked for; "scan" also by a search for files
    ["glob", folder, pattern]        files were looked for
    ["run", folder, words]           another program was started
    ["module", name, file]           a module was imported
"""

from __future__ import annotations

import atexit
import json
import os
import site
import sys
import sysconfig
from typing import Any

_APPEND = os.O_WRONLY | os.O_APPEND
_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
_NEW = os.O_TRUNC | os.O_EXCL
_IMPORTING = ("importlib", "pkgutil", "pkg_resources")
_MOST_WORDS = 50


def observe(log_path: str) -> None:
    """Begin, for as long as this process and those that it forks live."""
    log = os.open(log_path, _APPEND | os.O_CREAT, 0o600)
    log_is = os.fstat(log)[1:3]
    prefixes = _prefixes()
    within = tuple(prefix + os.sep for prefix in prefixes)
    seen: set[tuple[object, ...]] = {(log_path, "w")}
    known: set[str] = set()
    getcwd, fsdecode, stat, is_absolute = os.getcwd, os.fsdecode, os.stat, os.path.isabs

    def write(*entry: object) -> None:
        line = (json.dumps(entry) + "\n").encode()
        if is_open():
            os.write(log, line)
            return
        again = os.open(log_path, _APPEND)  # a process that is about to become another program has closed all files
        try:
            os.write(again, line)
        finally:
            os.close(again)

    def is_open() -> bool:
        # Who closed the file may have opened another one that now has its number.
        try:
            return os.fstat(log)[1:3] == log_is
        except OSError:
            return False

    def absolute(path: Any) -> str:
        text = fsdecode(path)
        return text if is_absolute(text) else os.path.join(getcwd(), text)

    def opened(args: Any) -> None:
        path, mode, flags = args
        if type(path) is int:
            return
        if mode is None:
            access = flags & _ACCESS
            kind = "r" if access == os.O_RDONLY else "w" if access == os.O_WRONLY or flags & _NEW else "rw"
        else:
            kind = "rw" if "+" in mode and "w" not in mode else "r" if mode[0] == "r" else "w"
        if (path, kind) in seen and is_absolute(path):
            return
        whole = absolute(path)
        if (whole, kind) in seen or whole.startswith(within):
            return
        seen.add((whole, kind))
        if kind == "w":
            write(kind, whole, 0, 0)
            return
        try:
            found = stat(whole)
            write(kind, whole, found.st_mtime_ns, found.st_size)
        except OSError:
            write(kind, whole, -1, -1)

    def looked_into(kind: str, path: Any) -> None:
        # What looks for modules and packages looks into every folder on the path.
        asker = sys._getframe(3).f_code.co_filename
        if type(path) is not int and not any(name in asker for name in _IMPORTING):
            once(kind, absolute("." if path is None else path))

    def listed(args: Any) -> None:
        looked_into("list", args[0])

    def scanned(args: Any) -> None:
        looked_into("scan", args[0])

    def once(*entry: object) -> None:
        if entry not in seen:
            seen.add(entry)
            write(*entry)

    def globbed(args: Any) -> None:
        once("glob", getcwd(), fsdecode(args[0]))

    def globbed_below(args: Any) -> None:
        once("glob", absolute(args[0]), str(args[1]))

    def placed(args: Any) -> None:
        once("w", absolute(args[1]), 0, 0)

    def connected(args: Any) -> None:
        if isinstance(args[0], (str, bytes)) and args[0] not in (":memory:", b":memory:", "", b""):
            opened((args[0], "r+", 0))

    def started(args: Any) -> None:
        words = args[1] if isinstance(args[1], (list, tuple)) else [args[1]]
        folder = args[2] if len(args) > 2 and isinstance(args[2], (str, bytes)) else "."  # else an environment
        write("run", absolute(folder), [fsdecode(word) for word in words[:_MOST_WORDS]])

    def commanded(args: Any) -> None:
        write("run", getcwd(), [fsdecode(args[0])])

    interests = {
        "open": opened,
        "os.listdir": listed,
        "os.scandir": scanned,
        "glob.glob": globbed,
        "pathlib.Path.glob": globbed_below,
        "pathlib.Path.rglob": lambda args: globbed_below((args[0], "**/" + str(args[1]))),
        "os.rename": placed,
        "os.link": placed,
        "os.symlink": placed,
        "sqlite3.connect": connected,
        "subprocess.Popen": started,
        "os.exec": started,
        "os.posix_spawn": started,
        "os.system": commanded,
    }

    def hook(event: str, args: Any, interests: Any = interests) -> None:
        if event in interests:
            try:
                interests[event](args)
            except Exception:  # of the notebook's making: a deleted folder, a path that is none, an object of its own
                return

    def note_modules(*_: object) -> None:
        if len(sys.modules) == len(known):
            return
        for name, module in list(sys.modules.items()):
            if name in known:
                continue
            known.add(name)
            try:
                names = object.__getattribute__(module, "__dict__")  # asking the module would load a lazy one
                file = names.get("__file__") or next(iter(names.get("__path__") or ()), None)
                if isinstance(file, str) and ("." not in name or not file.startswith(within)):
                    write("module", name, file)
            except Exception:  # a module may be any object
                continue

    write("start", sys.version.split()[0], sysconfig.get_path("stdlib"), prefixes)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.events.register("post_run_cell", note_modules)
    atexit.register(note_modules)
    sys.addaudithook(hook)


def _prefixes() -> list[str]:
    """The folders of Python itself and of installed packages, as they are and with links followed."""
    folders = [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    if hasattr(site, "getsitepackages"):
        folders += site.getsitepackages()
    if getattr(site, "ENABLE_USER_SITE", False):
        folders.append(site.getusersitepackages())
    folders += [sys.prefix] if sys.prefix != sys.base_prefix else []
    return sorted({name for folder in folders if folder for name in (folder, os.path.realpath(folder))})
