"""Opening the window, or a command, starts no Python that only the settings name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lrgui.gui.settings import Settings, leave_out_foreign_pythons
from lrgui.runs.trust import Trust

posix = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A program that tells that it was started."""
    program = tmp_path / "evil" / "python"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\nexit 1\n")
    program.chmod(0o755)
    return program


def start(tmp_path: Path, settings: Mapping[str, object], code: str) -> subprocess.CompletedProcess[str]:
    config = tmp_path / "config"
    config.mkdir(exist_ok=True)
    (config / "settings.json").write_text(json.dumps({"version": 1, **settings}))
    environment = {
        **os.environ,
        "LRGUI_CONFIG": str(config),
        "LRGUI_RUNS": str(tmp_path / "runs"),
        "QT_QPA_PLATFORM": "offscreen",
        "LRGUI_NEW_WINDOW": "1",
    }
    environment.pop("LRGUI_PYTHON", None)
    program = tmp_path / "program.py"
    program.write_text(code)
    return subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, timeout=90, check=False
    )


WINDOW = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from lrgui.gui import app
ran = {ran!r}
def look():
    import os
    if os.path.exists(ran): QApplication.quit()
def before():
    global timer
    timer = QTimer(interval=50); timer.timeout.connect(look); timer.start()
    QTimer.singleShot({time}, QApplication.quit)
app.main({arguments!r}, before)
"""


@posix
def test_the_window(tmp_path: Path, python: Path) -> None:
    ran, task = tmp_path / "ran", tmp_path / "task.py"
    task.write_text("")
    for settings in ({"python": str(python)}, {"pythons": {str(task): str(python)}}):
        code = WINDOW.format(ran=str(ran), time=2500, arguments=[str(task)] if "pythons" in settings else [])
        done = start(tmp_path, settings, code)
        assert f"The Python {python} in the settings was not chosen on this computer" in done.stderr
        assert not ran.exists()
    assert Trust(tmp_path / "config" / "trusted.json").chose_pythons([str(python)]) == ""
    done = start(tmp_path, {"python": str(python)}, WINDOW.format(ran=str(ran), time=30_000, arguments=[]))
    assert ran.exists(), done.stderr
    assert "not chosen" not in done.stderr


@posix
@pytest.mark.usefixtures("warm_processes")
def test_the_command_line(tmp_path: Path, python: Path) -> None:
    code = "import sys; sys.argv = ['lrgui', 'find', '--steps', '5']; from lrgui.start import main; main()"
    done = start(tmp_path, {"python": str(python)}, code)
    assert "was not chosen on this computer" in " ".join(done.stderr.split())
    assert done.returncode in (0, 3) and not (tmp_path / "ran").exists()
    Trust(tmp_path / "config" / "trusted.json").chose_pythons([str(python)])
    assert start(tmp_path, {"python": str(python)}, code).returncode == 1
    assert (tmp_path / "ran").exists()


@posix
def test_a_python_is_known_by_where_its_path_leads(tmp_path: Path, python: Path) -> None:
    store, link, other = tmp_path / "trusted.json", tmp_path / "bin", tmp_path / "other"
    link.symlink_to(python)
    other.write_text("")
    assert Trust(store).chose_pythons([str(link), "", "/not/there"]) == ""
    assert Trust(store).may_start(str(link)) and not Trust(store).may_start(str(python))
    assert not Trust(store).may_start("/not/there")
    python.write_text("#!/bin/sh\n# renewed by the system\n")
    assert Trust(store).may_start(str(link))
    link.unlink()
    assert Trust(store).may_start(str(link)), "its disk is away"
    link.symlink_to(other)
    assert not Trust(store).may_start(str(link))
    written = store.stat().st_mtime_ns
    trust = Trust(store)
    settings = Settings(python=str(link), pythons={"/a.py": "", "/b.py": str(link), "/c.py": str(python)})
    (sentence, second) = leave_out_foreign_pythons(settings, trust)
    assert str(link) in sentence and str(python) in second
    assert settings == Settings(pythons={"/a.py": ""})
    assert trust.chose_pythons([]) == "" and store.stat().st_mtime_ns == written
