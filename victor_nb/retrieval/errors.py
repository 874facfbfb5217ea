"""What can go wrong in retrieval.

VictorError
 └── RetrievalError
      ├── CorruptIndex     a file of the index is damaged; it can be built anew from the documents
      ├── NewerIndex       a later version wrote it
      ├── IndexInUse       another process writes to it
      ├── UnusableFile     a file cannot be read or written (disk full, no permission), or holds no model
      ├── BadVectors       vectors of a wrong dimension, or with values that are no numbers
      ├── EmbedderChanged  the vectors are of an embedder that was not given again
      ├── BadDocument      something that was added is no document
      ├── NothingThere     a folder, notebook, package, column or document that does not exist
      ├── BadFilter        a filter that says nothing, or names a field that no document has
      └── ClosedIndex      the index was closed, or opened for reading only
"""

from __future__ import annotations

from pathlib import Path

from victor_nb.errors import VictorError


class RetrievalError(VictorError):
    """Something that retrieval was asked for and cannot do."""


class CorruptIndex(RetrievalError):
    """A file of the index is damaged or cut short."""

    @classmethod
    def at(cls, path: Path | str, problem: str) -> CorruptIndex:
        """Build the error for one file."""
        return cls(f"the index is damaged: {problem}", where=str(path), hint="build it anew from the documents")


class NewerIndex(RetrievalError):
    """The index was written by a later version."""

    @classmethod
    def at(cls, path: Path | str, problem: str) -> NewerIndex:
        """Build the error for one file."""
        return cls(f"the index is of a later version: {problem}", where=str(path), hint="pip install -U victor-nb")


class IndexInUse(RetrievalError):
    """Another process has the index open."""

    @classmethod
    def at(cls, path: Path | str) -> IndexInUse:
        """Build the error for one folder."""
        return cls("another process has this index open", where=str(path), hint="close it there, or use another path")


class UnusableFile(RetrievalError):
    """The operating system refused a file, or a model's file is not what it should be."""

    @classmethod
    def because(cls, problem: OSError) -> UnusableFile:
        """Build the error out of the system's own."""
        where = str(problem.filename or "")
        return cls(
            f"cannot use a file of the index: {problem.strerror}", where=where, hint="free space or choose a path"
        )

    @classmethod
    def no_weights(cls, path: Path | str, problem: str) -> UnusableFile:
        """Build the error for a model's file that is not what it should be."""
        return cls(
            f"the model's files cannot be used: {problem}", where=str(path), hint="install the model's package again"
        )


class BadVectors(RetrievalError):
    """Vectors of a wrong shape, or with values that are no numbers."""

    @classmethod
    def of(cls, embedder: str, problem: str) -> BadVectors:
        """Build the error for what an embedder returned."""
        return cls(f"the embedder {embedder!r} {problem}", hint="one finite row of its dimension a text")


class EmbedderChanged(RetrievalError):
    """The index has vectors of an embedder that was not given this time."""

    @classmethod
    def between(cls, stored: str, given: str, where: str) -> EmbedderChanged:
        """Build the error for an index that would be embedded anew without anybody having said so."""
        return cls(
            f"the index was made with the embedder {stored!r}",
            where=where,
            hint=f"give it again (embedder=…); to embed everything anew with {given!r}, give that one",
        )


class BadDocument(RetrievalError):
    """Something that was added is no document."""

    @classmethod
    def at(cls, place: int, problem: str) -> BadDocument:
        """Build the error for one of several documents, counted from 1."""
        return cls(
            problem, where=f"document {place}", hint="a document has id and text, and may have title and metadata"
        )


class NothingThere(RetrievalError):
    """What was to be read does not exist."""


class BadFilter(RetrievalError):
    """A filter that cannot be understood."""


class ClosedIndex(RetrievalError):
    """The index cannot be used this way any more."""
