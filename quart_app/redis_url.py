"""What REDIS_URL may say: one server, the master that sentinels name, or the masters of a cluster.

    redis://[USER:PASSWORD@]HOST[:PORT][/DB]                                   also rediss:// and unix://PATH
    redis+sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]/SERVICE[/DB]   also rediss+sentinel://
    redis+cluster://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]                 also rediss+cluster://

``rediss`` means TLS, on every connection. USER and PASSWORD are those of the servers; sentinels get
``sentinel_username`` and ``sentinel_password`` of the query, if they are there. The options of the query are
those of redis-py for a connection, by its names; how long to wait, when to try again and which protocol to
speak is not for the URL to say.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode

from redis.asyncio import Redis
from redis.asyncio.connection import SSLConnection

Node = tuple[str, int]
"""Host, without the brackets of an IPv6 address, and port."""

REDIS_PORT = 6379
SENTINEL_PORT = 26379

_LABEL = r"[^\[\]:/@\s.]{1,63}"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_NODE = re.compile(rf"(?:\[(?P<ip>[0-9A-Fa-f:.]+)\]|(?P<name>{_NAME}))(?::(?P<port>\d{{1,5}}))?")
_KINDS: dict[str, Literal["server", "sentinel", "cluster"]] = {
    "redis": "server",
    "rediss": "server",
    "unix": "server",
    "redis+sentinel": "sentinel",
    "rediss+sentinel": "sentinel",
    "redis+cluster": "cluster",
    "rediss+cluster": "cluster",
}

# What each option may be, in words for the operator, and whether a value is that.
_Rule = tuple[str, Callable[[str], bool]]


_TEXT: _Rule = ("a text", bool)
_NUMBER: _Rule = ("a whole number above 0", lambda text: text.isdecimal() and int(text) > 0)
_SWITCH: _Rule = ("true or false", lambda text: text.lower() in ("true", "false", "yes", "no", "1", "0"))
_FLAGS: _Rule = (
    "names of OpenSSL's, such as VERIFY_X509_STRICT, with commas between",
    lambda text: {*text.split(",")} <= set(ssl.VerifyFlags.__members__),
)
_OPTIONS: dict[str, _Rule] = {
    "client_name": ("a text without spaces", lambda text: re.fullmatch(r"[!-~]+", text) is not None),
    "socket_keepalive": _SWITCH,
    "socket_read_size": _NUMBER,
}
_TLS_OPTIONS: dict[str, _Rule] = {
    "ssl_ca_certs": _TEXT,
    "ssl_ca_path": _TEXT,
    "ssl_ca_data": _TEXT,
    "ssl_cert_reqs": ("none, optional or required", ("none", "optional", "required").__contains__),
    "ssl_certfile": _TEXT,
    "ssl_check_hostname": _SWITCH,
    "ssl_ciphers": _TEXT,
    "ssl_exclude_verify_flags": _FLAGS,
    "ssl_include_verify_flags": _FLAGS,
    "ssl_keyfile": _TEXT,
    "ssl_min_version": ("771 for TLS 1.2 or 772 for TLS 1.3", ("771", "772").__contains__),
    "ssl_password": _TEXT,
}
_OWN_OPTIONS: dict[str, dict[str, _Rule]] = {
    "server": {"db": ("a number", str.isdecimal), "username": _TEXT, "password": _TEXT},
    "sentinel": {"sentinel_username": _TEXT, "sentinel_password": _TEXT},
    "cluster": {},
}


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """A URL taken apart. ``nodes`` are the sentinels, or those members of a cluster that are known."""

    kind: Literal["server", "sentinel", "cluster"]
    text: str
    scheme: str
    userinfo: str
    nodes: tuple[Node, ...]
    service: str
    database: str
    query: str

    def server(self, node: Node | None = None) -> str:
        """The URL of the server at a node, for one client; without a node, of the only server."""
        return self.text if node is None else self._url(self.userinfo, node, self.database, self._options())

    def sentinel(self, node: Node) -> str:
        """The URL of the sentinel at a node."""
        own = dict(parse_qsl(self.query))
        name, password = (quote(own.get(f"sentinel_{key}", ""), safe="") for key in ("username", "password"))
        return self._url(f"{name}:{password}@" if name or password else "", node, "0", self._options())

    def load_certificates(self) -> None:
        """Read what the options for TLS name, as each connection will. Raises ValueError if that fails."""
        client = Redis.from_url(self.server(None if self.kind == "server" else self.nodes[0]))
        connection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        if isinstance(connection, SSLConnection):
            try:
                connection.ssl_context.get()
            except (OSError, ValueError) as error:
                # which of them it is, OpenSSL does not tell
                named = sorted({*self._options()} & {*_TLS_OPTIONS} - {"ssl_cert_reqs", "ssl_check_hostname"})
                raise ValueError(f"{', '.join(named)} cannot be used for TLS: {error}") from error

    def _options(self) -> dict[str, str]:
        return {key: value for key, value in parse_qsl(self.query) if not key.startswith("sentinel_")}

    def _url(self, userinfo: str, node: Node, database: str, options: dict[str, str]) -> str:
        host = f"[{node[0]}]" if ":" in node[0] else node[0]
        query = f"?{urlencode(options)}" if options else ""
        return f"{self.scheme}://{userinfo}{host}:{node[1]}/{database}{query}"


def parse_redis_url(text: str) -> RedisUrl:
    """Take a URL apart. Raises ValueError with a sentence for the operator, which never shows a password."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _KINDS:
        raise ValueError(
            "it must begin with redis://, unix://, redis+sentinel:// or redis+cluster:// (with TLS: rediss…)"
        )
    kind = _KINDS[scheme]
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    if scheme == "unix":
        if not path:
            raise ValueError("the path of the socket is missing: write unix:///PATH")
        _check_options(query, kind, tls=False)
        return RedisUrl(kind, text, scheme, "", (), "", "", query)
    if "#" in text:
        raise ValueError("write # as %23 in a name or password")
    userinfo, at, hosts = authority.rpartition("@")
    nodes = _nodes(hosts, SENTINEL_PORT if kind == "sentinel" else REDIS_PORT)
    service, database = "", path.rstrip("/")
    if kind == "server" and len(nodes) > 1:
        raise ValueError("redis:// names one server; for several write redis+sentinel:// or redis+cluster://")
    if kind != "server" and not nodes:
        raise ValueError("the servers are missing: write HOST:PORT after the //, several with commas between")
    if kind == "sentinel":
        service, _, database = database.partition("/")
        if not service:
            raise ValueError("the service that the sentinels watch is missing: write …HOST:PORT/SERVICE")
    if kind == "cluster" and database not in ("", "0"):
        raise ValueError("a cluster has no databases but 0: write nothing after its servers")
    if database and not database.isdecimal():
        raise ValueError("the database, after the last /, must be a number")
    scheme = scheme.partition("+")[0]
    _check_options(query, kind, tls=scheme == "rediss")
    return RedisUrl(kind, text, scheme, userinfo + at, nodes, service, database or "0", query)


