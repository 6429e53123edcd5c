"""The command line: ``python -m quart_app serve | migrate | staff | demo | backup | restore | new-epoch``.

Every expected failure ends with one plain message on standard error and exit status 2; never a traceback.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog
import uvloop

from quart_app.actions import staff as staff_actions
from quart_app.actions.services import Services
from quart_app.actions.upkeep import backup
from quart_app.actions.upkeep.epochs import renew_epochs
from quart_app.actions.upkeep.restore import restore
from quart_app.app import STATIC, create_app
from quart_app.cli import development
from quart_app.demo import double_elimination, player, world_cup_2022, world_cup_whole
from quart_app.errors import AppError, BadSettings, DatabaseBehind, InvalidInput
from quart_app.live.bus.local import LocalBus
from quart_app.live.bus.port import Bus
from quart_app.live.bus.redis import RedisBus
from quart_app.serving import server as serving
from quart_app.serving import supervisor
from quart_app.serving.memory import keep_one_heap
from quart_app.settings import Settings
from quart_app.show.projections import everything
from quart_app.store.database import schema
from quart_app.store.database.budget import tell_budget
from quart_app.store.database.engine import Database
from quart_app.store.staff import ROLES, select_all_staff, select_staff_by_name
from quart_app.telemetry import configure_logging
from quart_app.timeline.ledger import Ledger
from quart_app.web.doors.context import EXTENSION, Context

MIGRATION_WAITS = 5
MIGRATION_WAIT_SECONDS = 1.0
"""How often, and how far apart, a command looks whether a database that is behind has been migrated."""

VENDORED = ("htmx.min.js", "hx-sse.min.js")

log = structlog.stdlib.get_logger(__name__)

DEMOS = (world_cup_2022.SCRIPT, double_elimination.SCRIPT, world_cup_whole.SCRIPT)
"""What plays itself; the last is the newest, and so the first of the list."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and carry it out."""
    asked = _parser().parse_args(arguments)
    try:
        settings = development.with_generated_key(Settings.from_env())
        configure_logging(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(asked.run(settings, asked))
    except AppError as error:
        print(f"grandstand: {error.title}:", file=sys.stderr)
        for line in (error.cause or error.detail).splitlines():
            print(f"  {line}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m quart_app", description="Live tournament brackets.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve pages, API and feeds until SIGTERM")
    serve.add_argument("--demo", action="store_true", help="also play the demo tournaments (one worker only)")
    serve.add_argument("--speed", type=_speed, default=1.0, help="speed of the demo (default 1)")
    serve.add_argument("--workers", type=int, help="worker processes (instead of WEB_CONCURRENCY)")
    serve.add_argument("--worker-fd", type=int, help=argparse.SUPPRESS)
    serve.add_argument("--lifeline-fd", type=int, help=argparse.SUPPRESS)
    serve.set_defaults(run=_serve)

    migrate = commands.add_parser("migrate", help="bring the database to this version's schema")
    migrate.set_defaults(run=_migrate)

    demo = commands.add_parser("demo", help="play the demo tournaments, once")
    demo.add_argument("--speed", type=_speed, default=1.0, help="20 is twenty times as fast (default 1)")
    demo.set_defaults(run=_demo)

    keep = commands.add_parser("backup", help="write all tournaments and accounts to a file")
    keep.add_argument("file", type=Path)
    keep.set_defaults(run=_backup)
    put_back = commands.add_parser(
        "restore", help="read such a file back; running workers follow by themselves"
    )
    put_back.add_argument("file", type=Path)
    put_back.add_argument("--replace", action="store_true", help="delete what is in the database first")
    put_back.set_defaults(run=_restore)

    renew = commands.add_parser(
        "new-epoch",
        help="after the database was restored by its own tools: no id of before is valid any more",
    )
    renew.set_defaults(run=_new_epoch)

    people = commands.add_parser("staff", help="accounts of those who run tournaments")
    actions = people.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="create an account")
    add.add_argument("name")
    add.add_argument("--role", choices=ROLES, default="scorer")
    add.add_argument(
        "--password-stdin", action="store_true", required=True, help="read the password from a pipe"
    )
    add.set_defaults(run=_staff_add)
    listing = actions.add_parser("list", help="list the accounts")
    listing.set_defaults(run=_staff_list)
    change = actions.add_parser("change", help="change an account; open streams and logins follow at once")
    change.add_argument("name")
    change.add_argument("--role", choices=ROLES)
    change.add_argument("--password-stdin", action="store_true", help="read a new password from a pipe")
    active = change.add_mutually_exclusive_group()
    active.add_argument("--disable", dest="active", action="store_false", default=None)
    active.add_argument("--enable", dest="active", action="store_true")
    change.set_defaults(run=_staff_change)
    return parser


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError("the speed must be more than 0")
    return speed


async def _serve(settings: Settings, asked: argparse.Namespace) -> None:
    if asked.workers is not None:
        settings = settings.with_workers(asked.workers)
    missing = [name for name in VENDORED if not (STATIC / "vendor" / name).is_file()]
    if missing:
        raise BadSettings(f"static/vendor/{missing[0]} is missing: run `make setup`, which installs htmx")
    if settings.workers > 1 and asked.demo:
        raise BadSettings("--demo: it plays inside a single worker; run `python -m quart_app demo` beside")
    keep_one_heap()
    await _prepare(settings)
    if asked.worker_fd is None:
        await tell_budget(settings)
    if settings.workers > 1:
        await supervisor.supervise(settings)
        return
    app = create_app(settings)
    context: Context = app.extensions[EXTENSION]
    if asked.worker_fd is not None:
        await serving.serve(app, settings, socket.socket(fileno=asked.worker_fd), lifeline=asked.lifeline_fd)
        return
    listening = serving.listen(settings)
    await _say_where(settings, context.services, listening)

    async def demo() -> None:
        await _play_demos(context.services, asked.speed, loop=True)

    await serving.serve(app, settings, listening, beside=demo if asked.demo else None)


