"""Reading YAML: values with their places, every mistake at its line and column, and nothing that grows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.workflows.yaml_file.errors import FileUnreadable
from victor_nb.workflows.yaml_file.reading import LONGEST_BYTES, MOST_VALUES, read, read_file


def mistakes(text: str) -> list[tuple[str, int, int]]:
    return [(one.what, one.place.line, one.place.column) for one in read(text, "w.yaml")[1]]


def value(text: str) -> object:
    document, wrong = read(text, "w.yaml")
    assert not wrong
    assert document is not None
    return document.value


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *(("no", "no"), ("on", "on"), ("2026-01-01", "2026-01-01"), ("12:30", "12:30"), ("1_000", "1_000")),
        *(("true", True), ("null", None), ("~", None), ("0o17", 15), ("0x1f", 31), ("017", 17), ("1e3", 1000.0)),
        *((".inf", float("inf")), ("-.inf", float("-inf")), ("'true'", "true"), ("!!str 5", "5"), ("!!float 5", 5.0)),
    ],
)
def test_words_mean_what_yaml_1_2_says(word: str, meant: object) -> None:
    """Norway is not false, a date is a text, and octal numbers say so."""
    assert value(f"a: {word}") == {"a": meant}


def test_every_value_knows_its_place() -> None:
    """Keys, values, list items and the lines of a block text are found again."""
    document, _ = read("nodes:\n  - id: a\n    goal: |\n      one\n        two\n", "w.yaml")
    assert document is not None

    assert str(document.place("nodes", 0, "id")) == "w.yaml:2:9"
    assert str(document.place_of_key("nodes", 0, "goal")) == "w.yaml:3:5"
    assert str(document.place_of_line(2, "nodes", 0, "goal")) == "w.yaml:5:9"
    assert str(document.place("nodes", 0, "missing", "below")) == "w.yaml:2:5"


def test_a_carriage_return_alone_is_a_line_break() -> None:
    """Lines are counted as YAML counts them, whatever system wrote the file."""
    assert mistakes("a: 1\r\nb: 2\ra: 3") == [("the key 'a' is given twice, first in line 1", 3, 1)]


def test_keys_given_twice_are_all_told() -> None:
    """No key silently wins over another; each repetition is a mistake at its place."""
    assert mistakes("a: 1\nb: {c: 1, c: 2}\na: 3") == [
        ("the key 'c' is given twice, first in line 2", 2, 11),
        ("the key 'a' is given twice, first in line 1", 3, 1),
    ]


@pytest.mark.parametrize(
    ("text", "says", "line", "column"),
    [
        ("a:\n\t- b\n", "a tab in the indentation", 2, 1),
        ("a: b: c", "a `:` where no key can stand", 1, 5),
        ("a: [1, 2\nb: 3", "a `[` that is never closed", 1, 4),
        ("a: 'x\nb: y", "a quote that is never closed", 1, 4),
        ("a: 1\n b: 2", "a `:` where no key can stand", 2, 3),
        ("- a\nb: 1", "a line that stands", 2, 1),
        ("a: @b", "a character that cannot begin a value", 1, 4),
        ("a: x\x07y", "'\\x07' is not allowed", 1, 5),
        ("a: x\nb: \ud800", "'\\ud800' is not allowed", 2, 4),
        ('a: "\\q"', "an unknown escape", 1, 5),
        ("a: !!python/object/apply:os.abort []", "the tag !!python/object/apply:os.abort is not allowed", 1, 4),
        ("a: !secret x", "the tag !secret is not allowed", 1, 4),
        ("a: !!int x", "'x' is no int", 1, 4),
        ("1: a", "the key 1 is not text", 1, 1),
        ("a: *b", "the alias *b has no anchor", 1, 4),
        ("a: &a [*a]", "stands inside what it stands for", 1, 8),
        ("a: 1\n---\nb: 2", "a second document", 2, 1),
        ("<<: 5\na: 1", "`<<` merges mappings", 1, 5),
        ("", "the file is empty", 1, 1),
        ("a: " + "9" * 2000, "a number of 2,000 digits", 1, 4),
        ("[" * 60 + "]" * 60, "nest deeper than 50", 1, 52),
    ],
)
def test_what_cannot_be_read_is_said_at_its_place(text: str, says: str, line: int, column: int) -> None:
    """Each mistake that people make in YAML has words of its own, with line and column."""
    told = mistakes(text)

    assert any(says in what and (line, column) == place for what, *place_ in told for place in [tuple(place_)]), told


@pytest.mark.parametrize("text", ["a: {{ x }}\n", "a: {{ x }} and more\n", "- {{ x }} {{ y }}"])
def test_braces_without_quotes_are_explained(text: str) -> None:
    """`goal: {{ name }}` is a mapping in YAML; the hint says how to write the text."""
    assert any("in quotes" in one.hint for one in read(text, "w.yaml")[1])


def test_merge_keys_take_what_is_not_there() -> None:
    """`<<` works as everywhere, and the merged values keep the places where they are written."""
    text = "base: &base {a: 1, b: 2}\nuse:\n  <<: *base\n  b: 3\n"
    document, wrong = read(text, "w.yaml")

    assert not wrong
    assert document is not None
    assert document.value["use"] == {"b": 3, "a": 1}
    assert str(document.place("use", "a")) == "w.yaml:1:17"


def test_an_alias_bomb_stops_when_it_stands_for_too_much() -> None:
    """A billion laughs cost a few hundred values: what aliases stand for is counted, never built."""
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
    (told,) = mistakes("l0: &l0 [x]\n" + levels)

    assert f"more than {MOST_VALUES:,} values" in told[0]


def test_ten_megabytes_of_text_are_read(tmp_path: Path) -> None:
    """A long file is only text; it is read in seconds."""
    file = tmp_path / "w.yaml"
    file.write_text("nodes:\n" + "".join(f"- id: n{n}\n  goal: {'x ' * 5000}\n" for n in range(1000)))
    document, wrong = read_file(file)

    assert file.stat().st_size > 10_000_000
    assert not wrong
    assert document is not None
    assert len(document.value["nodes"]) == 1000


def test_a_file_that_is_too_long_is_refused_unread(tmp_path: Path) -> None:
    """Beyond the limit nothing is parsed."""
    file = tmp_path / "w.yaml"
    file.write_bytes(b"#" * (LONGEST_BYTES + 1))

    assert "longer than 16 MB" in read_file(file)[1][0].what


def test_a_file_that_is_not_utf8_names_the_byte(tmp_path: Path) -> None:
    """An old encoding is told with the place of the first byte that betrays it."""
    file = tmp_path / "w.yaml"
    file.write_bytes("a: 1\nb: ö".encode() + b"\xe4")
    (told,) = read_file(file)[1]

    assert (told.what, told.place.line, told.place.column) == ("the byte 0xe4 is not UTF-8", 2, 5)


def test_a_byte_order_mark_is_not_content(tmp_path: Path) -> None:
    """Editors that write one do no harm."""
    file = tmp_path / "w.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1")
    document, _ = read_file(file)

    assert document is not None
    assert document.value == {"a": 1}


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    """A misspelled file name is answered with the one that is there."""
    (tmp_path / "training.yaml").write_text("nodes: []")

    with pytest.raises(FileUnreadable, match=r"Did you mean 'training\.yaml'"):
        read_file(tmp_path / "trainig.yaml")


def test_a_folder_is_no_workflow(tmp_path: Path) -> None:
    """What cannot be opened is an error that names it."""
    with pytest.raises(FileUnreadable, match="cannot be read"):
        read_file(tmp_path)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_json_is_read_as_what_it_is(data: object) -> None:
    """JSON is YAML 1.2: its values come back as they are."""
    text = json.dumps(data, ensure_ascii=True)
    document, wrong = read(text, "w.yaml")

    if "\\ud" not in text:  # halves of surrogate pairs are no characters in YAML
        assert not wrong
        assert document is not None
        assert document.value == data


@given(st.text(alphabet="ab:-[]{}'\"&*!|>#%@`,?\n\t \\0.~", max_size=40))
def test_no_text_makes_reading_fail(text: str) -> None:
    """Whatever is written, the answer is a document or mistakes with places inside the file."""
    document, wrong = read(text, "w.yaml")

    assert document is not None or wrong
    assert all(1 <= one.place.line <= text.count("\n") + 2 for one in wrong)


def test_the_slow_parser_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML was built without libyaml, files mean the same."""
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)

    assert value("a: [1, no]") == {"a": [1, "no"]}
    assert mistakes("a: 1\na: 2") == [("the key 'a' is given twice, first in line 1", 2, 1)]
