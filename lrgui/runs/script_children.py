"""Following the processes that a script starts: torchrun's, accelerate's, multiprocessing's.

They find the job by an environment variable, whatever starts them, and send their events through a named pipe, which
the script's own process reads. Where the system has none (Windows) only that process is followed.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from lrgui import frozen
from lrgui.core.events import Event
from lrgui.runs.job import Job
from lrgui.runs.lines import decode, encode
from lrgui.temporary import temporary_folder

#: Environment variable with the path of what a child must know.
VARIABLE = "LRGUI_SCRIPT"


class Children:
    """The children of this process, from now on."""

    def __init__(self, job: Job, heard: Callable[[Event], None]) -> None:
        """`heard` gets their events, in a thread of its own."""
        folder = temporary_folder()
        self.about = folder / "job.json"
        self._pipe = folder / "events"
        self._heard = heard
        about = {"sources": str(frozen.sources_folder()), "job": job.to_dict()}
        self.about.write_text(json.dumps(about), encoding="utf-8")
        self._before = {name: os.environ.get(name) for name in (VARIABLE, "PYTHONPATH")}
        if not hasattr(os, "mkfifo"):
            return
        os.mkfifo(self._pipe)
        # Open on both sides: it does not end when a child does.
        self._descriptor = os.open(self._pipe, os.O_RDWR)
        os.environ[VARIABLE] = str(self.about)
        places = [str(Path(__file__).parents[1] / "script" / "children"), os.environ.get("PYTHONPATH", "")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, places))
        threading.Thread(target=self._read, name="lrgui children", daemon=True).start()

    def forget(self) -> None:
        """Children that are started from now on are not followed."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def _read(self) -> None:
        rest = b""
        while data := os.read(self._descriptor, 1 << 16):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                try:
                    event = decode(line)
                except ValueError:
                    continue
                if event is not None:
                    self._heard(event)


class ChildChannel:
    """Takes a child's events."""

    def __init__(self, about: Path) -> None:
        self._pipe = about.with_name("events")
        self._descriptor: int | None = None

    def say(self, event: Event) -> None:
        """Send an event."""
        if self._descriptor is None:
            self._descriptor = os.open(self._pipe, os.O_WRONLY)
        os.write(self._descriptor, (encode(event) + "\n").encode("ascii"))


def claim(about: Path) -> bool:
    """True for the first process that asks: that one is swept."""
    try:
        os.close(os.open(about.with_name("claimed"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
