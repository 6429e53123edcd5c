"""A pytest plugin for CI (`-p tests.no_skips`): a run with a skipped test fails.

A machine without Redis, PostgreSQL or a browser must not look like one on which they were tried. A test
that is expected to fail (`xfail`) has run, and counts as no skip.
"""

import pytest

_skipped: list[str] = []


def _note(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember a test that was skipped."""
    _note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Remember a whole module that was skipped."""
    _note(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a pass with skips into a failure."""
    if _skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line why the run failed; `-ra` has named each skip and its reason."""
    if _skipped:
        terminalreporter.write_line(f"This run may skip nothing, and skipped {len(_skipped)}.", red=True)
