"""Log lines that a machine and a person can read, and that hold no secret; metrics of each app's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from quart_app.telemetry import Metrics

ROOT = Path(__file__).resolve().parents[1]
TOKEN = jwt.encode({"sub": "3"}, "x" * 32, algorithm="HS256")


def logged(code: str, **settings: str) -> str:
    """What a program of its own wrote to stderr that set up logging and ran ``code``."""
    program = (
        "import asyncio, logging, structlog, sys\n"
        "from quart_app.settings import Settings\n"
        "from quart_app.telemetry import configure_logging\n"
        f"configure_logging(Settings.for_tests(**{settings!r}))\n"
        "log = structlog.stdlib.get_logger('quart_app.test')\n"
        f"{code}\n"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout == ""
    return result.stderr


def logged_json(code: str, **settings: str) -> list[dict[str, Any]]:
    """The same as JSON, a line each."""
    return [json.loads(line) for line in logged(code, log_format="json", **settings).splitlines()]


def test_a_json_line_has_the_event_and_its_fields() -> None:
    """A static event name, fields, level, logger and the time in UTC."""
    (line,) = logged_json("log.info('feed_closed', reason='client', tournament_id=7, seconds=298.4)")
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "feed_closed",
        "reason": "client",
        "tournament_id": 7,
        "seconds": 298.4,
        "level": "info",
        "logger": "quart_app.test",
    }


def test_the_console_shows_the_same_in_a_line_of_text() -> None:
    """A developer reads it without a tool."""
    text = logged("log.info('feed_closed', reason='client', tournament_id=7)", log_format="console")
    assert text.count("\n") == 1
    assert all(part in text for part in ("feed_closed", "reason=client", "tournament_id=7"))


@pytest.mark.parametrize(("environment", "begin"), [("production", "{"), ("development", "2")])
def test_the_format_follows_the_environment(environment: str, begin: str) -> None:
    """JSON in production, text in development, unless it is set."""
    assert logged("log.info('ready')", environment=environment).startswith(begin)


def test_a_traceback_shows_no_values() -> None:
    """The stack and the error are there, in one JSON line; what the variables held is not."""
    code = (
        "def login():\n"
        "    password = 'hunt' + 'er2'\n"
        "    raise ValueError('no')\n"
        "try:\n"
        "    login()\n"
        "except ValueError:\n"
        "    log.exception('login_failed')\n"
    )
    (line,) = logged_json(code)
    assert "ValueError: no" in line["exception"]
    assert "hunter2" not in json.dumps(line) + logged(code, log_format="console")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_looks_like_a_secret_is_blotted_out(log_format: str) -> None:
    """In the event, in a field, in a traceback and in a library's line, whatever the format."""
    secrets = {
        f"GET /sse/tournaments/7/?token={TOKEN}&x=1": TOKEN,
        f"Authorization: Bearer {TOKEN}": TOKEN,
        "cookie feed_token=eyJunk.!": "eyJunk",
        "/sse/tournaments/7/?token=garbage": "garbage",
        "no route to redis://grandstand:s3cret@example.org:6379/0": "s3cret",
        "postgresql+asyncpg://grandstand:s3cret@example.org/x": "s3cret",
    }
    code = (
        f"for text in {list(secrets)!r}:\n"
        "    log.info(text)\n"
        "    log.info('asked', url=text)\n"
        "    logging.getLogger('some.library').error('asked for %s', text)\n"
        "    try:\n"
        "        raise ValueError(text)\n"
        "    except ValueError:\n"
        "        log.exception('failed')\n"
    )
    output = logged(code, log_format=log_format)
    assert output.count("[secret]") >= 4 * len(secrets)
    assert [secret for secret in secrets.values() if secret in output] == []


def test_libraries_are_heard_from_warnings_up_through_the_same_door() -> None:
    """Even at level debug, where some libraries tell the parameters of their SQL."""
    code = (
        "logging.getLogger('aiosqlite').debug('INSERT … hash')\n"
        "logging.getLogger('some.library').info('chatter')\n"
        "logging.getLogger('some.library').warning('%d left', 3)\n"
        "log.debug('ours')\n"
    )
    lines = logged_json(code, log_level="debug")
    assert [(line["event"], line["level"]) for line in lines] == [("3 left", "warning"), ("ours", "debug")]


def test_the_level_is_a_setting() -> None:
    """What is below it is not written."""
    lines = logged_json("log.info('less')\nlog.warning('more')", log_level="warning")
    assert [line["event"] for line in lines] == ["more"]


def test_an_error_in_a_task_that_nobody_awaits_is_a_log_line() -> None:
    """asyncio's own complaints come the same way as everything else."""
    code = (
        "async def main():\n"
        "    asyncio.get_running_loop().call_soon(lambda: 1 / 0)\n"
        "    await asyncio.sleep(0.01)\n"
        "asyncio.run(main())\n"
    )
    (line,) = logged_json(code)
    assert (line["logger"], line["level"]) == ("asyncio", "error")
    assert "ZeroDivisionError" in line["exception"]


def test_setting_up_twice_does_not_write_twice() -> None:
    """The last call counts."""
    assert len(logged_json("configure_logging(Settings.for_tests(log_format='json'))\nlog.info('once')")) == 1


def test_the_access_log_is_silent() -> None:
    """Whoever turns Hypercorn's access log on gets none: its lines hold query strings."""
    code = (
        "from hypercorn.config import Config\n"
        "from hypercorn.logging import Logger\n"
        "config = Config()\n"
        "config.accesslog = '-'\n"
        "Logger(config).access_logger.info('GET /sse/?token=x')\n"
    )
    assert logged(code) == ""


def test_two_apps_count_apart() -> None:
    """Metrics live in the registry of their app, never in the process's."""
    one, other = Metrics(), Metrics(CollectorRegistry())
    one.closes.labels("client").inc()
    assert other.registry.get_sample_value("grandstand_feed_closes_total", {"reason": "client"}) is None


def test_the_exposition_is_what_prometheus_reads() -> None:
    """Every metric is there from the start, under its name, with the counts so far."""
    metrics = Metrics()
    metrics.subscribers.inc()
    metrics.deliveries.inc(3)
    metrics.commit_to_socket.observe(0.004)
    metrics.bus_state(True)
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
    }
    names = ("feed_subscribers", "deliveries_total", "commit_to_socket_seconds_count", "bus_connected")
    assert [samples[f"grandstand_{name}"] for name in names] == [1, 3, 1, 1]
