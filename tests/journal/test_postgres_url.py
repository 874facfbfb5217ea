"""URLs of journals in PostgreSQL: taken apart, and shown without what must stay secret."""

from __future__ import annotations

import sys

import pytest

from tests.support.require import library
from victor_nb.errors import MissingExtra, UsageError
from victor_nb.journal import open_journal

Address = library("victor_nb.journal.postgres_url", extra="postgres").Address
SECRET = "pa55wörd/?#@:"
ESCAPED = "pa55w%C3%B6rd%2F%3F%23%40%3A"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ada:{ESCAPED}@db.example:5433/lab?schema=s&sslmode=require",
        f"postgres://ada@db.example:5433/lab?password={ESCAPED}&schema=s&sslmode=require",
        f"postgresql://ada@db.example:5433/lab?sslpassword={ESCAPED}&schema=s&sslmode=require",
    ],
)
def test_a_password_goes_to_the_driver_and_is_shown_nowhere(url):
    """Wherever in the URL it stands; everything else can be read."""
    address = Address.of(url)

    assert SECRET in (address.conninfo.get("password"), address.conninfo.get("sslpassword"))
    assert "pa55" not in address.shown + repr(address) + str(address)
    assert address.shown == "postgresql://ada@db.example:5433/lab?sslmode=require&schema=s"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada@db.example/lab",
        "postgresql://db1,db2:5433/lab?target_session_attrs=read-write",
        "postgresql:///lab?host=%2Frun%2Fpostgresql&schema=Mein%20Plan&mode=ro",
        "postgresql://[::1]:5433/m%C3%BCller",
    ],
)
def test_what_is_shown_leads_to_the_same_place(url):
    """Somebody who copies it, and has the password elsewhere, finds the journal."""
    address = Address.of(url)

    assert Address.of(address.shown) == address


def test_one_database_holds_many_journals():
    """Each in a schema of its own; without a name, in `victor`."""
    assert Address.of("postgresql://h/d").schema == "victor"
    assert Address.of("postgresql://h/d?schema=lab%202").schema == "lab 2"


def test_a_mistyped_option_is_named_with_its_neighbour():
    """Also one of the driver's own."""
    with pytest.raises(UsageError, match=r"'shema'\. Did you mean 'schema'"):
        Address.of("postgresql://h/d?shema=x")
    with pytest.raises(UsageError, match=r"'sslmod'\. Did you mean 'sslmode'"):
        Address.of("postgresql://h/d?sslmod=require")
    with pytest.raises(UsageError, match="unknown mode 'rw'"):
        Address.of("postgresql://h/d?mode=rw")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:pa55?word@h/d",
        "postgresql://ada:pa55/word@h/d",
        "postgresql://ada:pa55%zz@h/d",
        "postgresq://ada:pa55@h/d",
        "mysql://ada:pa55@h/d",
    ],
)
def test_a_url_with_a_mistake_is_refused_without_repeating_a_password(url):
    """A sign that should have been escaped cuts a password in two; neither half is shown."""
    with pytest.raises(UsageError) as raised:
        open_journal(url)

    assert "pa55" not in str(raised.value)
    assert "word" not in raised.value.what


def test_a_port_that_is_no_number_points_to_escaping():
    """The usual cause is a sign inside a password."""
    with pytest.raises(UsageError, match=r"port that is no number[\s\S]*%2F"):
        Address.of("postgresql://ada@h:54e2/d")


def test_without_the_driver_the_extra_is_named(monkeypatch):
    """An installation without PostgreSQL says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(MissingExtra, match=r'pip install "victor-nb\[postgres\]"'):
        open_journal("postgresql://h/d")
