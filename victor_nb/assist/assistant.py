"""The documentation assistant: a question in, passages with code out; it learns from what was accepted.

1. Everything happens on this machine: no model, no key, no network.
2. Packages are read when a question first needs them; the time that takes is told apart from the answer's.
3. What it knows of the work around a question comes in as plain data; it looks at no notebook by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from victor_nb.assist.errors import NoQuestion, NoSuchSuggestion
from victor_nb.assist.feedback import Asked, Feedback
from victor_nb.assist.installed import USUAL, Wanted, wanted, wanted_if_there
from victor_nb.assist.library import Candidate, Library, Open
from victor_nb.assist.passages import Passage, id_of, passage_of_package, passage_of_project
from victor_nb.assist.places import Places
from victor_nb.assist.project import OpenProject, Project
from victor_nb.assist.ranking import LOOKED_AT, Question, Ranked, best_of, strengths
from victor_nb.assist.reading import Progress
from victor_nb.assist.suggestions import Suggestions, offered
from victor_nb.assist.surroundings import NOTHING, Surroundings
from victor_nb.assist.teaching import Taught, Verdict
from victor_nb.assist.wording import wording
from victor_nb.errors import UsageError
from victor_nb.retrieval.embedders.embedder import default_embedder
from victor_nb.retrieval.errors import NothingThere
from victor_nb.retrieval.sources.documents import mended

LONGEST_QUESTION: Final = 2_000
"""Characters; what comes after them changes nothing but the time that it takes."""


def _no_progress(name: str, done: int, of: int) -> None:
    """Tell nobody."""


class Assistant:
    """Answers questions about packages and a project.

    Args:
        places: where things are kept.
        root: the project's folder; None without a project.
        packages: what questions are about besides what the work imports; the usual ones of data science if empty.
        cleaned: takes secrets out of what is kept.
    """

    def __init__(
        self,
        places: Places,
        root: Path | None = None,
        *,
        packages: Sequence[str] = (),
        cleaned: Callable[[str], str] = lambda text: text,
    ) -> None:
        self.places = places
        self.library = Library(places.packages)
        self.project = None if root is None or places.project is None else Project(root, places.project)
        self.feedback = Feedback(places.feedback, cleaned=cleaned)
        self._packages = tuple(packages)
        self._named = "" if root is None else str(root.resolve())

    def ask(
        self,
        question: str,
        *,
        k: int = 5,
        packages: Sequence[str] = (),
        around: Surroundings = NOTHING,
        progress: Progress = _no_progress,
    ) -> Suggestions:
        """Answer a question; an empty one asks about the last error.

        Args:
            k: how many suggestions at most.
            packages: only these, and not the project either; what the work imports and the usual ones if empty.
            around: what is known of the work.
            progress: told what is read, when packages are read for the first time.
        Raises: NoQuestion for an empty one where nothing failed; NothingThere for a package that is not installed.
        """
        if k < 1:
            raise UsageError(f"{k!r} is no number of suggestions", where="k", hint="at least 1")
        error = around.error if not question.strip() else None
        asked = mended(error.question if error is not None else question)[:LONGEST_QUESTION].strip()
        if not asked:
            raise NoQuestion.at_all()
        looked = around if error is not None else Surroundings(around.imports, around.types)
        with self._opened(packages, looked, progress) as (library, project, chosen):
            begun = time.perf_counter()
            passages = self._answer(asked, k, looked, library, project, chosen)
            ms = (time.perf_counter() - begun) * 1000
        noted = self.feedback.ask(asked, self._named, ms, offered(passages))
        notes = tuple(note for note in (self.places.note, project.refused if project else "") if note)
        return Suggestions(asked, passages, noted, ms, self._judge, error.told if error is not None else "", notes)

    def judge_last(self, number: int, verdict: Verdict) -> Passage:
        """Keep a verdict on a suggestion of the last answer in this project, and return the suggestion.

        Args:
            number: its place, from 1.
        Raises: NoSuchSuggestion; NothingThere if the passage is gone since.
        """
        asked = self.feedback.last(self._named)
        count = len(asked.offered) if asked else 0
        if asked is None or not 1 <= number <= count:
            raise NoSuchSuggestion(
                f"the last answer has no suggestion {number!r}",
                where=asked.question if asked else "",
                hint=f"it has {count}, counted from 1" if count else 'ask first: victor docs "…"',
            )
        id, name = asked.offered[number - 1]
        passage = self._recalled(id, name)
        self._judge(asked, passage, verdict)
        return passage

    def _recalled(self, id: str, name: str) -> Passage:
        """Return a passage that was suggested before, as it is now."""
        if self.project is not None and id.startswith(f"{self._named}/"):
            with self.project.opened() as project:
                path = id.removeprefix(f"{self._named}/").rpartition("#")[0]
                for chunk in project.of(path):
                    if id_of(chunk, self._named) == id:
                        return passage_of_project(chunk, self._named, 0.0, ())
        else:
            chosen = wanted_if_there([id.partition(":")[0]])
            with self.library.opened(chosen, _no_progress) as library:
                for chunk in library.named([id.partition(":")[2]], chosen):
                    return passage_of_package(chunk, 0.0, ())
        raise NothingThere(f"the passage {name!r} is not there any more", hint="ask again")

    def _judge(self, asked: Asked, passage: Passage, verdict: Verdict | None) -> None:
        if verdict is None:
            self.feedback.take_back(asked, passage.id)
        else:
            self.feedback.judge(asked, passage.id, passage.name, verdict)

    @contextmanager
    def _opened(
        self, packages: Sequence[str], around: Surroundings, progress: Progress
    ) -> Iterator[tuple[Open, OpenProject | None, list[Wanted]]]:
        with ExitStack() as stack:
            project = None
            if self.project is not None and not packages:
                project = stack.enter_context(self.project.opened())
            chosen = self.chosen(packages, around, project.imports if project else ())
            yield stack.enter_context(self.library.opened(chosen, progress)), project, chosen

    def chosen(self, packages: Sequence[str], around: Surroundings, imports: Iterable[str]) -> list[Wanted]:
        """Return the packages that a question is about. Raises: NothingThere for a named one that is not there."""
        if packages:
            return list({each.key: each for each in map(wanted, packages)}.values())
        named = [*around.packages, *sorted(imports), *(self._packages or USUAL)]
        found = wanted_if_there(dict.fromkeys(named))
        return [each for each in found if not self._is_own(each)]

    def _is_own(self, each: Wanted) -> bool:
        """Answer whether a package is the project's own: its files are read with the project, and stay there."""
        if not self._named or each.stamp == each.version:
            return False
        return (each.package.root / each.package.inside).resolve().is_relative_to(self._named)

    def _answer(
        self,
        question: str,
        k: int,
        around: Surroundings,
        library: Open,
        project: OpenProject | None,
        chosen: Sequence[Wanted],
    ) -> tuple[Passage, ...]:
        query = widened(question, around)
        taught = Taught(self.feedback.lessons(), default_embedder().embed).worth(question)
        groups = [library.search(query, chosen)[:LOOKED_AT], (project.search(query) if project else [])[:LOOKED_AT]]
        names = [id.partition(":")[2] for id, worth in taught.items() if worth > 0] + [*around.mentioned(question)]
        by_name = self._remembered(library, chosen, names, groups[0])
        judge = Question(question, around, taught).judge
        strong = strengths(groups)
        ranked = [judge(each, id_of(each.chunk, ""), strong[0]) for each in [*groups[0], *by_name]]
        own = [judge(each, id_of(each.chunk, self._named), strong[1]) for each in groups[1]]
        are_own = {each.id for each in own}
        return tuple(_passage(each, self._named if each.id in are_own else "") for each in best_of(ranked + own, k))

    @staticmethod
    def _remembered(
        library: Open, chosen: Sequence[Wanted], names: Iterable[str], found: Sequence[Candidate]
    ) -> list[Candidate]:
        """Bring passages by name that a search for words need not find."""
        keys = {each.chunk.key for each in found}
        chunks = library.named(list(dict.fromkeys(names)), chosen)
        return [Candidate(chunk, 0.0, 0.0, 0.0) for chunk in chunks if chunk.key not in keys]


def _passage(each: Ranked, project: str) -> Passage:
    chunk = each.candidate.chunk
    if project:
        return passage_of_project(chunk, project, each.score, each.reasons)
    return passage_of_package(chunk, each.score, each.reasons)


def widened(question: str, around: Surroundings) -> str:
    """Return the question with what its names stand for: `df` becomes findable as a DataFrame."""
    words = question.lower()
    parts = (each.rpartition(".")[2] for each in around.mentioned(question))
    meant = dict.fromkeys([*parts, *wording(question).added])
    return " ".join([question, *(part for part in meant if part.lower() not in words)])
