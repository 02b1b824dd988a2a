"""What a person can do with the program, and what they can see of it: windows, pixels, files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ImageGrab

from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.gui.dimming import DIMMED
from lrgui.plot.theme import LIGHT
from lrgui.runs.job import Job
from lrgui.runs.log import LoggedRun, read_log

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def until(look: Callable[[], T], what: str, seconds: float = 40.0) -> T:
    """Look again and again, until there is something to see; a third of the time at most, for the program needs it."""
    end = time.monotonic() + seconds
    while (begin := time.monotonic()) < end:
        seen = look()
        if seen:
            return seen
        time.sleep(max(0.05, 2 * (time.monotonic() - begin)))
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


@dataclass(frozen=True)
class Desktop:
    """A display and its tools."""

    display: str

    @property
    def environment(self) -> dict[str, str]:
        """For processes on this display."""
        clean = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
        return {**clean, "DISPLAY": self.display}

    def do(self, *words: object) -> str:
        """Run xdotool."""
        command = ["xdotool", *map(str, words)]
        return subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Zones:
    """Where the three tints lie, in pixels of the screen."""

    left: int
    low_end: int
    high_start: int
    right: int
    top: int
    bottom: int

    def lr_at(self, x: float) -> float:
        """The learning rate at a column, for a sweep from 1e-6 to 1."""
        return float(10 ** (-6 + 6 * (x - self.left) / (self.right - self.left)))


@dataclass(frozen=True)
class Seen:
    """A part of the window with the words that are read in it."""

    words: list[str]
    """Of a table those of each row."""
    name: str
    """What a screen reader calls it."""
    place: tuple[int, int, int, int]
    """Left, top, width and height on the screen."""
    on: bool
    """False for what cannot be used now."""

    @property
    def text(self) -> str:
        """All of its words."""
        return "\n".join(self.words)

    @property
    def middle(self) -> tuple[int, int]:
        """Its middle on the screen."""
        left, top, width, height = self.place
        return left + width // 2, top + height // 2


class Program:
    """The real program in folders of its own."""

    def __init__(self, desktop: Desktop, folder: Path) -> None:
        self.desktop = desktop
        self.folder = folder
        self.runs_folder = folder / "runs"
        self.process: subprocess.Popen[bytes] | None = None
        self.window = ""

    # ------------------------------------------------------------ start and end
    def start(
        self,
        steps: int = 200,
        epochs: int = 12,
        end_lr: float = 1.0,
        stop_factor: float = 4.0,
        race_steps: int = 160,
        read: bool = False,
    ) -> None:
        """Start with these settings and wait for the window; `read` it to know which words stand where."""
        job = replace(
            Job(),
            sweep=SweepSettings(steps=steps, end_lr=end_lr, stop_factor=stop_factor),
            train=TrainSettings(epochs),
            race=RaceSettings(steps=race_steps),
        )
        config = self.folder / "config"
        config.mkdir()
        settings = {"version": 1, "theme": "light", "job": asdict(job), "folder": str(self.folder)}
        (config / "settings.json").write_text(json.dumps(settings))
        environment = {
            **self.desktop.environment,
            "LRGUI_RUNS": str(self.runs_folder),
            "LRGUI_CONFIG": str(config),
            "XDG_CONFIG_HOME": str(self.folder / "xdg"),
        }
        program = [ROOT / "tests" / "journeys" / "reader.py", self._read] if read else [ROOT / "main.py"]
        self.process = subprocess.Popen(
            [sys.executable, *map(str, program)], env=environment, cwd=self.folder, stderr=subprocess.PIPE
        )
        self.window = until(lambda: self._find("^LR Finder$"), "the window")
        until(lambda: self._pixels(LIGHT.accent).any(), "the window is painted")
        self.wait_for_keyboard()

    def _find(self, name: str) -> str:
        return (self._all(name) or [""])[-1]

    def _all(self, name: str) -> list[str]:
        return self.desktop.do("search", "--onlyvisible", "--name", name).split()

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait(60)
            if self.process.stderr is not None:
                self.process.stderr.close()

    def close(self) -> None:
        """Ask the window manager to close the window, as its button does."""
        assert self.process is not None
        for _ in range(5):  # a busy machine's window manager may miss a key
            self.desktop.do("windowactivate", self.window)
            time.sleep(0.2)
            self.key("alt+F4")
            end = time.monotonic() + 10
            while time.monotonic() < end:
                if self.process.poll() is not None or self.asks():
                    return
                time.sleep(0.05)

    def asks(self) -> bool:
        """True while a question is open beside the window."""
        return len(self.desktop.do("search", "--onlyvisible", "--name", "LR Finder").split()) > 1

    def wait_for_question(self) -> None:
        """Wait until the question beside the window has the keyboard: a key before that goes to the window."""
        until(lambda: self.asks() and self._active() not in ("", self.window), "the question")

    def exit_status(self) -> int:
        """Wait for the program to end; nothing may stand on its standard error."""
        assert self.process is not None
        status = self.process.wait(60)
        assert self.process.stderr is not None
        said = self.process.stderr.read().decode()
        assert "Traceback" not in said, said
        return status

    # ------------------------------------------------------------ mouse and keyboard
    def key(self, keys: str) -> None:
        """Press a key."""
        self.desktop.do("key", "--clearmodifiers", keys)

    def type(self, text: str) -> None:
        """Type."""
        self.desktop.do("type", "--delay", "8", text)

    def command(self, words: str) -> None:
        """Do or go to what the command palette calls so."""
        self.key("ctrl+shift+p")
        self.wait_for_dialog("Commands")
        self.type(words)
        self.key("Return")
        self.wait_for_keyboard()

    def wait_for_keyboard(self) -> None:
        """Wait until what lay over the window has gone, and it has the keyboard again."""
        until(lambda: self._active() == self.window, "the window has the keyboard")

    def wait_for_dialog(self, name: str) -> None:
        """Wait until a dialog of this name is open and has the keyboard: keys before that go to the window."""
        until(lambda: self._active() in self._all(name), f"the dialog “{name}”")

    def wait_for_menu(self) -> None:
        """Wait until a menu is open: keys before that go to the window."""
        assert self.process is not None
        pid = self.process.pid
        until(lambda: set(self.desktop.do("search", "--onlyvisible", "--pid", pid).split()) - {self.window}, "the menu")

    def _active(self) -> str:
        """The window that has the keyboard; empty while there is none."""
        return self.desktop.do("getactivewindow").strip()

    def settled(self, look: Callable[[], T], what: str) -> T:
        """What there is to see once two looks in a row see the same: the last of several changes may be on its way."""

        def twice() -> tuple[T] | None:
            first = look()
            time.sleep(0.3)
            return (first,) if look() == first else None

        return until(twice, what)[0]

    def enter(self, text: str) -> None:
        """Type and press Enter."""
        self.type(text)
        self.key("Return")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press at one place, move in small steps, let go at another. Ctrl is held: no snapping."""
        self.desktop.do("mousemove", *start)
        time.sleep(0.15)
        self.desktop.do("keydown", "ctrl", "mousedown", 1)
        for share in np.linspace(0, 1, 12)[1:]:
            x, y = (round(a + share * (b - a)) for a, b in zip(start, end, strict=True))
            self.desktop.do("mousemove", x, y)
            time.sleep(0.03)
        self.desktop.do("mouseup", 1, "keyup", "ctrl")
        time.sleep(0.4)

    def click(self, at: tuple[int, int]) -> None:
        """Click."""
        self.desktop.do("mousemove", *at, "click", 1)

    # ------------------------------------------------------------ what there is to see
    def screen(self) -> NDArray[np.uint8]:
        """The whole screen. Shape (height, width, 3)."""
        # Not a program that takes pictures: whoever waits for something to be seen would start it again and again.
        return np.asarray(ImageGrab.grab(xdisplay=self.desktop.display).convert("RGB"))

    def _pixels(self, colour: str, tolerance: int = 2) -> NDArray[np.bool_]:
        screen = self.screen()
        found = np.ones(screen.shape[:2], bool)
        for channel, start in enumerate((1, 3, 5)):
            wanted = int(colour[start : start + 2], 16)
            values = screen[..., channel]  # compared as bytes: this is done many times a second beside the program
            found &= (values >= max(wanted - tolerance, 0)) & (values <= min(wanted + tolerance, 255))
        return found

    def count(self, colour: str) -> int:
        """How many pixels have this colour."""
        return int(self._pixels(colour).sum())

    def dimmed(self, colour: str, over: str = LIGHT.background) -> int:
        """How many pixels have what this colour is once it is dimmed over another."""
        shades = [[int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in (colour, over)]
        pale = [round(DIMMED * own + (1 - DIMMED) * behind) for own, behind in zip(*shades, strict=True)]
        return self.count("#" + bytes(pale).hex())

    def zones(self) -> Zones:
        """The tinted zones, by their colours."""
        masks = [self._pixels(LIGHT.zone(key)[1]) for key in ("low", "optimal", "divergence")]
        rows = np.flatnonzero(masks[0].sum(axis=1) > 60)
        top, bottom = int(rows.min()), int(rows.max())
        spans = []
        for mask in masks:
            columns = np.flatnonzero(mask[top:bottom].sum(axis=0) > 0.25 * (bottom - top))
            spans.append((int(columns.min()), int(columns.max())))
        return Zones(spans[0][0], spans[1][0], spans[2][0], spans[2][1], top, bottom)

    def header(self, zones: Zones) -> NDArray[np.uint8]:
        """The pixels of the line above the plot that says what is shown."""
        return self.screen()[zones.top - 52 : zones.top - 34, zones.left - 40 : zones.left + 300]

    def selection_column(self, zones: Zones) -> int:
        """Where the dark line of the selection stands."""
        dark = self._pixels(LIGHT.selection, 40)[zones.top + 80 : zones.bottom, zones.left : zones.right]
        counts = dark.sum(axis=0)
        assert counts.max() > 0.8 * dark.shape[0], "no selection line"
        return zones.left + round(float(np.mean(np.flatnonzero(counts > 0.8 * dark.shape[0]))))

    def shown(self) -> Zones | None:
        """The zones, None while not all of them are in sight."""
        try:
            return self.zones()
        except ValueError:
            return None

    # ------------------------------------------------------------ what there is to read
    @property
    def _read(self) -> Path:
        return self.folder / "seen.json"

    def seen(self) -> list[Seen]:
        """All words of a window that was started to be read."""
        found = json.loads(self._read.read_text()) if self._read.exists() else []
        return [Seen(**{**one, "place": tuple(one["place"])}) for one in found]

    def named(self, name: str) -> Seen | None:
        """The part that a screen reader calls so."""
        return next((one for one in self.seen() if one.name == name), None)

    def reads(self, words: str) -> Seen | None:
        """The part in which these words stand."""
        return next((one for one in self.seen() if words in one.text), None)

    def wait_for(self, words: str, seconds: float = 40.0) -> Seen:
        """The part in which these words stand, once they do."""
        return until(lambda: self.reads(words), f"“{words}” in the window", seconds)

    # ------------------------------------------------------------ files and processes
    def settings(self) -> dict[str, Any]:
        """What the program has kept so far."""
        found: dict[str, Any] = json.loads((self.folder / "config" / "settings.json").read_text())
        return found

    def clipboard(self) -> str:
        """The text on the clipboard; of a picture its size, as in "800×600"."""
        code = (
            "from PySide6.QtGui import QGuiApplication as App; app = App([]); board = app.clipboard(); "
            "size = board.image().size(); print(f'{size.width()}×{size.height()}' if size.width() else board.text())"
        )
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=self.desktop.environment, check=True, capture_output=True, timeout=60)
        return done.stdout.decode()

    @contextmanager
    def _something_on_the_clipboard(self) -> Iterator[None]:
        """So that what is read after this was copied meanwhile."""
        code = (
            "from PySide6.QtGui import QGuiApplication as App; app = App([]); app.clipboard().setText('of before'); "
            "app.processEvents(); print(flush=True); app.exec()"
        )
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, env=self.desktop.environment, stdout=subprocess.PIPE) as owner:
            assert owner.stdout is not None and owner.stdout.readline()
            try:
                yield
            finally:
                owner.kill()

    def copied(self, form: str, begins: str) -> str:
        """What the export dialog's Copy puts on the clipboard of what is on screen: text that begins so."""
        self.key("ctrl+e")
        self.wait_for_dialog("Export")
        self.key("Home")  # it opens with the format of the last time, from which typing would go to the next
        self.type(form)
        for key in ("shift+Tab", "shift+Tab"):  # from the format over Save to Copy
            self.key(key)
        with self._something_on_the_clipboard():
            self.key("space")
            text = until(lambda: (seen := self.clipboard()).startswith(begins) and seen, f"the text of {form}")
        self.key("Escape")
        self.wait_for_keyboard()
        return str(text)

    def run(self, kind: str) -> LoggedRun | None:
        """The newest run of a kind, as far as it is on disk."""
        found = None
        for path in sorted(self.runs_folder.glob("*.lrrun"), key=lambda p: p.stat().st_mtime_ns):
            try:
                logged = read_log(path)
            except ValueError:
                continue
            if logged.job.kind == kind:
                found = logged
        return found

    def ended(self, kind: str) -> LoggedRun | None:
        """The newest run of a kind, once it has ended."""
        if b'\n{"event":"end"' not in self._log(kind)[-10_000:]:
            return None
        logged = self.run(kind)
        return logged if logged is not None and not logged.interrupted else None

    def points(self, kind: str = "sweep") -> int:
        """How many batches of the newest run of a kind are on disk."""
        return self._log(kind).count(b'\n{"event":"batch"')

    def _log(self, kind: str) -> bytes:
        """The newest log of a kind, as it is on disk: whoever waits for something looks at it again and again."""
        for path in sorted(self.runs_folder.glob("*.lrrun"), key=lambda p: -p.stat().st_mtime_ns):
            data = path.read_bytes()
            if b'"job":{"kind":"%s"' % kind.encode() in data.partition(b"\n")[0]:
                return data
        return b""

    def workers(self) -> list[int]:
        """Processes of this program's runs, the spare one included, and those forked from it."""
        assert self.process is not None
        waiting = self._python_children(self.process.pid, b"lrgui.runs.worker")
        return [*waiting, *(forked for pid in waiting for forked in self._python_children(pid, b"--serve="))]

    @staticmethod
    def _python_children(of: int, word: bytes) -> list[int]:
        """The children of a process in whose command line a word stands."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_bytes()
            except (OSError, IndexError):  # it has gone meanwhile
                continue
            if parent == of and word in command:
                found.append(int(folder.name))
        return found

    def kill_window(self) -> None:
        """SIGKILL: the program gets no chance to tidy up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)


def window_manager(desktop: Desktop) -> subprocess.Popen[bytes]:
    """openbox, once it stays: a server that has just told its number may still refuse its first client."""
    for _ in range(20):
        manager = subprocess.Popen(["openbox"], env=desktop.environment, stderr=subprocess.DEVNULL)
        try:
            manager.wait(1)
        except subprocess.TimeoutExpired:
            return manager
    raise AssertionError(f"openbox does not start on the display {desktop.display}")


@contextmanager
def display() -> Iterator[Desktop]:
    """A display of its own (Xvfb) with a window manager."""
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1500x950x24", "-nolisten", "tcp", "-noreset"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    desktop = Desktop(f":{server.stdout.readline().strip()}")
    manager = window_manager(desktop)
    try:
        yield desktop
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait(60)
        server.stdout.close()
