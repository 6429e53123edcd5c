"""What DATABASE_URL may say of PostgreSQL.

    postgresql://[USER[:PASSWORD]@][HOST[:PORT][,HOST[:PORT]…]][/NAME][?PARAMETER=VALUE[&…]]

The parameters are those of libpq, with its meaning, and the few that hosts put there for other programs. One
that would not do what it says is refused by its name, so that nobody relies on it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

Host = tuple[str, int]
"""Name, address without brackets, or folder of sockets; and port."""

POSTGRESQL_PORT = 5432

_HOST = re.compile(r"(?:\[(?P<ip>[0-9A-Fa-f:.%]+)\]|(?P<name>[^\[\]:/@\s]+))(?::(?P<port>\d{1,5}))?")

# What each parameter may be, in words for the operator, and whether a value is that.
_Rule = tuple[str, Callable[[str], object]]


def _one_of(*choices: str) -> _Rule:
    return f"{', '.join(choices[:-1])} or {choices[-1]}" if choices[1:] else choices[0], choices.__contains__


_TEXT: _Rule = ("a text", bool)
_NUMBER: _Rule = ("a whole number above 0", re.compile(r"0*[1-9]\d{0,8}").fullmatch)
_COUNT: _Rule = ("a whole number", re.compile(r"\d{1,9}").fullmatch)
_TIME: _Rule = ("a time such as 5000 or 5s", re.compile(r"\d{1,9}(ms|s|min|h|d)?").fullmatch)
_SWITCH = _one_of("true", "false")
_TLS_VERSION = _one_of("TLSv1.2", "TLSv1.3")

_WHERE: dict[str, _Rule] = {
    "host": _TEXT,
    "port": _TEXT,
    "user": _TEXT,
    "password": _TEXT,
    "dbname": _TEXT,
    "target_session_attrs": _one_of("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "load_balance_hosts": _one_of("disable", "random"),
    "connect_timeout": _NUMBER,
    "keepalives": _one_of("1", "0"),
    "keepalives_idle": _COUNT,
    "keepalives_interval": _COUNT,
    "keepalives_count": _COUNT,
    "tcp_user_timeout": _COUNT,
}
_DRIVERS: dict[str, _Rule] = {
    "passfile": _TEXT,
    "sslmode": _one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslcert": _TEXT,
    "sslkey": _TEXT,
    "sslpassword": _TEXT,
    "sslrootcert": _TEXT,
    "sslcrl": _TEXT,
    "sslnegotiation": _one_of("postgres", "direct"),
    "ssl_min_protocol_version": _TLS_VERSION,
    "ssl_max_protocol_version": _TLS_VERSION,
}
_SESSION: dict[str, _Rule] = {
    "search_path": _TEXT,
    "statement_timeout": _TIME,
    "lock_timeout": _TIME,
    "idle_in_transaction_session_timeout": _TIME,
}
_OTHERS: dict[str, _Rule] = {
    "application_name": _TEXT,
    "fallback_application_name": _TEXT,
    "options": _TEXT,
    "schema": _TEXT,
    "channel_binding": _one_of("disable", "prefer", "require"),
    "connection_limit": _NUMBER,
    # What holds here whatever they say: so these values, and no others, are no lie.
    "client_encoding": _one_of("utf8", "UTF8", "utf-8", "UTF-8", "auto"),
    "gssencmode": _one_of("disable", "prefer"),
    "sslcompression": _one_of("0"),
    "sslsni": _one_of("1"),
    "pgbouncer": _SWITCH,
    "supa": _TEXT,
}
PARAMETERS: Mapping[str, _Rule] = _WHERE | _DRIVERS | _SESSION | _OTHERS
"""Every parameter that works, with what it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresUrl:
    """A URL taken apart. What it does not say is None or missing; without ``hosts`` it is this machine.

    ``session`` are settings of PostgreSQL's for each transaction, ``startup`` those for a connection's begin.
    """

    hosts: tuple[Host, ...]
    user: str | None
    password: str | None = field(repr=False)
    database: str | None
    parameters: Mapping[str, str] = field(repr=False)
    session: Mapping[str, str]
    startup: Mapping[str, str]

    @property
    def connections(self) -> int | None:
        """How many connections a worker may have."""
        return int(self.parameters["connection_limit"]) if "connection_limit" in self.parameters else None

    @property
    def driver_parameters(self) -> dict[str, str]:
        """The parameters that the driver carries out by itself, all but those of TLS that ``tls`` does."""
        return {name: value for name, value in self.parameters.items() if name in _DRIVERS}

    def tls(self) -> ssl.SSLContext | None:
        """What TLS is to be where the driver cannot make it from the parameters; else None.

        That is so where the system's authorities vouch for the server: for ``sslrootcert=system`` and for
        ``sslmode=verify-…`` that names no file. And for ``channel_binding=require``: the driver cannot bind,
        but a certificate that is checked to the name keeps out whom binding would keep out. Raises OSError
        where a file cannot be used.
        """
        verified = self.parameters.get("sslmode", "").startswith("verify-")
        root = self.parameters.get("sslrootcert", "system" if verified else "")
        if self.parameters.get("channel_binding") != "require" and root != "system":
            return None
        context = ssl.create_default_context(cafile=None if root in ("", "system") else root)
        self._load_own(context)
        context.set_alpn_protocols(["postgresql"])
        return context

    def load_certificates(self) -> None:
        """Read what the parameters for TLS name, as each connection will. Raises ValueError if that fails."""
        context = ssl.create_default_context()
        try:
            if self.parameters.get("sslrootcert", "system") != "system":
                context.load_verify_locations(self.parameters["sslrootcert"])
            self._load_own(context)
            self.tls()
        except OSError as error:
            # which of them it is, OpenSSL does not tell
            files = [
                name for name in ("sslrootcert", "sslcert", "sslkey", "sslcrl") if name in self.parameters
            ]
            raise ValueError(f"{', '.join(files)} cannot be used for TLS: {error}") from error

    def _load_own(self, context: ssl.SSLContext) -> None:
        if "sslcrl" in self.parameters:
            context.load_verify_locations(self.parameters["sslcrl"])
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
        if "sslcert" in self.parameters:
            password = self.parameters.get("sslpassword", "")
            context.load_cert_chain(
                self.parameters["sslcert"], self.parameters.get("sslkey"), lambda: password
            )
        for bound, name in (("minimum_version", "min"), ("maximum_version", "max")):
            if version := self.parameters.get(f"ssl_{name}_protocol_version"):
                setattr(context, bound, ssl.TLSVersion[version.replace(".", "_")])


