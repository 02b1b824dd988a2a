"""The built bundle, driven where there is nothing but a display: no Python on the path, empty folders, odd names.

`make bundle` and `make bundle-full` build it. LRGUI_TEST_BUNDLE=light (or full) asks for one flavour, which must then
be there; without it each flavour that is built is tested. LRGUI_TEST_FOLDER names another bundle's folder. The light
one computes in the Python that runs the tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from program import Desktop, Program, display, until

from lrgui import __version__
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.events import EndEvent, StateEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.plot.theme import LIGHT
from lrgui.runs.job import Job
from lrgui.runs.log import read_log
from lrgui.runs.record import Record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

DIST = Path(__file__).resolve().parents[2] / "dist"
NEEDED = ("Xvfb", "xdotool", "openbox")
#: MB
MOST = {"light": 250, "full": 3500}
WANTED = os.environ.get("LRGUI_TEST_BUNDLE", "")


class Bundle:
    """A copy of a bundle in a folder with an odd name, and the poor surroundings it is started in."""

    def __init__(self, flavour: str, folder: Path) -> None:
        self.flavour = flavour
        self.folder = folder / "Größe × 学习 ‒ with spaces" / "lrgui"
        built = Path(os.environ.get("LRGUI_TEST_FOLDER") or DIST / f"lrgui-{flavour}")
        try:
            shutil.copytree(built, self.folder, symlinks=True, copy_function=os.link)
        except (OSError, shutil.Error):  # another disk
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.copytree(built, self.folder, symlinks=True)
        self.home, self.temporary, self.path = folder / "home", folder / "tmp", folder / "path"
        for each in (self.home, self.temporary, self.path):
            each.mkdir()
        self.runs = self.home / ".local" / "share" / "lrgui" / "runs"
        self.out = folder / "out"
        self.out.mkdir()
        # Nobody, not even root, can write there.
        self.cwd = Path("/proc") if Path("/proc/self").exists() else self.path

    @property
    def executable(self) -> Path:
        return self.folder / ("lrgui.exe" if os.name == "nt" else "lrgui")

    def environment(self, **more: str) -> dict[str, str]:
        """Everything that the program gets to know."""
        poor = {"HOME": str(self.home), "PATH": str(self.path), "TMPDIR": str(self.temporary)}
        return {**poor, **more}

    def computing(self) -> dict[str, str]:
        """What the light flavour must be told to compute."""
        return {"LRGUI_PYTHON": sys.executable} if self.flavour == "light" else {}

    def run(self, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """The command line's answer."""
        command = [str(self.executable), *map(str, words)]
        return subprocess.run(
            command, env=self.environment(**more), cwd=self.cwd, capture_output=True, encoding="utf-8", timeout=120
        )

    def processes(self) -> list[str]:
        """What runs in these surroundings, workers and guards included."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"HOME={self.home}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # just gone, or somebody else's
        return found

    def leaves_nothing(self) -> None:
        """No process and no temporary file is left."""
        until(lambda: not self.processes(), "all processes are gone")
        # Folders may stay: torch makes one for its compiler, the window one for its lock, one for each person.
        left = [path for path in self.temporary.rglob("*") if not path.is_dir()]
        assert left == []


@pytest.fixture(scope="module", params=[WANTED] if WANTED else list(MOST))
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundle]:
    """The flavours, as far as they are built."""
    flavour = request.param
    if not (DIST / f"lrgui-{flavour}").is_dir():
        assert not WANTED, f"the {flavour} bundle is not built"
        pytest.skip(f"the {flavour} bundle is not built: make bundle{'' if flavour == 'light' else '-full'}")
    folder = tmp_path_factory.mktemp(flavour)
    yield Bundle(flavour, folder)
    shutil.rmtree(folder, ignore_errors=True)  # gigabytes


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    """A display of its own with a window manager."""
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"driving the real window needs {', '.join(missing)}")
    with display() as desktop:
        yield desktop


def test_the_bundle_holds_what_it_needs_and_no_more(bundle: Bundle) -> None:
    files = [path for path in bundle.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < MOST[bundle.flavour] * 1e6
    names = " ".join(path.relative_to(bundle.folder).as_posix() for path in files)
    for unwanted in (
        "WebEngine",
        "Qt6Qml",
        "Qt6Quick",
        "libgtk",
        "pytest",
        "_internal/triton/",
        "/tests/",
        "translations/",
    ):
        assert unwanted not in names
    assert ("_internal/torch/" in names) == (bundle.flavour == "full")
    assert "resources/guide/how-to/window.md" in names, "F1 opens the guide"
    dangling = [path for path in bundle.folder.rglob("*") if path.is_symlink() and not path.exists()]
    assert dangling == []


def test_version(bundle: Bundle) -> None:
    done = bundle.run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"lrgui {__version__}\n", "")
    bundle.leaves_nothing()


def test_unknown_words_are_bad_arguments(bundle: Bundle) -> None:
    done = bundle.run("fnid")
    assert done.returncode == 2
    assert "fnid" in done.stderr


def test_without_a_display_one_sentence(bundle: Bundle) -> None:
    done = bundle.run()
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "display" in done.stderr


def test_scenarios_as_a_picture(bundle: Bundle) -> None:
    picture = bundle.out / "scenarios.png"
    done = bundle.run("scenarios", "--png", picture)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    bundle.leaves_nothing()


def test_find_and_export(bundle: Bundle) -> None:
    log, picture, table, document = (bundle.out / f"found.{ending}" for ending in ("lrrun", "png", "csv", "json"))
    done = bundle.run("find", "digits", "--json", "--log", log, **bundle.computing())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert 1e-3 < found["lr"] < 1
    done = bundle.run("export", log, "--png", picture, "--csv", table, "--json", document)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(table.read_text(encoding="utf-8").splitlines()) > 50
    assert json.loads(document.read_text(encoding="utf-8"))
    bundle.leaves_nothing()


def test_train(bundle: Bundle) -> None:
    done = bundle.run("train", "digits", "--max-lr", "0.1", "--epochs", "2", "--json", **bundle.computing())
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["epochs"]) == 2
    bundle.leaves_nothing()


def test_light_without_a_python_says_what_to_do(bundle: Bundle) -> None:
    if bundle.flavour == "full":
        pytest.skip("the full flavour needs no Python")
    done = bundle.run("find", "digits")
    assert done.returncode == 1
    assert "LRGUI_PYTHON" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    bundle.leaves_nothing()


def test_light_finds_a_python_on_the_path(bundle: Bundle) -> None:
    if bundle.flavour == "full":
        pytest.skip("the full flavour needs no Python")
    folders = [str(bundle.path), str(Path(sys.executable).parent)]
    done = bundle.run("find", "digits", "--steps", "100", "--json", PATH=os.pathsep.join(folders))
    assert done.returncode in (0, 3), done.stderr
    assert len(json.loads(done.stdout)["curve"]["lr"]) > 20


class Window(Program):
    """The bundle's window; its settings and runs are where they are without any word about them."""

    def __init__(self, desktop: Desktop, bundle: Bundle, folder: Path) -> None:
        super().__init__(desktop, folder)
        self.bundle = bundle
        self.runs_folder = bundle.runs

    def open(self, **more: str) -> float:
        """Start; returns the seconds to the visible window."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [str(self.bundle.executable)],
            env=self.bundle.environment(DISPLAY=self.desktop.display, **more),
            cwd=self.bundle.cwd,
            stderr=subprocess.PIPE,
        )
        self.window = until(lambda: self._find("^LR Finder$"), "the window")
        seconds = time.monotonic() - began
        until(lambda: self._pixels(LIGHT.accent).any(), "the window is painted")
        self.wait_for_keyboard()
        return seconds

    def points(self) -> int:
        """How many points of the runs are on disk."""
        return sum(log.read_bytes().count(b'"event":"batch"') for log in self.runs_folder.glob("*.lrrun"))


@pytest.fixture
def window(desktop: Desktop, bundle: Bundle, tmp_path: Path) -> Iterator[Window]:
    """A window that is not started yet; it is gone after the test, whatever happened."""
    shutil.rmtree(bundle.runs, ignore_errors=True)
    window = Window(desktop, bundle, tmp_path)
    yield window
    window.end()


def test_the_window(window: Window, bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    settings_file = bundle.home / ".config" / "lrgui" / "settings.json"
    settings_file.parent.mkdir(parents=True, exist_ok=True)
    long = replace(Job(), sweep=SweepSettings(steps=3000))  # long enough to be held in its middle
    settings_file.write_text(json.dumps({"version": 1, "job": asdict(long)}), encoding="utf-8")
    seconds = window.open(**bundle.computing())
    with capsys.disabled():
        print(f"\n{bundle.flavour}: {seconds:.2f} s to the visible window")
    window.key("F5")
    until(lambda: window.points() > 50, "the first points", 120)
    window.key("space")
    until(lambda: (run := window.run("sweep")) and StateEvent("paused") in run.events, "paused")
    assert window.ended("sweep") is None, "the curve grows"
    held = window.points()
    window.key("space")
    logged = until(lambda: window.ended("sweep"), "the end of the sweep", 120)
    end = logged.events[-1]
    assert isinstance(end, EndEvent)
    assert end.reason not in ("failed", "killed"), end.detail
    assert window.points() > held
    before = read_sweep(Record.of(logged.events).curve(), planned_range=(1e-6, 1.0)).selection
    assert before is not None

    until(lambda: window.count(LIGHT.zone("optimal")[1]) > 1000, "the zones are tinted")
    zones = window.settled(window.zones, "the zones")
    column = window.selection_column(zones)
    row = (zones.top + 2 * zones.bottom) // 3
    window.drag((column, row), (column - 70, row))
    assert abs(window.settled(lambda: window.selection_column(zones), "the selection") - (column - 70)) <= 3

    picture = bundle.out / "curve.png"
    picture.unlink(missing_ok=True)
    window.key("ctrl+e")
    window.wait_for_dialog("Export")
    window.key("Return")
    window.wait_for_dialog("Picture")  # it asks for a file
    window.key("ctrl+a")
    window.type(str(picture))
    window.key("Return")
    until(picture.exists, "the exported picture")
    assert picture.read_bytes().startswith(b"\x89PNG")
    until(lambda: len(desktop_windows(window)) == 1, "the file dialog has closed")

    window.close()
    assert window.exit_status() == 0
    settings = json.loads(settings_file.read_text(encoding="utf-8"))
    assert settings["job"]["train"]["max_lr"] < before / 1.5
    bundle.leaves_nothing()


def test_a_run_is_opened_by_its_path(window: Window, bundle: Bundle) -> None:
    log = bundle.out / "opened.lrrun"
    done = bundle.run("find", "digits", "--steps", "100", "--json", "--log", log, **bundle.computing())
    assert done.returncode in (0, 3), done.stderr
    window.process = subprocess.Popen(
        [str(bundle.executable), str(log)],
        env=bundle.environment(DISPLAY=window.desktop.display),
        cwd=bundle.cwd,
        stderr=subprocess.PIPE,
    )
    window.window = until(lambda: window._find("^LR Finder$"), "the window")
    until(lambda: window.count(LIGHT.zone("optimal")[1]) > 1000, "the zones of the opened run")
    assert read_log(log).job.kind == "sweep"
    window.close()
    assert window.exit_status() == 0
    bundle.leaves_nothing()


def test_the_light_window_without_a_python_says_what_to_do(window: Window, bundle: Bundle) -> None:
    if bundle.flavour == "full":
        pytest.skip("the full flavour needs no Python")
    window.open()
    window.key("F5")
    failed = until(lambda: window.ended("sweep"), "the end of the run")
    end = failed.events[-1]
    assert isinstance(end, EndEvent)
    assert "LRGUI_PYTHON" in end.detail
    window.close()
    assert window.exit_status() == 0
    bundle.leaves_nothing()


def desktop_windows(window: Window) -> list[str]:
    """The program's visible windows."""
    assert window.process is not None
    return window.desktop.do("search", "--onlyvisible", "--pid", window.process.pid, "--name", ".").split()
