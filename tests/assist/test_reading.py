"""What packages say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from victor_nb.assist.installed import wanted
from victor_nb.assist.reading import Entry, entries_of
from victor_nb.retrieval.errors import NothingThere


def read(name: str) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries_of(wanted(name).package)}


def test_names_are_those_that_a_user_imports(herds: Path) -> None:
    """What a private module defines and the package offers is known by the package; what is private is not told."""
    found = read("herds")

    assert found["herds.count_giraffes"].defined == "herds._counting.count_giraffes"
    assert found["herds.count_giraffes"].signature == "herds.count_giraffes(herd, *, grown=True)"
    assert found["herds.count_giraffes"].said.startswith("Count the giraffes of a herd.")
    assert not any("_secret" in name for name in found)


def test_a_class_is_called_as_it_is_made_and_a_method_without_self(herds: Path) -> None:
    """Signatures are what one types."""
    found = read("herds")

    assert found["herds.Feeder"].signature == "herds.Feeder(leaves=3, *, morning=True)"
    assert found["herds.Feeder.feed"].signature == "herds.Feeder.feed(animal: str) -> bool"


def test_what_nobody_can_import_is_known_by_the_class_that_has_it(herds: Path) -> None:
    """A method of a private base is a method of the class that is offered."""
    (herds / "feeding.py").write_text((herds / "feeding.py").read_text().replace("_Kitchen", "Kitchen"))
    found = read("herds")

    assert found["herds.Feeder.weigh_leaves"].defined == "herds.feeding.Kitchen.weigh_leaves"


def test_an_attribute_of_two_classes_is_known_by_the_one_that_examples_use(tmp_path, monkeypatch) -> None:
    """`Herd.legs.count`, not `Zoo.legs.count`, although the zoo is the larger class."""
    package = tmp_path / "animals"
    package.mkdir()
    (package / "__init__.py").write_text("from animals.all import Herd, Zoo\n")
    (package / "all.py").write_text(
        "class Legs:\n    def count(self):\n        'Count legs.\\n\\n>>> Herd().legs.count()'\n\n\n"
        "class Herd:\n    legs = Accessor('legs', Legs)\n\n\n"
        "class Zoo:\n    legs = Accessor('legs', Legs)\n    doors = 1\n    cages = 2\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    assert "animals.Herd.legs.count" in read("animals")


def test_a_file_that_is_no_python_is_passed_over(herds: Path) -> None:
    """The others are read."""
    assert "herds.broken" not in read("herds")
    assert "herds.Feeder" in read("herds")


def test_a_package_that_says_nothing_still_has_signatures(herds: Path) -> None:
    """No docstring is no error."""
    from tests.assist.herds import SILENT

    (herds.parent / "silent").mkdir()
    (herds.parent / "silent" / "__init__.py").write_text(SILENT)

    assert {entry.signature for entry in read("silent").values()} == {"silent.quiet(a, b=1)", "silent.Mute"}


def test_compiled_code_is_asked_of_the_module_that_is_imported_already() -> None:
    """NumPy's universal functions are in no file that could be read."""
    import numpy

    found = read("numpy")

    assert found["numpy.sin"].said.startswith("Trigonometric sine") or "sine" in found["numpy.sin"].said
    assert found["numpy.ndarray.reshape"].said
    assert found["numpy.sum"].path.endswith("fromnumeric.py")
    assert numpy.sin.__doc__


def test_names_that_examples_use_much_weigh_more(herds: Path) -> None:
    """What a package shows most is most likely meant."""
    found = read("herds")

    assert found["herds.count_giraffes"].weight > found["herds.count_okapis"].weight == 0.0


def test_what_is_not_installed_has_a_nearest_name() -> None:
    """A mistyped package is told as such."""
    with pytest.raises(NothingThere, match="Did you mean 'pandas'"):
        wanted("pnadas")


def test_what_is_compiled_alone_is_told() -> None:
    """A module without a file says nothing."""
    with pytest.raises(NothingThere, match="compiled"):
        wanted("sys")


def test_distributions_are_known_by_both_of_their_names() -> None:
    """As they are installed, and as they are imported."""
    assert wanted("scikit-learn").key == wanted("sklearn").key
