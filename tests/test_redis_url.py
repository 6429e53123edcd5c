"""REDIS_URL: what each form means, and what is refused before anything starts."""

from __future__ import annotations

import inspect

import pytest
from redis.asyncio.connection import SSLConnection, parse_url

from quart_app import redis_url
from quart_app.errors import BadSettings
from quart_app.redis_url import parse_redis_url
from quart_app.settings import Settings

SECRET = "s%2Fcret"


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis://localhost",
        "redis://[::1]:6379/3",
        f"rediss://anna:{SECRET}@redis.example.org:6380/0?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=2",
        "redis+sentinel://a:26379,b:26380,c/main",
        f"rediss+sentinel://:{SECRET}@a/main/2?sentinel_password={SECRET}",
        "redis+sentinel://[::1]:26379,[::2]:26379/main/",
        "redis+cluster://a:7000,b:7001",
        f"rediss+cluster://anna:{SECRET}@a:7000/0",
        "redis://a?db=3&client_name=grandstand-1&socket_keepalive=true&socket_read_size=99",
        "rediss://a?ssl_cert_reqs=required&ssl_check_hostname=false&ssl_min_version=772",
        "rediss://a?ssl_include_verify_flags=VERIFY_X509_STRICT,VERIFY_X509_PARTIAL_CHAIN",
        "rediss://a?ssl_ciphers=HIGH",
    ],
)
def test_settings_take_every_form(url: str) -> None:
    """One server, sentinels and a cluster, with TLS or without."""
    assert Settings.from_env({"GRANDSTAND_ENV": "development", "REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("localhost:6379", "it must begin with redis://"),
        (f"http://x:{SECRET}@a", "it must begin with redis://"),
        ("redis+sentinels://a/main", "it must begin with redis://"),
        ("unix://", "the path of the socket is missing"),
        ("redis://a:6379,b:6379", "redis:// names one server"),
        (f"redis://:{SECRET}@a:port", "write each server as HOST:PORT"),
        ("redis://a:0", "write each server as HOST:PORT"),
        ("redis://a:65536", "write each server as HOST:PORT"),
        (f"redis://anna:{SECRET.replace('%2F', '/')}@a:6379", "write each server as HOST:PORT"),
        (f"redis://anna:{SECRET}#1@a:6379", "write # as %23"),
        ("redis://a/main", "the database, after the last /, must be a number"),
        ("redis+sentinel:///main", "the servers are missing"),
        ("redis+sentinel://a:1,,b:1/main", "write each server as HOST:PORT"),
        ("redis+sentinel://::1:26379/main", "write each server as HOST:PORT"),
        ("redis+sentinel://a..b:26379/main", "write each server as HOST:PORT"),
        ("redis+sentinel://a:26379", "the service that the sentinels watch is missing"),
        ("redis+sentinel://a:26379/main/two", "the database, after the last /, must be a number"),
        ("redis+cluster://", "the servers are missing"),
        ("redis+cluster://a:7000/1", "a cluster has no databases but 0"),
        ("rediss://a?ssl_cert_reqs=CERT_NONE", "ssl_cert_reqs must be none, optional or required"),
        ("rediss+sentinel://a/main?ssl_cert_reqs=non", "ssl_cert_reqs must be none, optional or required"),
        ("rediss+cluster://a?ssl_cert_reqs=", "ssl_cert_reqs must be none, optional or required"),
        (
            "rediss://a?ssl_cert_req=none",
            "the option ssl_cert_req after the ? is not known; there are ",
        ),
        ("redis://a?ssl_cert_reqs=none", "ssl_cert_reqs is for TLS: begin the URL with rediss"),
        ("unix:///run/redis.sock?ssl_ca_certs=x", "ssl_ca_certs is for TLS"),
        ("rediss://a?ssl_check_hostname=off", "ssl_check_hostname must be true or false"),
        ("rediss://a?ssl_min_version=1.3", "ssl_min_version must be 771 for TLS 1.2 or 772 for TLS 1.3"),
        ("rediss://a?ssl_include_verify_flags=STRICT", "ssl_include_verify_flags must be names of OpenSSL's"),
        ("redis://a?socket_read_size=0", "socket_read_size must be a whole number above 0"),
        ("redis://a?client_name=my%20app", "client_name must be a text without spaces"),
        ("redis://a?db=first", "db must be a number"),
        ("redis://a?client_name=x&client_name=y", "the option client_name is there twice"),
        (f"redis://a?sentinel_password={SECRET}", "the option sentinel_password after the ? is not known"),
        (f"redis+sentinel://a/main?password={SECRET}", "the option password after the ? is not known"),
        ("redis+cluster://a?db=1", "the option db after the ? is not known"),
        (f"redis://anna?{SECRET}@a:6379", "an option after the ? is not known"),
        # What would break a promise: the bus reads RESP 2, in bytes, and waits and tries again by itself.
        ("redis://a?protocol=3", "the option protocol after the ? is not known"),
        ("redis://a?decode_responses=1", "the option decode_responses after the ? is not known"),
        ("redis://a?socket_timeout=5", "the option socket_timeout after the ? is not known"),
        ("redis://a?max_connections=1", "the option max_connections after the ? is not known"),
        ("rediss://a?ssl_ca_certs=/nowhere/ca.pem", "ssl_ca_certs cannot be used for TLS: [Errno 2] No such"),
        ("rediss+cluster://a?ssl_certfile=/nowhere/x.pem", "ssl_certfile cannot be used for TLS: [Errno 2]"),
        (f"rediss://a?ssl_ca_certs={__file__}", "ssl_ca_certs cannot be used for TLS: "),
        ("rediss://a?ssl_ciphers=ROT13", "ssl_ciphers cannot be used for TLS: "),
    ],
)
def test_settings_refuse_a_malformed_one(url: str, sentence: str) -> None:
    """The operator is told what is wrong and how to write it, at start and without the password."""
    with pytest.raises(BadSettings) as refused:
        Settings.from_env({"GRANDSTAND_ENV": "development", "REDIS_URL": url})
    assert refused.value.detail.startswith(f"REDIS_URL: {sentence}")
    assert "cret" not in refused.value.detail


