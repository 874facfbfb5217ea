"""Which failures are worth another attempt, told by the names of exceptions.

A notebook's exception happens in its kernel, where classes are that this process may not even have; names are known.
"""

from __future__ import annotations

from dataclasses import dataclass

from victor_nb.pipelines.executing.outcomes import NotebookFailed


@dataclass(frozen=True, slots=True)
class FailedWith:
    """Says whether a failure, of a notebook's cell or of a function, is an exception of one of these names.

    Attributes:
        names: of classes, without their modules. Of functions, those of base classes count too.
    """

    names: tuple[str, ...]

    def __call__(self, failure: Exception) -> bool:
        if isinstance(failure, NotebookFailed) and failure.what.partition(":")[0] in self.names:
            return True
        return any(kind.__name__ in self.names for kind in type(failure).__mro__)
