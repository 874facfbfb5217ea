"""From text to terms, in Python: the same rules as `accelerate/core/src/text`, and a test holds them equal.

1. A *word* is a run of ASCII letters, digits and `_`, and of characters beyond ASCII that separate nothing.
2. An identifier gives its parts (camelCase, snake_case, digits) and, if there are several, itself before them,
   without underscores. Dots separate words.
3. Scripts without spaces (Han, kana, Hangul) give pairs of neighbouring characters.
4. Parts of ASCII letters are stemmed (Snowball English). Case is folded where every Unicode version agrees.
5. A word of more than 64 characters is noise (a hash, an encoded file): its first 64 characters are one term.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Protocol, cast

LONGEST = 64
_MASK = (1 << 64) - 1

# Tables of our own: those of Python and Rust belong to different Unicode versions.
SEPARATORS = (
    "\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u1680\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f"
    "\u3000-\u3004\u3008-\u3020\u3030\u30fb\ud800-\uf8ff\ufe10-\ufe1f\ufe30-\ufe6f\ufeff\uff00-\uff0f\uff1a-\uff20"
    "\uff3b-\uff40\uff5b-\uff65\ufff0-\uffff\U0001f000-\U0001faff\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
UNSPACED = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"

_WORD = re.compile(f"[^\x00-/:-@\\[-^`{{-\x7f{SEPARATORS}]+")
_RUN = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{UNSPACED}]")


class Stemmer(Protocol):
    """What `snowballstemmer` gives."""

    def stemWord(self, word: str) -> str: ...


def words(text: str) -> list[str]:
    """Return the words of a text, as written."""
    return _WORD.findall(text)


def terms(text: str) -> list[str]:
    """Return the terms of a text in order."""
    return [term for word in words(text) for term in terms_of_word(word)]


@lru_cache(maxsize=200_000)
def terms_of_word(word: str) -> tuple[str, ...]:
    """Return the terms of one word: the whole first if it has several parts, then the parts in order."""
    if word.isascii():
        return tuple(_of_identifier(word))
    found: list[str] = []
    for run in _RUN.findall(word):
        found += _pairs(run) if _IS_UNSPACED.match(run) else _of_identifier(run)
    return tuple(found)


def parts_of_word(word: str) -> list[str]:
    """Return the parts of a word in lower case, unstemmed, and single characters of scripts without spaces.

    A word that is noise has none.
    """
    if len(word) > LONGEST:
        return []
    runs = (run for part in _parts(word) for run in _RUN.findall(part))
    return [_folded(part) for run in runs for part in (run if _IS_UNSPACED.match(run) else [run])]


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]


def _of_identifier(word: str) -> list[str]:
    if len(word) > LONGEST:
        return [_folded(word[:LONGEST])]
    parts = list(_parts(word))
    if len(parts) < 2:
        return [_stemmed(part) for part in parts]
    return [_folded(word.replace("_", "")), *(_stemmed(part) for part in parts)]


def _kind(letter: str) -> str:
    if "A" <= letter <= "Z":
        return "upper"
    if "a" <= letter <= "z":
        return "lower"
    if "0" <= letter <= "9":
        return "digit"
    return "underscore" if letter == "_" else "beyond"


def _parts(word: str) -> Iterator[str]:
    kinds = [_kind(letter) for letter in word]
    start = 0
    for at, here in enumerate(kinds):
        if here == "underscore":
            if start < at:
                yield word[start:at]
            start = at + 1
        elif at > start and _begins(kinds, at):
            yield word[start:at]
            start = at
    if start < len(word):
        yield word[start:]


def _begins(kinds: list[str], at: int) -> bool:
    """Whether a part begins at `at`: lower|Upper, UPPER|Upperlower, and where digits begin or end."""
    before, here, after = kinds[at - 1], kinds[at], kinds[at + 1] if at + 1 < len(kinds) else ""
    if here == "upper" and (before == "lower" or (before == "upper" and after == "lower")):
        return True
    return (before == "digit") != (here == "digit")


def _folded(text: str) -> str:
    # One letter at a time: a whole word would fold a final sigma otherwise than the compiled core does.
    return "".join(letter.lower() if _is_folded(ord(letter)) else letter for letter in text)


def _is_folded(code: int) -> bool:
    return code < 0x590 or 0x1E00 <= code <= 0x1FFF


def _stemmed(part: str) -> str:
    lower = _folded(part)
    if len(lower) > 2 and lower.isascii() and lower.isalpha():
        return _stem(lower)
    return lower


@cache
def _stemmer() -> Stemmer:
    # Not `snowballstemmer.stemmer("english")`: where PyStemmer is installed that is another version of the algorithm.
    from snowballstemmer.english_stemmer import EnglishStemmer

    return cast(Stemmer, EnglishStemmer())


def _stem(word: str) -> str:
    return _stemmer().stemWord(word)


def hash_term(term: str) -> int:
    """Return the 64 bits that stand for a term: FNV-1a of its UTF-8, then a finalizer that spreads it."""
    found = 0xCBF29CE484222325
    for byte in term.encode():
        found = ((found ^ byte) * 0x100000001B3) & _MASK
    return spread(found)


def spread(value: int) -> int:
    """Mix 64 bits so that each of them depends on all (the finalizer of MurmurHash3)."""
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & _MASK
    value = ((value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53) & _MASK
    return value ^ (value >> 33)