def _nodes(hosts: str, default_port: int) -> tuple[Node, ...]:
    found = []
    for part in hosts.split(",") if hosts else ():
        match = _NODE.fullmatch(part)
        port = int(match["port"] or default_port) if match else 0
        if match is None or not 0 < port <= 65535:
            raise ValueError(
                "write each server as HOST:PORT, the port from 1 to 65535, with commas between "
                "(in a name or password write @ as %40, / as %2F, : as %3A and ? as %3F)"
            )
        found.append((match["ip"] or match["name"], port))
    return tuple(found)


def _check_options(query: str, kind: str, *, tls: bool) -> None:
    """Raise ValueError for an option that is not known or there twice, or whose value cannot be."""
    known = _OPTIONS | _OWN_OPTIONS[kind] | (_TLS_OPTIONS if tls else {})
    seen: set[str] = set()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in _TLS_OPTIONS and not tls:
            raise ValueError(f"{name} is for TLS: begin the URL with rediss")
        if name not in known:
            # what is no name may be the rest of a password with a ? in it
            shown = (
                f"the option {name}" if re.fullmatch(r"[a-z_]+", name) and "@" not in query else "an option"
            )
            raise ValueError(f"{shown} after the ? is not known; there are {', '.join(sorted(known))}")
        if name in seen:
            raise ValueError(f"the option {name} is there twice")
        seen.add(name)
        words, holds = known[name]
        if not holds(value):
            raise ValueError(f"{name} must be {words}")
