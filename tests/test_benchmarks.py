"""The benchmarks run: they use the program's parts directly, and nobody else would notice where those have changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
#: Those that need no window and end within seconds.
SHORT = {"script_speed.py": ("--quick", "--steps", "12"), "follow_speed.py": ("--quick",)}


@pytest.mark.usefixtures("warm_processes")
@pytest.mark.parametrize("name", SHORT)
def test_a_benchmark_prints_its_table(name: str) -> None:
    command = [sys.executable, str(FOLDER / name), *SHORT[name]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, cwd=FOLDER.parent)
    assert done.returncode == 0, done.stderr
    assert "| ratio |" in done.stdout
