"""CI's promise that nothing is skipped, tried on runs of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(directory: Path, source: str) -> subprocess.CompletedProcess[str]:
    """The result of pytest with the plugin over one test module, free of the project's own settings."""
    module = directory / "test_sample.py"
    module.write_text(source)
    config = directory / "pytest.ini"
    config.write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.no_skips", "-c", str(config), str(module)]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # to load all the others takes seconds
    return subprocess.run(
        command, cwd=ROOT, env=alone, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "source",
    [
        "import pytest\ndef test_one(): pass\ndef test_two(): pytest.skip('no redis')\n",
        "import pytest\npytest.importorskip('no_such_module')\n",
    ],
    ids=["one test", "a whole module"],
)
def test_a_skip_fails_the_run_and_says_so(tmp_path: Path, source: str) -> None:
    """A skipped test and a skipped module each make the run fail, in words."""
    result = run(tmp_path, source)
    assert result.returncode != 0
    assert "skipped 1." in result.stdout


def test_a_run_without_skips_passes(tmp_path: Path) -> None:
    """Passing tests pass, an expected failure among them."""
    source = "import pytest\ndef test_one(): pass\n@pytest.mark.xfail\ndef test_two(): assert 0\n"
    assert run(tmp_path, source).returncode == 0
