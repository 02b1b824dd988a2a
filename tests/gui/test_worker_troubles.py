"""What the window says of the process that computes: a missing or too old PyTorch, and the memory of a waiting one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from lrgui.gui import app
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.gui.status import StatusLine
from lrgui.runs.failures import check_torch
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.spare_pool import SparePool

FAKES = {
    "missing": ("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')", "-m pip install torch"),
    "too old": ("__version__ = '1.13.1+cpu'", "PyTorch 1.13.1+cpu in"),
    "broken": ("raise OSError('libtorch_cpu.so: cannot open shared object file')", "Reinstall torch and torchvision"),
}


@pytest.fixture
def pool() -> Iterator[SparePool]:
    pool = SparePool()
    yield pool
    pool.close()


@pytest.mark.parametrize("kind", FAKES)
@pytest.mark.parametrize("warm", [False, True])
def test_a_torch_that_is_no_use_is_told_above_the_plot(
    kind: str, warm: bool, pool: SparePool, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = FAKES[kind]
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(code + "\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    if warm:
        pool.warm()
    window = app.create_window(Settings(theme="light"), app.pool_source(pool))
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.session.run_ended):
        window.session.find()
    assert said in window.banner.text and sys.executable in window.banner.text
    if kind != "broken":
        assert f"{sys.executable} -m pip install " in window.banner.text
    assert window.session.state == "idle"


def test_versions_are_compared_as_numbers() -> None:
    for good in ("2.4.0", "2.10.1+cu121", "3.0.0a0+git123", "2.4rc1", "unknown"):
        check_torch(good)
    for old in ("2.3.1", "1.13.1+cpu", "0.4"):
        with pytest.raises(ValueError, match=r"too old: LR Finder needs 2\.4 or newer.*-m pip install --upgrade torch"):
            check_torch(old)


def sleeper() -> ChildProcess:
    code = "import sys; data = bytearray(b'x') * 50_000_000; print(flush=True); sys.stdin.read()"
    return ChildProcess(command=[sys.executable, "-c", code])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")
def test_the_memory_of_the_waiting_process_is_shown(qtbot: QtBot) -> None:
    pool = SparePool(make=sleeper)
    line = StatusLine(Session(Job(), lambda _job: pool.take()))
    qtbot.addWidget(line)
    line.watch_spare(pool.memory)
    line.refresh_spare()
    assert pool.memory() is None and line.spare_text.isHidden()
    pool.warm()
    qtbot.waitUntil(lambda: (pool.memory() or 0) > 50e6)
    assert (pool.memory() or 0) < 90e6
    line.refresh_spare()
    assert line.spare_text.text() == "Engine ready" and not line.spare_text.isHidden()
    assert re.search(r" It takes [5-9]\d MB of memory\.$", line.spare_text.toolTip())
    pool.close()
    assert pool.memory() is None
    line.refresh_spare()
    assert line.spare_text.isHidden()


def test_a_system_that_does_not_tell_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = SparePool(make=sleeper)
    pool.warm()
    monkeypatch.setattr(os, "sysconf", lambda _name: (_ for _ in ()).throw(ValueError("unknown")))
    assert pool.memory() is None
    pool.close()
    assert pool.memory() is None