def parse_postgres_url(text: str) -> PostgresUrl:
    """Take a URL apart. Raises ValueError with a sentence for the operator, which never shows a password."""
    scheme, _, rest = text.partition("://")
    if scheme not in ("postgres", "postgresql", "postgresql+asyncpg"):
        raise ValueError("it must begin with postgresql:// or sqlite:///")
    rest, _, query = rest.partition("?")
    parameters = _parameters(query)
    authority, _, path = rest.partition("/")
    userinfo, _, hosts = authority.rpartition("@")
    user, _, password = userinfo.partition(":")
    if parameters.get("channel_binding") == "require" and parameters.get("sslmode") == "disable":
        raise ValueError("channel_binding=require needs TLS, and sslmode=disable forbids it")
    if parameters.get("sslrootcert") == "system" and parameters.get("sslmode") not in (None, "verify-full"):
        raise ValueError("sslrootcert=system needs sslmode=verify-full")
    session = {name: parameters[name] for name in _SESSION if name in parameters}
    if "schema" in parameters:
        session["search_path"] = '"{}"'.format(parameters["schema"].replace('"', '""'))
    given, kept = _options(parameters.get("options", ""))
    named = parameters.get("application_name") or parameters.get("fallback_application_name")
    return PostgresUrl(
        hosts=_hosts(parameters.get("host") or hosts, parameters.get("port", "")),
        user=parameters.get("user") or unquote(user) or None,
        password=parameters.get("password") or unquote(password) or None,
        database=parameters.get("dbname") or unquote(path) or None,
        parameters=parameters,
        session=session | given,
        startup={"application_name": named or "grandstand"} | ({"options": kept} if kept else {}),
    )


def _hosts(text: str, port: str) -> tuple[Host, ...]:
    ports = [*port.split(",")] if port else []
    names = text.split(",") if text else []
    if len(ports) > 1 and len(ports) != len(names):
        raise ValueError(
            f"port names {len(ports)} ports for {len(names)} hosts; write one for each, or one for all"
        )
    found = []
    for number, part in enumerate(names):
        name = unquote(part)
        default = ports[number if len(ports) > 1 else 0] if ports else str(POSTGRESQL_PORT)
        match = None if name.startswith("/") else _HOST.fullmatch(part)
        digits = (match and match["port"]) or default
        if (match is None and not name.startswith("/")) or not _is_port(digits):
            raise ValueError(
                "write each host as HOST:PORT, the port from 1 to 65535, with commas between "
                "(in a name or password write @ as %40, / as %2F, : as %3A and ? as %3F)"
            )
        found.append((unquote(match["ip"] or match["name"]) if match else name, int(digits)))
    return tuple(found)


def _is_port(digits: str) -> bool:
    return re.fullmatch(r"\d{1,5}", digits) is not None and 0 < int(digits) <= 65535


def _parameters(query: str) -> dict[str, str]:
    """The parameters by name. Raises ValueError for one that does not work, is there twice, or cannot be."""
    found: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, _, value = (unquote(piece) for piece in part.partition("="))
        if name not in PARAMETERS:
            # what is no name may be the rest of a password with a ? in it
            shown = (
                f"the parameter {name}" if re.fullmatch(r"\w+", name) and "@" not in query else "a parameter"
            )
            raise ValueError(
                f"{shown} after the ? does not work here, take it out; "
                f"there are {', '.join(sorted(PARAMETERS))}"
            )
        if name in found:
            raise ValueError(f"the parameter {name} is there twice")
        words, holds = PARAMETERS[name]
        if not holds(value):
            raise ValueError(f"{name} must be {words}")
        found[name] = value
    return found


def _options(text: str) -> tuple[dict[str, str], str]:
    """The settings that ``options`` gives by -c or --, and what else it says, for the server or a proxy.

    They are made with each transaction, like all others: a pooler takes none at a connection's begin.
    """
    # words as PostgreSQL splits them: by spaces, with a backslash before one that is meant
    words = iter(re.findall(r"(?:\\.|[^\s\\])+", text))
    settings: dict[str, str] = {}
    kept = []
    for word in words:
        if word.startswith("--"):
            setting = word.removeprefix("--")
        elif word.startswith("-c"):
            setting = word.removeprefix("-c") or next(words, "")
        else:
            kept.append(word)
            continue
        name, equals, value = setting.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][\w.-]*", name):
            raise ValueError("options must be settings such as -c NAME=VALUE")
        settings[name.replace("-", "_")] = re.sub(r"\\(.)", r"\1", value)
    return settings, " ".join(kept)