async def _say_where(settings: Settings, services: Services, listening: socket.socket) -> None:
    """Print the address and, in development, the generated login."""
    host, port = listening.getsockname()[:2]
    url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}{settings.base_path}/"  # noqa: S104 - a comparison
    print(f"\n  Grandstand   {url}")
    if settings.development:
        made = development.credentials()
        await _ensure_login(services, made)
        print(f"  Staff login  {url}staff/login/   name: {made.staff_name}   password: {made.staff_password}")
    print("  Stop with Ctrl-C\n", flush=True)


async def _ensure_login(services: Services, made: development.GeneratedLogin) -> None:
    async with services.database.reading() as connection:
        known = await select_staff_by_name(connection, made.staff_name)
    if known is None:
        await staff_actions.add_staff(services, made.staff_name, made.staff_password, "organiser")
    else:
        try:
            await staff_actions.authenticate(services, made.staff_name, made.staff_password)
        except AppError:
            await staff_actions.change_staff(services, known.id, password=made.staff_password, active=True)


async def _prepare(settings: Settings) -> None:
    """Bring an embedded database up to date; a server's that is behind gets a while to be migrated."""
    if settings.sqlite_path is not None:
        await schema.migrate(settings.database_url)
    database = Database(settings.database_url)
    try:
        for _ in range(MIGRATION_WAITS):
            try:
                await schema.require_current(database)
                return
            except DatabaseBehind:
                log.info("waiting_for_migration")
                await asyncio.sleep(MIGRATION_WAIT_SECONDS)
        await schema.require_current(database)
    finally:
        await database.close()


async def _migrate(settings: Settings, asked: argparse.Namespace) -> None:
    await schema.migrate(settings.database_url)
    print("The database is up to date.", flush=True)
    if os.environ.get("HONCHO_PROCESS_NAME", "").startswith("release"):
        # honcho takes the end of one process for the end of all: stay until it ends them
        await asyncio.Event().wait()


async def _with_services(settings: Settings, use: Callable[[Services], Awaitable[None]]) -> None:
    """Do something with the configured database, telling the running workers over the configured bus."""
    await _prepare(settings)
    database = Database(settings.database_url, settings.database_connections)
    bus: Bus = LocalBus() if settings.redis_url is None else RedisBus(settings.redis_url)
    try:
        await use(Services(database, bus, Ledger(database)))
    finally:
        await bus.close()
        await database.close()


async def _play_demos(services: Services, speed: float, *, loop: bool) -> None:
    """Play all demos side by side; they are made one after the other, so that the last is the newest."""
    for script in DEMOS:
        await player.prepare(services, script)
    await asyncio.gather(*(player.play(services, script, speed=speed, loop=loop) for script in DEMOS))


async def _demo(settings: Settings, asked: argparse.Namespace) -> None:
    async def use(services: Services) -> None:
        await _play_demos(services, asked.speed, loop=False)

    await _with_services(settings, use)


async def _backup(settings: Settings, asked: argparse.Namespace) -> None:
    async def use(services: Services) -> None:
        try:
            rows = await backup.backup(services, asked.file)
        except OSError as error:
            raise InvalidInput({"file": f"{asked.file} cannot be written ({error.strerror})."}) from None
        print(f"{rows} rows are in {asked.file}.")

    await _with_services(settings, use)


async def _restore(settings: Settings, asked: argparse.Namespace) -> None:
    async def use(services: Services) -> None:
        print(f"{await restore(services, asked.file, everything, replace=asked.replace)} rows are restored.")

    await _with_services(settings, use)


async def _new_epoch(settings: Settings, asked: argparse.Namespace) -> None:
    async def use(services: Services) -> None:
        print(f"{await renew_epochs(services)} tournaments have a new epoch.")

    await _with_services(settings, use)


def _password_from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")


async def _staff_add(settings: Settings, asked: argparse.Namespace) -> None:
    async def use(services: Services) -> None:
        row = await staff_actions.add_staff(services, asked.name, _password_from_stdin(), asked.role)
        print(f"{row.name} can sign in as {row.role}.")

    await _with_services(settings, use)


async def _staff_list(settings: Settings, asked: argparse.Namespace) -> None:
    async def use(services: Services) -> None:
        async with services.database.reading() as connection:
            for row in await select_all_staff(connection):
                print(f"{row.name}\t{row.role}\t{'active' if row.active else 'disabled'}")

    await _with_services(settings, use)


async def _staff_change(settings: Settings, asked: argparse.Namespace) -> None:
    async def use(services: Services) -> None:
        async with services.database.reading() as connection:
            row = await select_staff_by_name(connection, asked.name)
        if row is None:
            raise BadSettings(f"there is no account named {asked.name!r}; `staff list` shows them")
        password = _password_from_stdin() if asked.password_stdin else None
        await staff_actions.change_staff(
            services, row.id, password=password, role=asked.role, active=asked.active
        )
        print(f"{row.name} is changed.")

    await _with_services(settings, use)