def test_servers_behind_sentinels_get_the_name_and_the_sentinels_their_own() -> None:
    """A password for the servers is not sent to the sentinels, which mostly have none or another."""
    url = parse_redis_url(
        f"redis+sentinel://anna:{SECRET}@a,[::1]:5/main/2?sentinel_password=p%40ss&socket_read_size=99"
    )
    server, sentinel = (parse_url(each) for each in (url.server(("::2", 6379)), url.sentinel(url.nodes[1])))
    shared = {"socket_read_size": 99}
    assert server == {"host": "::2", "port": 6379, "db": 2, "username": "anna", "password": "s/cret"} | shared
    assert sentinel == {"host": "::1", "port": 5, "db": 0, "password": "p@ss"} | shared


def test_tls_is_for_every_connection() -> None:
    """With rediss+sentinel the sentinels are spoken to over TLS as well."""
    url = parse_redis_url("rediss+sentinel://a/main?ssl_ca_certs=ca.pem")
    for each in (url.server(("b", 6380)), url.sentinel(url.nodes[0])):
        options = parse_url(each)
        assert (options["connection_class"], options["ssl_ca_certs"]) == (SSLConnection, "ca.pem")  # type: ignore[typeddict-item]


def test_members_of_a_cluster_are_known_by_their_default_port() -> None:
    """A port may be left out, as with one server."""
    assert parse_redis_url("redis+cluster://a,b:7001").nodes == (("a", 6379), ("b", 7001))


@pytest.mark.parametrize("kind", ["server", "sentinel", "cluster"])
def test_every_option_is_one_of_redis_py(kind: str) -> None:
    """A name that redis-py has no use for would fail each connection, after the start."""
    taken = {name for each in SSLConnection.__mro__ for name in inspect.signature(each).parameters}
    own = {"sentinel_username", "sentinel_password"}
    assert {*redis_url._OPTIONS, *redis_url._TLS_OPTIONS, *redis_url._OWN_OPTIONS[kind]} - own <= taken
