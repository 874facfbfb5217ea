"""Items: what outlives the runs; whatever the store."""

from __future__ import annotations

import threading

import pytest

from victor_nb.journal.items import FOREVER, LABEL_END, SWEPT_AT_ONCE, ItemRow, Removal, end_of

USERS = f"users{LABEL_END}"
ADA = f"{USERS}ada{LABEL_END}"


def row(name="k", *, place=ADA, raw=b"1", words="", version="v1", created=1.0, expires=FOREVER, ttl_s=FOREVER):
    """An item as a memory would write it."""
    return ItemRow(place, name, raw, b"", words, b"", "", version, created, created, expires, ttl_s)


@pytest.fixture
def items(journal):
    """The items of an empty journal."""
    return journal.store.items


def names(rows):
    """What was found, in order."""
    return [one.name for one in rows]


def test_a_journal_without_items_answers_with_nothing(items):
    """Nobody has to write before somebody reads."""
    assert items.get(ADA, "k", 0.0) is None
    assert items.below("", 0.0, limit=None, offset=0) == []
    assert items.with_words("", ["a"], 0.0, 10) == []
    assert items.places(0.0) == []
    assert items.sweep(0.0) == 0


def test_an_item_comes_back_as_it_was_written(items):
    """Every field, bytes included."""
    written = row()._replace(parts=b"\x00\xff", vector=b"\x01\x00", embedder="e", ttl_s=5.0, expires=50.0)
    items.write([written], 1.0)

    assert items.get(ADA, "k", 2.0) == written


def test_an_item_that_is_written_again_keeps_the_time_of_its_creation(items):
    """Everything else is new."""
    items.write([row(created=1.0)], 1.0)
    items.write([row(created=9.0, raw=b"2", version="v2")], 9.0)

    found = items.get(ADA, "k", 9.0)
    assert (found.created, found.updated, found.raw, found.version) == (1.0, 9.0, b"2", "v2")


def test_changes_are_made_in_order_and_removals_among_them(items):
    """The last word about an item counts."""
    items.write([row("a"), row("b"), Removal(ADA, "a"), Removal(ADA, "b"), row("b", raw=b"2")], 1.0)

    assert names(items.below("", 1.0, limit=None, offset=0)) == ["b"]
    assert items.get(ADA, "b", 1.0).raw == b"2"


def test_a_namespace_holds_what_is_below_it_and_not_its_neighbours(items):
    """A label is whole: "users" is not the beginning of "users2"."""
    places = [USERS, ADA, f"{USERS}adam{LABEL_END}", f"users2{LABEL_END}", f"user{LABEL_END}"]
    items.write([row(str(number), place=place) for number, place in enumerate(places)], 1.0)

    assert sorted(names(items.below(USERS, 1.0, limit=None, offset=0))) == ["0", "1", "2"]
    assert names(items.below(ADA, 1.0, limit=None, offset=0)) == ["1"]
    assert items.places(1.0) == sorted(places)


def test_items_are_listed_from_the_last_written_in_pages(items):
    """Writing an item again brings it to the front."""
    for name in ("a", "b", "c"):
        items.write([row(name)], 1.0)
    items.write([row("a")], 1.0)

    assert names(items.below(USERS, 1.0, limit=None, offset=0)) == ["a", "c", "b"]
    assert names(items.below(USERS, 1.0, limit=1, offset=1)) == ["c"]
    assert names(items.below(USERS, 1.0, limit=9, offset=2)) == ["b"]


def test_items_are_found_by_their_words(items):
    """Any of the words, at or below the place; not by those of an earlier value, nor of one that was removed."""
    items.write([row("a", words="tea green"), row("b", words="coffee"), row("c", words="teapot")], 1.0)
    items.write([row("d", words="tea", place=USERS), row("e", words="tea")], 1.0)
    items.write([row("b", words="tea"), row("a", words="milk"), Removal(ADA, "e")], 1.0)

    assert sorted(names(items.with_words(USERS, ["tea", "absent"], 1.0, 10))) == ["b", "d"]
    assert names(items.with_words(ADA, ["green", "coffee"], 1.0, 10)) == []
    assert len(items.with_words(USERS, ["tea"], 1.0, 1)) == 1


