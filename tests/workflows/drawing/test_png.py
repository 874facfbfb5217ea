"""Drawings as PNG, made on this machine."""

from __future__ import annotations

import builtins
import struct

import pytest

from tests.workflows.drawing.shapes import react, thousand
from victor_nb.errors import MissingExtra
from victor_nb.workflows.drawing import PictureTooLarge, as_png, picture_layout


def test_a_png_has_two_pixels_for_each_unit() -> None:
    """Sharp on the screens of today."""
    layout = picture_layout(react())

    picture = as_png(react())

    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert abs(struct.unpack(">I", picture[16:20])[0] - 2 * layout.width) <= 2


def test_light_and_dark_differ() -> None:
    """A picture has one theme."""
    assert as_png(react(), theme="dark") != as_png(react(), theme="light")


def test_a_picture_that_is_too_large_is_refused_with_a_way_out() -> None:
    """A thousand nodes have too many pixels; SVG has none."""
    with pytest.raises(PictureTooLarge, match=r"would be \d+ by \d+ pixels") as caught:
        as_png(thousand())

    assert "--format svg" in caught.value.hint


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library that makes pixels is optional."""
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "resvg_py":
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(MissingExtra, match="'png'") as caught:
        as_png(react())
    assert caught.value.hint == 'pip install "victor-nb[png]"'
