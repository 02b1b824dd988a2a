"""Time from process start to a painted window: `python benchmarks/startup.py [--quick]`.

`main.py` against the smallest PySide6 + pyqtgraph program with an empty plot, in turns, on an X server of its own
(Xvfb). Seen from outside: the clock stops when the middle of the screen is no longer black. Linux with libX11.
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
        screen = Screen(environment["DISPLAY"])
        variants = {name: partial(start, screen, row[1], environment) for name, row in PROGRAMS.items()}
        for variant in variants.values():
            variant()  # fills the caches of the disk
        found = interleaved(variants, 3 if chosen.quick else 11)
    print(f"Seconds from process start to painted window; {cores()} cores, medians of {len(found['empty'])} rounds")
    rows = [
        (label, f"{median(found[name]):.2f}", spread(found[name]), *ratios(found[name], found["empty"]))
        for name, (label, _) in PROGRAMS.items()
    ]
    table(("program", "seconds", "lowest … highest", "ratio", "paired"), rows)
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


def start(screen: Screen, command: list[str], environment: dict[str, str]) -> float:
    """Seconds until the window of `command` is painted; the program is ended then."""
    while screen.painted():
        time.sleep(0.05)
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        while not screen.painted():
            if process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError(f"{command} shows no window")
            time.sleep(0.004)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    raise SystemExit(main())
