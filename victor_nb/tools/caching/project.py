"""The cache of the project that is worked in, as its settings say at that moment."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from victor_nb.journal import Redactor
from victor_nb.tools.caching.cache import ToolCache

if TYPE_CHECKING:
    from victor_nb.config import Settings

_MOST_CACHES: Final = 8


def project_cache() -> ToolCache:
    """Return the cache of the project around the working folder, which its agents use.

    Raises:
        ConfigError: a settings file or variable is wrong.
    """
    settings = settings_now()
    return cache_of(settings, Redactor(settings.values_to_hide()))


def cache_of(settings: Settings, redactor: Redactor) -> ToolCache:
    """Return the cache that settings describe; the same object while they, and what is secret, are the same."""
    key = (str(settings.home), settings.cache, redactor)
    with _lock:
        if (kept := _caches.get(key)) is None:
            while len(_caches) >= _MOST_CACHES:
                del _caches[next(iter(_caches))]
            kept = _caches[key] = ToolCache(
                settings.home,
                redactor=redactor,
                budget_bytes=settings.cache.budget_bytes,
                ttl_s=settings.cache.ttl_s,
                watches=settings.cache.watch,
            )
    return kept


def settings_now() -> Settings:
    """Return the settings, read again only if a file or variable of theirs is another one: reading takes 2 ms.

    Raises:
        ConfigError: one of them is wrong.
    """
    from victor_nb.config import Settings, project_file_above, user_file

    here = Path.cwd()
    variables = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("VICTOR_")))
    key = (here, variables, _marks(user_file()), _marks(project_file_above(here)))
    with _lock:
        if key not in _settings:
            _settings.clear()
            _settings[key] = Settings.load()
        return _settings[key]


def _marks(path: Path | None) -> tuple[object, ...]:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        found = None
    return () if found is None else (str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


_lock: Final = Lock()
_caches: Final[dict[tuple[object, ...], ToolCache]] = {}
_settings: Final[dict[tuple[object, ...], Settings]] = {}
