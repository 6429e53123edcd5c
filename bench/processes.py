"""Whatever the bench starts: each in a scratch folder, pinned to its cores, and ended with its context."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.machine import ROOT, CannotMeasure, process_tree

START_SECONDS = 30.0
END_SECONDS = 20.0


def pinned(cores: Sequence[int], command: Sequence[object]) -> list[str]:
    """The command line that runs a command on these cores only."""
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *map(str, command)]


def free_port() -> int:
    """A port of the loopback on which nobody listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[object],
    *,
    cores: Sequence[int],
    port: int,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Iterator[int]:
    """A server, from when it accepts connections on ``port``; gives its pid.

    Raises CannotMeasure with the end of its log if it does not come up.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            pinned(cores, command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT if user is None else log.parent,
            env={**os.environ, **(env or {})},
            user=user,
        )
    try:
        _await_port(process, port, log)
        yield process.pid
    finally:
        _end(process)


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    said = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise CannotMeasure(f"A server does not listen on its port {port}:\n{said}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end; whatever of it is still there after a while is killed."""
    tree = process_tree(process.pid)
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        for pid in tree:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def redis(folder: Path, cores: Sequence[int]) -> Iterator[str]:
    """A Redis that keeps nothing on disk; gives its URL."""
    port = free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no"}
    flags = [text for option, value in options.items() for text in (f"--{option}", str(value))]
    command = [program("redis-server"), *flags]
    with running(command, cores=cores, port=port, log=folder / "redis.log"):
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def postgres(folder: Path, cores: Sequence[int]) -> Iterator[str]:
    """A new PostgreSQL with its default settings, so a commit is on disk; gives the URL of a database."""
    home, port = folder / "postgres", free_port()
    home.mkdir()
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root; its package brings a user
        user = "postgres"
        for path in (folder, home):
            path.chmod(0o755)
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    made = subprocess.run(
        [program("initdb"), "--pgdata", home / "data", "--username=bench", "--auth=trust", "--encoding=UTF8"],
        capture_output=True,
        text=True,
        cwd=home,
        user=user,
        check=False,
    )
    if made.returncode:
        raise CannotMeasure(f"initdb failed:\n{made.stderr}")
    options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": home}
    flags = [text for option, value in options.items() for text in ("-c", f"{option}={value}")]
    command = [program("postgres"), "-D", home / "data", *flags]
    log = home / "log"
    log.touch()
    with running(command, cores=cores, port=port, log=log, user=user):
        yield f"postgresql://bench@127.0.0.1:{port}/postgres"


def program(name: str) -> str:
    """Where a program is; those of PostgreSQL are not on the PATH. Raises CannotMeasure."""
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(versions, key=lambda path: float(path.parts[4]), default=None)
    found = shutil.which(name) or (newest and str(newest))
    if not found:
        raise CannotMeasure(f"{name} is missing; `sh bench/system-packages` installs what the bench needs.")
    return found
