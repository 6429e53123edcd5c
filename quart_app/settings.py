"""Settings: read once from the environment, checked all at once, frozen.

Each field names its variable in ``metadata["env"]``; README's table of settings is tested against them.
Durations are seconds, sizes bytes, and their names say so.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from quart_app import readers
from quart_app.errors import BadSettings
from quart_app.readers import KEY_BYTES_MIN, SecretKey


def _setting(env: str, default: Any, read: Callable[[str], Any], why: str) -> Any:
    return field(default=default, metadata={"env": env, "read": read, "why": why})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator can set. Construct it with ``from_env``; tests use ``for_tests``."""

    environment: str = _setting(
        "GRANDSTAND_ENV",
        "production",
        readers.one_of("development", "production"),
        "development or production",
    )
    secret_keys: tuple[SecretKey, ...] = field(
        default=(),
        repr=False,
        metadata={
            "env": "GRANDSTAND_SECRET_KEYS",
            "read": readers.keys,
            "why": "NAME:SECRET[,NAME:SECRET], newest first",
        },
    )
    database_url: str = field(
        default="sqlite+aiosqlite:///var/grandstand.db",
        repr=False,
        metadata={
            "env": "DATABASE_URL",
            "read": readers.database_url,
            "why": "sqlite:///FILE or postgresql://…",
        },
    )
    database_connections: int | None = _setting(
        "GRANDSTAND_DATABASE_CONNECTIONS",
        None,
        readers.integer(1),
        "connections to PostgreSQL of each worker at most",
    )
    redis_url: str | None = field(
        default=None,
        repr=False,
        metadata={
            "env": "REDIS_URL",
            "read": readers.redis_url,
            "why": "the bus between workers: redis[s]://HOST:PORT/DB, unix://PATH, "
            "redis[s]+sentinel://HOST:PORT,…/SERVICE or redis[s]+cluster://HOST:PORT,…; none: in-process",
        },
    )
    host: str = _setting("GRANDSTAND_HOST", "", str, "address to listen on")
    port: int = _setting("PORT", 8000, readers.integer(0), "port to listen on")
    base_path: str = _setting(
        "GRANDSTAND_BASE_PATH",
        "",
        readers.base_path,
        "the path below which a proxy serves everything, such as /cup",
    )
    workers: int = _setting(
        "WEB_CONCURRENCY", 1, readers.integer(1), "worker processes; more than one needs REDIS_URL"
    )
    allowed_origins: tuple[str, ...] = _setting(
        "GRANDSTAND_ALLOWED_ORIGINS",
        (),
        readers.origins,
        "other sites whose pages may read feeds and the API",
    )
    trusted_proxies: int = _setting(
        "GRANDSTAND_TRUSTED_PROXIES",
        0,
        readers.integer(0),
        "proxies in front whose X-Forwarded-For counts",
    )
    feed_token_seconds: float = _setting(
        "GRANDSTAND_FEED_TOKEN_SECONDS", 300.0, readers.seconds, "life of a feed token"
    )
    access_token_seconds: float = _setting(
        "GRANDSTAND_ACCESS_TOKEN_SECONDS", 900.0, readers.seconds, "life of an API access token"
    )
    refresh_token_seconds: float = _setting(
        "GRANDSTAND_REFRESH_TOKEN_SECONDS", 1_209_600.0, readers.seconds, "life of an API refresh token"
    )
    session_seconds: float = _setting(
        "GRANDSTAND_SESSION_SECONDS", 43_200.0, readers.seconds, "life of a staff login"
    )
    heartbeat_seconds: float = _setting(
        "GRANDSTAND_HEARTBEAT_SECONDS",
        15.0,
        readers.seconds,
        "silence after which a feed sends a comment",
    )
    retry_seconds: float = _setting(
        "GRANDSTAND_RETRY_SECONDS",
        2.0,
        readers.seconds,
        "what clients are told to wait before they reconnect",
    )
    replay_events_max: int = _setting(
        "GRANDSTAND_REPLAY_EVENTS_MAX",
        10_000,
        readers.integer(1),
        "events a feed replays; further behind gets resync",
    )
    kept_mebibytes: int = _setting(
        "GRANDSTAND_KEPT_MEBIBYTES",
        64,
        readers.integer(1),
        "memory a worker keeps of tournaments nobody watches",
    )
    lag_seconds_max: float = _setting(
        "GRANDSTAND_LAG_SECONDS_MAX",
        30.0,
        readers.seconds,
        "how long a slow reader may stay behind before it is cut",
    )
    degraded_poll_seconds: float = _setting(
        "GRANDSTAND_DEGRADED_POLL_SECONDS",
        1.0,
        readers.seconds,
        "how often the log is read while the bus is away",
    )
    drain_seconds: float = _setting(
        "GRANDSTAND_DRAIN_SECONDS",
        4.0,
        readers.seconds,
        "how long a stopping worker lets its requests and streams end",
    )
    limit_streams_per_address: int = _setting(
        "GRANDSTAND_LIMIT_STREAMS_PER_ADDRESS",
        20_000,
        readers.integer(1),
        "open feeds of one address, over all workers",
    )
    limit_streams_per_subject: int = _setting(
        "GRANDSTAND_LIMIT_STREAMS_PER_SUBJECT",
        200,
        readers.integer(1),
        "open feeds of one staff member, over all workers",
    )
    limit_streams_per_tournament: int = _setting(
        "GRANDSTAND_LIMIT_STREAMS_PER_TOURNAMENT",
        50_000,
        readers.integer(1),
        "open feeds of one tournament, over all workers",
    )
    limit_streams_per_worker: int = _setting(
        "GRANDSTAND_LIMIT_STREAMS_PER_WORKER",
        50_000,
        readers.integer(1),
        "open feeds of one worker; then 503",
    )
    limit_connects_per_address: int = _setting(
        "GRANDSTAND_LIMIT_CONNECTS_PER_ADDRESS",
        5_000,
        readers.integer(1),
        "feeds opened a second by one address",
    )
    limit_posts_per_staff: int = _setting(
        "GRANDSTAND_LIMIT_POSTS_PER_STAFF",
        6_000,
        readers.integer(1),
        "posts a minute by one staff member",
    )
    limit_logins_per_name: int = _setting(
        "GRANDSTAND_LIMIT_LOGINS_PER_NAME",
        20,
        readers.integer(1),
        "wrong tries a minute to sign in under one name",
    )
    limit_logins_per_address: int = _setting(
        "GRANDSTAND_LIMIT_LOGINS_PER_ADDRESS",
        100,
        readers.integer(1),
        "wrong tries a minute to sign in from one address",
    )
    wire: str = _setting(
        "GRANDSTAND_WIRE",
        "ring",
        readers.one_of("ring", "socket", "asgi"),
        "ring: write feeds to their sockets through io_uring, where it is allowed; socket: one by one; "
        "asgi: never to the socket",
    )
    log_format: str = _setting(
        "GRANDSTAND_LOG_FORMAT", "", readers.one_of("json", "console"), "json or console"
    )
    log_level: str = _setting(
        "GRANDSTAND_LOG_LEVEL",
        "info",
        readers.one_of("debug", "info", "warning", "error"),
        "least level that is logged",
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings that the environment gives; an empty variable counts as unset.

        Raises BadSettings, whose ``detail`` has a line for every variable that is wrong, with its fix.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        problems: list[str] = []
        for spec in fields(cls):
            text = environ.get(spec.metadata["env"], "").strip()
            if not text:
                continue
            try:
                values[spec.name] = spec.metadata["read"](text)
            except ValueError as error:
                problems.append(f"{spec.metadata['env']}: {error} ({spec.metadata['why']})")
        settings = cls(**values)
        problems += settings.problems()
        if problems:
            raise BadSettings("\n".join(problems))
        return settings

    def with_workers(self, workers: int) -> Self:
        """The same with another number of workers. Raises BadSettings where that cannot work."""
        changed = replace(self, workers=workers)
        problems = changed.problems() if workers >= 1 else ["--workers: it must be 1 or more"]
        if problems:
            raise BadSettings("\n".join(problems))
        return changed

    def problems(self) -> list[str]:
        """What does not fit together, a line each, naming the variable and the fix."""
        problems = []
        if not self.secret_keys and not self.development:
            problems.append(
                "GRANDSTAND_SECRET_KEYS: it is not set; give NAME:SECRET with a random secret of "
                f"{KEY_BYTES_MIN} bytes or more, such as one from `openssl rand -hex 32`"
            )
        if self.workers > 1 and self.redis_url is None:
            problems.append(
                f"REDIS_URL: it is not set, and {self.workers} workers (WEB_CONCURRENCY) can only hear of "
                "each other's scores through Redis; set REDIS_URL or WEB_CONCURRENCY=1"
            )
        return problems

    @classmethod
    def for_tests(cls, **overrides: Any) -> Self:
        """Settings that need nothing from the environment: a random key, port 0, quick timers."""
        defaults: dict[str, Any] = {
            "environment": "development",
            "secret_keys": (SecretKey("test", secrets.token_hex(32)),),
            "port": 0,
            "degraded_poll_seconds": 0.2,
            "retry_seconds": 0.2,
        }
        return cls(**(defaults | overrides))

    @property
    def development(self) -> bool:
        """Whether this is somebody's own machine: generated secrets and a generated staff login are fine."""
        return self.environment == "development"

    @property
    def bind_host(self) -> str:
        """The address to listen on: this machine only in development, every address otherwise."""
        return self.host or ("127.0.0.1" if self.development else "0.0.0.0")  # noqa: S104 - a server's purpose

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file, None on PostgreSQL."""
        _, _, path = self.database_url.partition("sqlite+aiosqlite:///")
        return Path(path) if path else None
