"""What was asked, offered, accepted and rejected: one SQLite file that many processes write.

1. It is a user's data and is never made anew from anything; a damaged file is put aside, not deleted.
2. Secrets are taken out of questions before they are written.
3. The latest 10,000 questions count; verdicts stay until they are reset.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from victor_nb.assist.teaching import Lesson, Verdict
from victor_nb.journal.write_ahead import log_ahead
from victor_nb.retrieval.errors import RetrievalError, UnusableFile

MOST_QUESTIONS: Final = 10_000
_WAIT_S: Final = 10.0
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS questions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, project TEXT NOT NULL, question TEXT NOT NULL,
    ms REAL NOT NULL, offered TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verdicts (
    question TEXT NOT NULL, passage TEXT NOT NULL, name TEXT NOT NULL, verdict TEXT NOT NULL, time REAL NOT NULL,
    asked INTEGER NOT NULL, PRIMARY KEY (question, passage));
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was answered.

    Attributes:
        offered: ids and names of the passages, best first.
    """

    number: int
    question: str
    offered: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How the assistant has done.

    Attributes:
        answered_ms: how long questions took, the latest first, without the reading of packages.
        accepted, rejected: verdicts.
        judged: questions of which at least one passage was accepted or rejected.
        helped: questions of which at least one passage was accepted.
        best: names of passages and how often they were accepted, the most often first.
    """

    questions: int
    answered_ms: tuple[float, ...]
    accepted: int
    rejected: int
    judged: int
    helped: int
    best: tuple[tuple[str, int], ...]


class Feedback:
    """The file of one user.

    Args:
        cleaned: takes secrets out of a text.
    """

    def __init__(
        self, file: Path, *, clock: Callable[[], float] = time.time, cleaned: Callable[[str], str] = lambda text: text
    ) -> None:
        self._file, self._clock, self._cleaned = file, clock, cleaned

    def ask(self, question: str, project: str, ms: float, offered: Sequence[tuple[str, str]]) -> Asked:
        """Note a question with what was offered, and return it with its number."""
        question = self._cleaned(question)
        with self._writing() as database:
            number = database.execute(
                "INSERT INTO questions (time, project, question, ms, offered) VALUES (?, ?, ?, ?, ?)",
                (self._clock(), project, question, ms, json.dumps([list(each) for each in offered])),
            ).lastrowid
            assert number is not None, "an insertion has a row"
            database.execute("DELETE FROM questions WHERE number <= ?", (number - MOST_QUESTIONS,))
        return Asked(number, question, tuple(offered))

    def last(self, project: str) -> Asked | None:
        """Return the last question of a project; None if there was none."""
        with self._open() as database:
            row = database.execute(
                "SELECT number, question, offered FROM questions WHERE project = ? ORDER BY number DESC LIMIT 1",
                (project,),
            ).fetchone()
        return None if row is None else Asked(row[0], row[1], tuple((one, name) for one, name in json.loads(row[2])))

    def judge(self, asked: Asked, passage: str, name: str, verdict: Verdict) -> None:
        """Keep a verdict; one that was given before on the same question and passage is replaced."""
        with self._writing() as database:
            database.execute(
                "INSERT OR REPLACE INTO verdicts (question, passage, name, verdict, time, asked) VALUES (?,?,?,?,?,?)",
                (asked.question, passage, name, verdict, self._clock(), asked.number),
            )

    def take_back(self, asked: Asked, passage: str) -> None:
        """Forget a verdict."""
        with self._writing() as database:
            database.execute("DELETE FROM verdicts WHERE question = ? AND passage = ?", (asked.question, passage))

    def lessons(self) -> list[Lesson]:
        """Return the verdicts, the oldest first."""
        with self._open() as database:
            rows = database.execute(
                "SELECT question, passage, name, verdict, time FROM verdicts ORDER BY time, question, passage"
            ).fetchall()
        return [Lesson(*row) for row in rows]

    def restore(self, lessons: Iterable[Lesson]) -> int:
        """Keep verdicts that were exported, here or elsewhere; return how many."""
        rows = [(each.question, each.passage, each.name, each.verdict, each.time) for each in lessons]
        with self._writing() as database:
            database.executemany(
                "INSERT OR REPLACE INTO verdicts (question, passage, name, verdict, time, asked) VALUES (?,?,?,?,?,0)",
                rows,
            )
        return len(rows)

    def reset(self) -> int:
        """Forget all verdicts; return how many there were."""
        with self._writing() as database:
            return database.execute("DELETE FROM verdicts").rowcount

    def counts(self) -> Counts:
        """Count."""
        with self._open() as database:
            times = database.execute("SELECT ms FROM questions ORDER BY number DESC").fetchall()
            rows = database.execute("SELECT verdict, name, asked FROM verdicts").fetchall()
        accepted = [(name, asked) for verdict, name, asked in rows if verdict == "accepted"]
        names = [name for name, _ in accepted]
        best = sorted({(name, names.count(name)) for name in names}, key=lambda one: (-one[1], one[0]))
        return Counts(
            questions=len(times),
            answered_ms=tuple(row[0] for row in times),
            accepted=len(accepted),
            rejected=len(rows) - len(accepted),
            judged=len({asked for _, _, asked in rows if asked}),
            helped=len({asked for _, asked in accepted if asked}),
            best=tuple(best),
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connected()) as database:
                yield database
        except sqlite3.Error as problem:
            raise _translated(problem, self._file) from problem

    def _connected(self) -> sqlite3.Connection:
        try:
            return self._made()
        except sqlite3.DatabaseError as problem:
            if getattr(problem, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
        for each in (self._file, *(self._file.with_name(f"{self._file.name}{end}") for end in ("-wal", "-shm"))):
            if each.exists():
                each.replace(each.with_name(f"{each.name}.damaged"))
        return self._made()

    def _made(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._file, isolation_level=None, timeout=_WAIT_S)
        try:
            log_ahead(database, _WAIT_S)
            database.execute("PRAGMA synchronous=NORMAL")
            database.executescript(_TABLES)
        except BaseException:
            database.close()
            raise
        return database


def _translated(problem: sqlite3.Error, file: Path) -> RetrievalError:
    return UnusableFile(
        f"cannot keep what was asked and accepted: {problem}", where=str(file), hint="free space, or delete the file"
    )
