"""What an operator sees from outside: the log lines and the metrics.

A log line is a static event name and fields (``feed_closed reason=token_expired tournament_id=7``). Secrets
stay out of it: query strings are not logged, tracebacks come without the values of variables, and whatever
looks like a token, or a password in a URL, is blotted out at the very end.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import msgspec
import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from quart_app.settings import Settings

HANDLER = "grandstand"

# A JWT (RFC 7519: a JSON object in base64url begins with eyJ), a token in a query string, and the user
# part of a URL.
_SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|(?<=token=)[^\s&\"'\\]+|(?<=://)[^\s/@\"'\\]*:[^\s/@\"'\\]*(?=@)"
)


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Log lines of ``settings.log_level`` and up to ``stream`` (stderr unless given), one a line.

    JSON in production and text in development, unless ``settings.log_format`` says otherwise. Libraries
    are heard through the same handler from warnings up, and Hypercorn's access log not at all: it holds
    query strings and with them tokens. May be called again; the last call counts.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    text = (settings.log_format or ("console" if settings.development else "json")) == "console"
    stream = sys.stderr if stream is None else stream
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
    ]
    rendering: list[structlog.typing.Processor]
    if text:
        rendering = [
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(),
                timestamp_key="at",
                exception_formatter=structlog.dev.plain_traceback,
            ),
            _blot_out_secrets,
        ]
    else:
        rendering = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_to_json),
            _blot_out_secrets,
        ]
    # Our own lines go straight to the stream: with a line for every stream that ends, the way through the
    # standard library's logging costs more than the stream did.
    structlog.configure(
        processors=[*shared, *rendering],
        logger_factory=_Lines(stream),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(stream)
    handler.set_name(HANDLER)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if each.get_name() == HANDLER]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("hypercorn.error").setLevel(level)
    logging.getLogger("hypercorn.access").disabled = True


class _Line:
    """What structlog hands its finished lines to: one write each, so that lines of workers do not mix."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self.name = name

    def msg(self, line: str) -> None:
        """Write one line."""
        self._stream.write(line + "\n")
        self._stream.flush()

    debug = info = warning = error = critical = exception = msg


class _Lines:
    """Makes the ``_Line`` of each logger."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, *names: str) -> _Line:
        return _Line(self._stream, names[0] if names else "quart_app")


def _to_json(fields: structlog.typing.EventDict, **_: object) -> str:
    return msgspec.json.encode(fields, enc_hook=repr).decode()


def _blot_out_secrets(
    logger: structlog.typing.WrappedLogger, method: str, line: str | structlog.typing.EventDict
) -> str:
    return _SECRETS.sub("[secret]", str(line))


class Metrics:
    """The metrics of one app, in a registry of their own. Base units; no ids as labels."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = CollectorRegistry() if registry is None else registry
        ProcessCollector(registry=registry)
        self.subscribers = Gauge("grandstand_feed_subscribers", "Open feed streams.", registry=registry)
        self.events_appended = Counter(
            "grandstand_events_appended_total", "Events that this worker wrote to a log.", registry=registry
        )
        self.deliveries = Counter(
            "grandstand_deliveries_total", "Events written to feed streams.", registry=registry
        )
        self.delivered_bytes = Counter(
            "grandstand_delivered_bytes_total", "Bytes written to feed streams.", registry=registry
        )
        self.closes = Counter(
            "grandstand_feed_closes_total",
            "Feed streams that ended, by reason.",
            ["reason"],
            registry=registry,
        )
        self.resumes = Counter(
            "grandstand_resumes_total",
            "Feed streams that began, by what became of the position asked for.",
            ["outcome"],
            registry=registry,
        )
        self.commit_to_socket = Histogram(
            "grandstand_commit_to_socket_seconds",
            "From an event's time in the log until it was written to the streams of this worker.",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
            registry=registry,
        )
        self.bus_connected = Gauge(
            "grandstand_bus_connected",
            "1 while this worker hears the others through the bus and they hear it, 0 while not.",
            registry=registry,
        )
        self.ring = Gauge(
            "grandstand_ring",
            "1 while this worker writes feeds through io_uring, 0 while socket by socket or over ASGI.",
            registry=registry,
        )
        self.http_requests = Counter(
            "grandstand_http_requests_total",
            "Requests answered, by method, route (never the path) and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.tasks = Gauge("grandstand_tasks", "asyncio tasks, counted at the scrape.", registry=registry)

    def bus_state(self, well: bool) -> None:
        """Note whether the bus works in both directions: what a bus calls as its ``on_state``."""
        self.bus_connected.set(well)

    def ring_state(self, used: bool) -> None:
        """Note whether feeds are written through io_uring: what a ring calls as its ``on_state``."""
        self.ring.set(used)

    def exposition(self) -> bytes:
        """All metrics in the Prometheus text format, to be sent as ``content_type``."""
        return generate_latest(self.registry)
