"""Names of models: what they lead to, and what is said when they lead nowhere."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic_ai.models.test import TestModel

from victor_nb.errors import MissingExtra
from victor_nb.models import MissingKey, UnknownModel, catalogue, resolve
from victor_nb.models.catalogue import PROVIDERS
from victor_nb.models.offline import OfflineModel


def test_the_default_is_the_offline_model():
    """Without a word about models, no key and no network is needed."""
    assert isinstance(resolve(), OfflineModel)


def test_a_model_object_is_passed_on():
    """Whatever the framework offers can be used as it is."""
    model = TestModel()

    assert resolve(model) is model


@pytest.mark.parametrize(
    ("name", "variable"), [("openai:gpt-5", "OPENAI_API_KEY"), ("anthropic:claude-opus-4-5", "ANTHROPIC_API_KEY")]
)
def test_a_missing_key_is_named(monkeypatch, name, variable):
    """The error says which variable to set."""
    monkeypatch.delenv(variable, raising=False)

    with pytest.raises(MissingKey, match=variable):
        resolve(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [("offlin", "Did you mean 'offline'"), ("opnai:gpt-5", "Did you mean 'openai'"), ("", "no model ''")],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, words):
    """A slip of the finger costs one glance."""
    with pytest.raises(UnknownModel, match=words):
        resolve(name)


def test_a_missing_client_names_its_extra(monkeypatch):
    """The error is the command that installs it."""
    monkeypatch.setattr("victor_nb.models.resolving.is_installed", lambda module: False)

    with pytest.raises(MissingExtra, match=r"victor-nb\[anthropic\]"):
        resolve("anthropic:claude-opus-4-5")


def test_the_catalogue_says_what_is_lacking(monkeypatch):
    """`victor models` tells what to install or set before a model can answer."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    infos = {info.name: info for info in catalogue()}

    assert infos["offline"].is_available
    assert not infos["openai:gpt-5"].is_available
    assert "OPENAI_API_KEY" in infos["openai:gpt-5"].needs
    assert {info.provider for info in infos.values()} == set(PROVIDERS)


def test_the_catalogue_is_light():
    """Completion asks for it while a person types."""
    code = (
        "import sys, victor_nb.models as m; m.catalogue(); print('pydantic_ai' in sys.modules, 'openai' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]