def test_an_item_past_its_time_is_nowhere(items):
    """Not under its name, not in a list, not by its words, not as a namespace; then a sweep takes it away."""
    items.write([row("a", words="tea", expires=10.0, ttl_s=9.0), row("b", place=USERS)], 1.0)

    assert names(items.below("", 9.9, limit=None, offset=0)) == ["b", "a"]
    assert items.get(ADA, "a", 10.0) is None
    assert names(items.below("", 10.0, limit=None, offset=0)) == ["b"]
    assert items.with_words("", ["tea"], 10.0, 10) == []
    assert items.places(10.0) == [USERS]
    assert (items.sweep(10.0), items.sweep(10.0)) == (1, 0)
    assert items.get(ADA, "a", 9.0) is None, "gone for good"


def test_an_item_past_its_time_begins_anew_when_it_is_written(items):
    """The old one's creation is forgotten with it."""
    items.write([row("a", created=1.0, expires=10.0)], 1.0)
    items.write([row("a", created=20.0)], 20.0)

    assert items.get(ADA, "a", 20.0).created == 20.0


def test_a_write_takes_some_items_past_their_time_away(items):
    """Nobody has to sweep a memory that is used."""
    items.write([row(str(number), expires=10.0) for number in range(SWEPT_AT_ONCE // 2)], 1.0)
    items.write([row("new", created=20.0)], 20.0)
    items.write([row("newer", created=20.0)], 20.0)

    assert items.sweep(20.0) in (0, SWEPT_AT_ONCE // 2), "in memory, nothing needs to be taken away early"


def test_prolonging_lets_the_time_begin_anew(items):
    """By the item's own length; what has no end keeps having none."""
    items.write([row("a", expires=10.0, ttl_s=9.0), row("b")], 1.0)
    items.prolong([items.get(ADA, name, 5.0) for name in ("a", "b")], 5.0)

    assert items.get(ADA, "a", 13.9).expires == 14.0
    assert items.get(ADA, "b", 1e9).expires == FOREVER


def test_a_vector_is_kept_for_the_value_that_it_was_made_of(items):
    """Whoever wrote in between knows better."""
    items.write([row("a"), row("b")], 1.0)
    read = items.below("", 1.0, limit=None, offset=0)
    items.write([row("b", version="v2")], 2.0)
    items.describe([one._replace(vector=b"\x01", embedder="e") for one in read])

    assert items.get(ADA, "a", 2.0).vector == b"\x01"
    assert items.get(ADA, "b", 2.0).vector == b""


def test_a_swap_needs_the_version_that_was_read(items):
    """Of two that change one item, the second is told that it was too late."""
    assert items.swap(row(version="v1"), "", 1.0)
    assert not items.swap(row(version="v2"), "", 1.0)
    assert items.swap(row(version="v2", raw=b"2"), "v1", 1.0)
    assert not items.swap(row(version="v3", raw=b"3"), "v1", 1.0)
    assert items.get(ADA, "k", 1.0).raw == b"2"


def test_an_item_past_its_time_counts_as_absent_in_a_swap(items):
    """Its version is none that anybody may have read."""
    items.write([row(version="v1", expires=10.0)], 1.0)

    assert not items.swap(row(version="v2"), "v1", 10.0)
    assert items.swap(row(version="v2"), "", 10.0)


def test_threads_that_swap_one_item_lose_nothing(items):
    """Each gets its turn."""

    def count():
        for _ in range(25):
            while True:
                found = items.get(ADA, "n", 1.0)
                number = int(found.raw) if found else 0
                version = f"{threading.get_ident()}-{number}"
                new = row("n", raw=str(number + 1).encode(), version=version)
                if items.swap(new, found.version if found else "", 1.0):
                    break

    threads = [threading.Thread(target=count) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert items.get(ADA, "n", 1.0).raw == b"100"


@pytest.mark.parametrize("place", ["", USERS, ADA])
def test_the_end_of_a_place_is_behind_everything_below_it(place):
    """Whatever the script that its labels are written in."""
    assert all(f"{place}{inner}{LABEL_END}" < end_of(place) for inner in (" ", "a", "ü", "漢"))
