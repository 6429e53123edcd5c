"""The machine: which core does what, what a process took of it, and what it all is."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs/performance.md"
RESULTS = ROOT / "bench/results.json"
WRITTEN = (DOCUMENT, RESULTS)
"""What the bench writes its figures into."""

PEERS_PYTHON = ROOT / ".venv-bench/bin/python"

FILES_BESIDE = 500
"""How many open files a process may need beside those of its streams."""

_SCHEDULER_CLOCK = 2  # CPUCLOCK_SCHED of the kernel's include/linux/posix-timers.h: user and system time


class CannotMeasure(Exception):
    """Something that the bench needs is missing or does not work; the text says what, and the fix."""


@dataclass(frozen=True)
class Cores:
    """Which cores the server under test has, and which everything else (load, publisher, Redis) shares."""

    server: int
    rest: tuple[int, ...]

    @property
    def everything(self) -> tuple[int, ...]:
        """All of them."""
        return (self.server, *self.rest)


def cores() -> Cores:
    """The first core this process may use for the server, the others for the rest. Raises CannotMeasure."""
    first, *rest = sorted(os.sched_getaffinity(0))
    if not rest:
        raise CannotMeasure("The bench needs two cores: one for the server, one for everything else.")
    return Cores(first, tuple(rest))


def raise_descriptor_limit() -> None:
    """Let this process, and all it starts, open as many files as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def streams_max() -> int:
    """How many streams one process can hold, as each is an open file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard - FILES_BESIDE


def process_tree(pid: int) -> tuple[int, ...]:
    """A process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name, which may hold spaces and brackets) state parent …: proc(5)
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, ())
    return tuple(found)


def cpu_seconds(pids: tuple[int, ...]) -> float:
    """Processor time, user and system, that the processes have taken: utime + stime of proc(5), but to the
    nanosecond."""
    return sum(time.clock_gettime((~pid << 3) | _SCHEDULER_CLOCK) for pid in pids)


def rss_bytes(pids: tuple[int, ...]) -> int:
    """The resident memory of the processes, added up."""
    page = resource.getpagesize()
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in pids)


def describe_ours() -> dict[str, str]:
    """What a figure needs to be compared with another of ours: machine, kernel, versions, commit and date."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    ours = ("quart", "hypercorn", "uvloop", "redis", "sqlalchemy")
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "commit": _commit(),
        "machine": f"{cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB",
        "system": f"Linux {platform.release()}, {platform.freedesktop_os_release()['PRETTY_NAME']}",
        "this project": ", ".join(
            (f"Python {platform.python_version()}", *(f"{n} {importlib.metadata.version(n)}" for n in ours))
        ),
    }


def describe() -> dict[str, str]:
    """The same, and what a comparison with the peers needs: theirs, and the services'."""
    theirs = ("sse-starlette", "uvicorn", "uvloop", "channels", "channels-redis", "daphne", "django")
    return {
        **describe_ours(),
        "peers": ", ".join(
            (
                _output("nginx", "-v").replace("nginx version: ", "").replace("/", " "),
                f"nchan {_debian('libnginx-mod-nchan')}",
                _peer_versions(theirs),
            )
        ),
        "services": ", ".join(
            (
                _output("redis-server", "--version").split(" sha")[0].replace("server v=", ""),
                _output("psql", "--version").split(" (Debian")[0].replace("psql (PostgreSQL)", "PostgreSQL"),
                f"gcc {_output('gcc', '-dumpfullversion')}",
                f"wrk {_debian('wrk')}",
            )
        ),
    }


def _commit() -> str:
    """The checkout's commit, with ``-dirty`` if anything but what the bench itself writes was changed."""
    changes = ("git", "-C", str(ROOT), "diff", "--name-only", "HEAD", "--", ".")
    own = (f":!{path.relative_to(ROOT)}" for path in WRITTEN)
    commit = _output("git", "-C", str(ROOT), "describe", "--always")
    return f"{commit}-dirty" if _output(*changes, *own) else commit


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip()


def _debian(package: str) -> str:
    return _output("dpkg-query", "--show", "--showformat", "${Version}", package)


def _peer_versions(names: tuple[str, ...]) -> str:
    script = "import importlib.metadata as m, sys; [print(n, m.version(n)) for n in sys.argv[1:]]"
    return ", ".join(_output(str(PEERS_PYTHON), "-c", script, *names).splitlines())
