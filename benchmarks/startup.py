"""Time from process start to a painted window: `python benchmarks/startup.py [--quick]`.

`main.py` against the smallest PySide6 + pyqtgraph program with an empty plot, in turns, on an X server of its own
(Xvfb). Seen from outside: the clock stops when the middle of the screen is no longer black. Also the processor's time
until then, which other work on the machine disturbs less. Linux with libX11.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

from harness import ROOT, cores, interleaved, private_display, ratios, spread, table

PROGRAMS = {
    "empty": ("PySide6 + pyqtgraph, empty plot", [sys.executable, __file__, "--empty"]),
    "lrgui": ("LR Finder", [sys.executable, "main.py"]),
}


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer repeats")
    options.add_argument("--empty", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.empty:
        return empty_window()
    if shutil.which("Xvfb") is None:
        print("This needs Xvfb (Debian: sudo apt-get install xvfb).", file=sys.stderr)
        return 1
    with private_display() as environment:
        # A person's second start: the modules are compiled, those of the checkout too.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(Path(environment["HOME"], "compiled"))
        screen = Screen(environment["DISPLAY"])
        busy: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        variants = {name: partial(start, screen, row[1], environment, busy[name]) for name, row in PROGRAMS.items()}
        for name, variant in variants.items():
            variant()  # fills the caches of the disk
            busy[name].clear()
        found = interleaved(variants, 3 if chosen.quick else 15)
    print(f"From process start to painted window; {cores()} cores, medians of {len(found['empty'])} rounds")
    rows = [
        (label, what, f"{median(times[name]):.2f}", spread(times[name]), *ratios(times[name], times["empty"]))
        for what, times in (("seconds", found), ("processor seconds", busy))
        for name, (label, _) in PROGRAMS.items()
    ]
    table(("program", "", "median", "lowest … highest", "ratio", "paired"), rows)
    return 0


def empty_window() -> int:
    """The smallest program with a plot."""
    import pyqtgraph
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication(["empty"])
    window = QMainWindow()
    window.setCentralWidget(pyqtgraph.PlotWidget(background="w"))
    window.resize(1440, 900)
    window.show()
    return app.exec()


class Screen:
    """Looks at one pixel in the middle of an X screen."""

    def __init__(self, display: str) -> None:
        x11 = self._x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
        pointer = ctypes.c_void_p
        x11.XOpenDisplay.restype = x11.XGetImage.restype = pointer
        x11.XDefaultRootWindow.restype = x11.XGetPixel.restype = ctypes.c_ulong
        x11.XDefaultRootWindow.argtypes = [pointer]
        x11.XGetImage.argtypes = [
            pointer,
            ctypes.c_ulong,
            *[ctypes.c_int] * 2,
            *[ctypes.c_uint] * 2,
            ctypes.c_ulong,
            ctypes.c_int,
        ]
        x11.XGetPixel.argtypes = [pointer, ctypes.c_int, ctypes.c_int]
        x11.XDestroyImage.argtypes = [pointer]
        self._display = x11.XOpenDisplay(display.encode())
        if not self._display:
            raise RuntimeError(f"the display {display} cannot be opened")
        self._root = x11.XDefaultRootWindow(self._display)

    def painted(self) -> bool:
        """True where something lighter than black is in the middle."""
        image = self._x11.XGetImage(self._display, self._root, 720, 800, 1, 1, 0xFFFFFFFF, 2)
        pixel = self._x11.XGetPixel(image, 0, 0)
        self._x11.XDestroyImage(image)
        return bool(pixel & 0xFFFFFF)


def start(screen: Screen, command: list[str], environment: dict[str, str], busy: list[float]) -> float:
    """Seconds until the window of `command` is painted; the program is ended then. `busy` takes the processor's."""
    while screen.painted():
        time.sleep(0.05)
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        while not screen.painted():
            if process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError(f"{command} shows no window")
            time.sleep(0.004)
        seconds = time.perf_counter() - began
        busy.append(processor_seconds(process.pid))
        return seconds
    finally:
        process.terminate()
        process.wait(30)


def processor_seconds(pid: int) -> float:
    """What all threads of a process have computed so far, by Linux' clock of that process."""
    return time.clock_gettime((~pid << 3) | 2)  # as clock_getcpuclockid makes its number


if __name__ == "__main__":
    raise SystemExit(main())
