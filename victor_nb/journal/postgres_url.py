"""Where a journal in PostgreSQL is: its URL taken apart, and shown without what must stay secret.

1. Everything that libpq knows may stand in the URL; `schema` and `mode` are ours.
2. A password leaves this module only for the driver. An error about a URL shows no part of it that may be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict

from victor_nb.errors import UsageError, nearest

DEFAULT_SCHEMA: Final = "victor"
_OURS: Final = ("schema", "mode")
_PATIENCE: Final = {
    "connect_timeout": "10",
    # A server whose machine vanished is noticed: nothing waits for it longer than that.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
_HINT: Final = "postgresql://USER@HOST:5432/DATABASE, with the password in PGPASSWORD or ~/.pgpass"


@dataclass(frozen=True, slots=True)
class Address:
    """A server, a database and a schema in it.

    Attributes:
        shown: the URL without its password.
        conninfo: what the driver is given; holds the password.
        schema: where the journal's tables are; one database can hold many journals.
        read_only: connect for reading only.
    """

    shown: str
    conninfo: Mapping[str, str] = field(repr=False)
    schema: str
    read_only: bool

    @classmethod
    def of(cls, url: str) -> Address:
        """Take a URL apart.

        Raises:
            UsageError: it has an option that nobody knows, or no form that a server could have.
        """
        place, _, query = url.partition("?")
        options = _options(query)
        ours: dict[str, str] = {name: options.pop(name) for name in _OURS if name in options}
        if ours.get("mode", "ro") != "ro":
            raise UsageError(f"the journal's URL has an unknown mode {ours['mode']!r}", hint='the one mode is "ro"')
        try:
            asked = conninfo_to_dict(f"{place}?{urlencode(options, quote_via=quote)}")
        except ProgrammingError:
            raise UsageError("the journal's URL is not one of a PostgreSQL server", hint=_HINT) from None
        info = {name: str(value) for name, value in asked.items() if value is not None}
        _check_ports(info.get("port", ""))
        schema = ours.get("schema") or DEFAULT_SCHEMA
        known = {**_PATIENCE, "fallback_application_name": "victor-nb", **info, "client_encoding": "UTF8"}
        return cls(_shown(info, ours), known, schema, "mode" in ours)


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    known = [*_OURS, *(option.keyword.decode() for option in pq.Conninfo.get_defaults())]
    for name in options:
        if name not in known:
            # With an @ behind the question mark, this may be a piece of a password.
            which = "" if "@" in query else f" {name!r}.{nearest(name, known)}"
            raise UsageError(f"the journal's URL has an option that PostgreSQL does not know{which}", hint=_HINT)
    return options


def _secret_options() -> set[str]:
    """Those that libpq wants to be shown as asterisks."""
    return {option.keyword.decode() for option in pq.Conninfo.get_defaults() if option.dispchar == b"*"}


def _check_ports(ports: str) -> None:
    if not all(port.isdigit() for port in ports.split(",") if port):
        hint = f"{_HINT}; in a URL, / ? # @ : inside a password are written %2F %3F %23 %40 %3A"
        raise UsageError("the journal's URL has a port that is no number", hint=hint)


def _machine(host: str, port: str) -> str:
    is_ipv6 = ":" in host and not host.startswith("/")
    return (f"[{host}]" if is_ipv6 else quote(host, safe="")) + (f":{port}" if port else "")


def _shown(info: Mapping[str, str], ours: Mapping[str, str]) -> str:
    user = f"{quote(info['user'], safe='')}@" if "user" in info else ""
    hosts = info.get("host", "").split(",")
    ports = info.get("port", "").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    machines = [_machine(host, port) for host, port in zip(hosts, ports, strict=False)]
    in_place = {"user", "host", "port", "dbname"} | _secret_options()
    options = {name: value for name, value in {**info, **ours}.items() if name not in in_place}
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    return f"postgresql://{user}{','.join(machines)}/{quote(info.get('dbname', ''), safe='')}{query}"
