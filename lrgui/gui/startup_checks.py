"""What keeps a window from opening, in one sentence with the command that helps. Qt itself would abort."""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from lrgui import frozen

#: Seconds that a display may take to answer.
PATIENCE = 5.0

#: Libraries that PySide6 expects of the system, and Debian's packages of them.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}


def _instead(arguments: Sequence[str]) -> str:
    """What the command line can do without a display, with that on which the window was to be opened."""
    first = next(iter(arguments), "digits")
    if first == "--scenarios":
        command = "scenarios --png scenarios.png"
    elif first.endswith(".lrrun"):
        command = f"export {shlex.quote(first)} --png curve.png"
    else:
        command = f"find {'digits' if first.startswith('-') else shlex.quote(first)}"
    return f"use “lrgui {command}” in the terminal, or start LR Finder from a desktop."


def display_trouble(arguments: Sequence[str] = ()) -> str | None:
    """Why no window can be opened here as far as the environment and a knock at the display tell; quick.

    `arguments` say what was to be opened.
    """
    if not _needs_display() or _wayland_answers():
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        return f"there is no display to open a window on: {_instead(arguments)}"
    host, _, number = display.partition(":")
    if host in ("", "unix") and number.split(".")[0].isdigit() and not _listens(number.split(".")[0]):
        return f"the display {display} does not respond: {_instead(arguments)}"
    return None


def package_trouble() -> str | None:
    """Which package of Python's the window misses, None where it has all. Imports nothing."""
    for name in ("pyqtgraph", "numpy", "platformdirs"):
        if find_spec(name) is None:
            return import_trouble(ModuleNotFoundError(name=name))
    return None


def library_trouble() -> str | None:
    """Which library of the system Qt misses for the X window system, None where it has all. Imports QtCore.

    Loads the very plugin that Qt loads next, which costs no time: it is loaded by then.
    """
    if not _needs_display() or _wayland_answers():
        return None
    from PySide6.QtCore import QLibraryInfo

    plugin = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath), "platforms", "libqxcb.so")
    if not plugin.exists():
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return import_trouble(error)
    return None


def import_trouble(error: ImportError | OSError) -> str:
    """What to do about a package that could not be imported, or a library that could not be loaded."""
    if isinstance(error, ModuleNotFoundError):
        name = (error.name or str(error)).split(".")[0]
        package = {"PySide6": "PySide6-Essentials", "shiboken6": "PySide6-Essentials"}.get(name, name)
        return f"the Python package {name} is not installed: {sys.executable} -m pip install {package}"
    first = re.match(r"(?:\S*/)?(lib[\w.+-]+?\.so[\w.]*)", str(error))
    missing = [name for name in LIBRARIES if not _loads(name)]
    if first is not None and first[1] not in missing:
        missing.insert(0, first[1])
    packages = sorted({LIBRARIES[name] for name in missing if name in LIBRARIES})
    if not packages:
        return f"Qt could not be loaded ({error}); reinstalling PySide6-Essentials may help."
    return (
        f"Qt needs {', '.join(missing)} from the system; on Debian or Ubuntu: sudo apt-get install {' '.join(packages)}"
    )


def connection_trouble(arguments: Sequence[str] = ()) -> str | None:
    """Why the X server that listens lets nobody in, or keeps silent; None where a window can be opened.

    To be asked after `library_trouble`, which has loaded the library that asks.
    """
    if not _needs_display() or _wayland_answers():
        return None
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return None  # it lies where only Qt finds it
    answers: list[int] = []

    def knock() -> None:
        xcb.xcb_connect.restype = ctypes.c_void_p
        xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
        connection = xcb.xcb_connect(None, None)
        answers.append(xcb.xcb_connection_has_error(connection))
        xcb.xcb_disconnect(connection)

    # In a thread, because a server that hangs never answers; nor would it answer Qt.
    thread = threading.Thread(target=knock, name="lrgui display", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if answers == [0]:
        return None
    display = os.environ.get("DISPLAY", "")
    why = "does not answer" if not answers else "cannot be opened (is this its user, and is its number right?)"
    return f"the display {display} {why}: {_instead(arguments)}"


def tell(trouble: str) -> None:
    """Say it in the terminal; to somebody who started from a menu in a dialog of the desktop, where there is one."""
    print(f"lrgui: {trouble}", file=sys.stderr)
    if not sys.platform.startswith("linux") or not _from_menu() or display_trouble() is not None:
        return
    text = f"LR Finder: {trouble}"
    for command in (
        ["kdialog", "--title", "LR Finder", "--error", text],
        ["zenity", "--error", "--title=LR Finder", "--no-markup", f"--text={text}"],
        ["xmessage", "-center", text],
    ):
        if shutil.which(command[0]):
            quiet = subprocess.DEVNULL
            environment = frozen.foreign_environment()
            subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, env=environment, start_new_session=True)
            return


def _from_menu() -> bool:
    """True where a desktop started us, so that nobody reads standard error."""
    if sys.stderr is not None and sys.stderr.isatty():
        return False
    traces = ("DESKTOP_STARTUP_ID", "XDG_ACTIVATION_TOKEN", "GIO_LAUNCHED_DESKTOP_FILE")
    return any(os.environ.get(name) for name in traces)


def _needs_display() -> bool:
    """True where Qt will look for an X or Wayland server."""
    if not sys.platform.startswith("linux"):
        return False
    return os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0] in ("", "xcb")


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name or os.environ.get("QT_QPA_PLATFORM", "").startswith("xcb"):
        return False
    return _connects(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/"), name)))


def _listens(number: str) -> bool:
    """True where an X server listens, on its socket in the file system or in the abstract name space."""
    name = f"/tmp/.X11-unix/X{number}"
    return _connects(name) or _connects(f"\0{name}")


def _connects(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PATIENCE)
        try:
            probe.connect(address)
        except OSError:
            return False
        return True


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
