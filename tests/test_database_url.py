"""DATABASE_URL of a PostgreSQL: what hosts write there, what it means, and what is refused at the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from quart_app.database_url import PARAMETERS, parse_postgres_url
from quart_app.errors import BadSettings
from quart_app.settings import Settings

SECRET = "s%2Fcret"


@pytest.mark.parametrize(
    "url",
    [
        "postgres://anna@db.example.org/cup",
        f"postgresql://anna:{SECRET}@ep-a-pooler.eu.aws.neon.tech/cup?sslmode=require&channel_binding=require",
        f"postgres://postgres.abc:{SECRET}@aws-0-eu.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1",
        "postgres://anna@a/cup?sslmode=require&supa=base-pooler.x",
        "postgresql://anna@a:5432,b:5433,[::1]/cup?target_session_attrs=read-write&load_balance_hosts=random",
        "postgresql://anna@/cup?host=/cloudsql/project:region:cup",
        "postgresql://%2Frun%2Fpostgresql/cup",
        "postgresql:///cup?host=a,b&port=5432,5433",
        "postgresql://",
        "postgresql://a?keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3",
        "postgresql://a?tcp_user_timeout=10000&connect_timeout=10&application_name=hall&gssencmode=disable",
        "postgresql://a?sslmode=verify-full&sslrootcert=system&ssl_min_protocol_version=TLSv1.3",
        "postgresql://a?options=endpoint%3Dep-a%20-c%20search_path%3Dhall&statement_timeout=5s",
        "postgresql://a/cup?schema=hall&client_encoding=utf8&sslsni=1&sslcompression=0",
    ],
)
def test_settings_take_what_hosts_write(url: str) -> None:
    """One host or several, sockets, poolers, and the parameters that do what they say."""
    taken = Settings.from_env({"GRANDSTAND_ENV": "development", "DATABASE_URL": url}).database_url
    assert taken.partition("://") == ("postgresql+asyncpg", "://", url.partition("://")[2])


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://a/cup", "it must begin with postgresql:// or sqlite:///"),
        ("postgresql://a:port/cup", "write each host as HOST:PORT"),
        ("postgresql://a:0/cup", "write each host as HOST:PORT"),
        ("postgresql://a:65536/cup", "write each host as HOST:PORT"),
        ("postgresql://a,,b/cup", "write each host as HOST:PORT"),
        (f"postgresql://anna:{SECRET.replace('%2F', '/')}@a/cup", "write each host as HOST:PORT"),
        (f"postgresql://anna:{SECRET}?1@a/cup", "a parameter after the ? does not work here"),
        ("postgresql://a,b,c/cup?port=1,2", "port names 2 ports for 3 hosts"),
        ("postgresql://a?connect_timout=3", "the parameter connect_timout after the ? does not work here"),
        ("postgresql://a?hostaddr=10.0.0.1", "the parameter hostaddr after the ? does not work here"),
        ("postgresql://a?replication=database", "the parameter replication after the ? does not work"),
        ("postgresql://a?require_auth=scram-sha-256", "the parameter require_auth after the ? does not"),
        ("postgresql://a?sslmode=no-verify", "sslmode must be disable, allow, prefer, require, verify-ca or"),
        ("postgresql://a?connect_timeout=0", "connect_timeout must be a whole number above 0"),
        ("postgresql://a?keepalives=true", "keepalives must be 1 or 0"),
        ("postgresql://a?pgbouncer=yes", "pgbouncer must be true or false"),
        ("postgresql://a?gssencmode=require", "gssencmode must be disable or prefer"),
        ("postgresql://a?sslsni=0", "sslsni must be 1"),
        ("postgresql://a?client_encoding=latin1", "client_encoding must be utf8, UTF8"),
        ("postgresql://a?statement_timeout=soon", "statement_timeout must be a time such as"),
        ("postgresql://a?sslmode=require&sslmode=disable", "the parameter sslmode is there twice"),
        ("postgresql://a?options=-c%20search_path", "options must be settings such as -c NAME=VALUE"),
        ("postgresql://a?sslmode=disable&channel_binding=require", "channel_binding=require needs TLS"),
        ("postgresql://a?sslmode=require&sslrootcert=system", "sslrootcert=system needs sslmode=verify-full"),
        ("postgresql://a?sslrootcert=/none/root.crt", "sslrootcert cannot be used for TLS: [Errno 2]"),
        ("postgresql://a?sslcert=/none/own.crt", "sslcert cannot be used for TLS: [Errno 2]"),
    ],
)
def test_settings_refuse_what_cannot_be(url: str, sentence: str) -> None:
    """By name and with the reason, and without showing a password."""
    with pytest.raises(BadSettings) as refused:
        Settings.from_env({"GRANDSTAND_ENV": "development", "DATABASE_URL": url})
    assert f"DATABASE_URL: {sentence}" in refused.value.detail
    assert "cret" not in refused.value.detail


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    """At the start, and not with each connection."""
    file = tmp_path / "root.crt"
    file.write_text("no certificate")
    with pytest.raises(BadSettings, match="sslrootcert cannot be used for TLS"):
        Settings.from_env(
            {"GRANDSTAND_ENV": "development", "DATABASE_URL": f"postgresql://a?sslrootcert={file}"}
        )


def test_a_url_is_taken_apart() -> None:
    """Names and passwords with what stands for them, hosts with their ports, the last with the usual one."""
    url = parse_postgres_url("postgresql://an%40na:s%2Fcret%3F#+@a:1,[::1]:2,c/the%20cup?connection_limit=3")
    assert (url.user, url.password, url.database) == ("an@na", "s/cret?#+", "the cup")
    assert url.hosts == (("a", 1), ("::1", 2), ("c", 5432))
    assert url.connections == 3
    assert "cret" not in repr(url)


def test_parameters_can_say_it_too() -> None:
    """As libpq has it: they count more than what stands before them."""
    url = parse_postgres_url("postgresql://a/b?host=/run/pg,d&port=7&user=anna&password=x&dbname=cup")
    assert url.hosts == (("/run/pg", 7), ("d", 7))
    assert (url.user, url.password, url.database) == ("anna", "x", "cup")


def test_settings_of_postgresql_go_with_each_transaction() -> None:
    """Those of ``options`` too; what else stands there is for a proxy, and goes with the connection."""
    options = (
        "endpoint%3Dep-1%20-c%20geqo%3Doff%20-cwork_mem%3D9MB%20--lock-timeout%3D2s%20-c%20a.b%3Dx%5C%20y"
    )
    url = parse_postgres_url(f"postgresql://a?options={options}&schema=My%20hall&application_name=hall")
    assert url.session == {
        "search_path": '"My hall"',
        "geqo": "off",
        "work_mem": "9MB",
        "lock_timeout": "2s",
        "a.b": "x y",
    }
    assert url.startup == {"application_name": "hall", "options": "endpoint=ep-1"}


def test_the_system_vouches_where_no_file_is_named() -> None:
    """A certificate is checked, and the host's name in it; without any such wish it is left to the driver."""
    for query in (
        "sslmode=verify-full",
        "sslmode=verify-ca",
        "sslrootcert=system",
        "channel_binding=require",
    ):
        context = parse_postgres_url(f"postgresql://a?{query}").tls()
        assert context is not None
        assert (context.check_hostname, context.verify_mode.name) == (True, "CERT_REQUIRED")
    for query in ("", "sslmode=require", "channel_binding=prefer"):
        assert parse_postgres_url(f"postgresql://a?{query}").tls() is None


def test_operations_names_every_parameter() -> None:
    """An operator finds all of them, and nothing else, in the docs."""
    text = (Path(__file__).parents[1] / "docs" / "operations.md").read_text()
    table = text.partition("| parameter | value |\n")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[1:]]
    assert sorted("".join(rows).replace("`", "").replace(",", " ").split()) == sorted(PARAMETERS)
