"""The process that keeps a run on the machine that it was sent to: starts the worker, writes the log, hears requests.

Nobody needs to be connected: requests come as lines of a file beside the log, see `tail.Follower.ask`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from lrgui.core.events import EndEvent, EndReason
from lrgui.errors.missing_modules import HOST
from lrgui.runs.checkpoints import folder_of, with_checkpoints
from lrgui.runs.event_source import EventSource, NoSource
from lrgui.runs.failures import explain
from lrgui.runs.job import Job, Keeping
from lrgui.runs.launch import ChildProcess
from lrgui.runs.log_writer import AGAIN, LogWriter
from lrgui.runs.remote.tail import TROUBLE, TROUBLE_BYTES
from lrgui.runs.script_source import script_source
from lrgui.runs.steering import listen
from lrgui.runs.team_worker import RUN
from lrgui.tasks.launchers import filled
from lrgui.tasks.user.code import FOLDER

#: Seconds that a run has to end in good order.
GRACE = 10.0
#: So many seconds a run that is over waits for room on the disk, to write what is missing of its log.
ROOM = 900.0


def main() -> None:
    """Compute the run of the folder that the first argument names."""
    folder = Path(sys.argv[1])
    about = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    job, state = Job.from_dict(about["job"]), about["state"]
    kept = folder_of(folder / "run.lrrun")
    if state:
        job = replace(job, keeping=Keeping(str(kept), str(kept / state)))
    job = with_checkpoints(job, folder / "run.lrrun")
    if about["folder"]:
        os.environ[FOLDER] = about["folder"]
    if about["host"]:
        os.environ[HOST] = about["host"]
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # whoever began this is gone
    os.environ[RUN] = str(folder)
    if about["rank"]:
        _Share(_team_command(about, folder / "team.py")).run(folder / "requests")
        os._exit(0)
    source, over = _source(job, about, folder / "team.py"), threading.Event()
    stopped, trouble = threading.Event(), _Trouble(folder / TROUBLE)
    listener = threading.Thread(target=listen, args=(folder / "requests", source, over, stopped.set), daemon=True)

    def stop(_number: int, _frame: object) -> None:
        stopped.set()
        source.cancel()
        threading.Timer(GRACE, source.kill).start()

    signal.signal(signal.SIGTERM, stop)
    with LogWriter(folder / "run.lrrun", job, origin="elsewhere", continues=bool(state)) as log:
        listener.start()
        try:
            for events in source.chunks():
                log.write(events)
                trouble.tell(log)
            _wait_for_room(log, trouble, stopped)
        except BaseException as error:
            log.write([EndEvent(EndReason.FAILED, f"The run could not be computed ({error}).")])
            raise
        finally:
            over.set()
    listener.join(2 * GRACE)
    sys.stdout.flush()
    os._exit(0)


def _source(job: Job, about: dict[str, Any], team: Path) -> EventSource:
    """As `source_of`; where there is none, the run's end says why."""
    try:
        return source_of(job, about, team)
    except Exception as error:
        return NoSource(explain(error))


def source_of(job: Job, about: dict[str, Any], team: Path) -> EventSource:
    """A process of its own, in the Python that this is; of several the program `team` in each, by a launcher."""
    if job.task.is_script:
        if about["processes"] > 1:
            several = {name: about[name] for name in ("processes", "launcher")}
            job = replace(job, task=replace(job.task, options={**job.task.options, **several}))
        return script_source(job, sys.executable)
    if about["command"]:
        return ChildProcess(job, command=_team_command(about, team))
    return ChildProcess(job, sys.executable)


def _team_command(about: dict[str, Any], team: Path) -> list[str]:
    host, port = about["endpoint"]
    return [*filled(about["command"], sys.executable, host or socket.gethostname(), port), str(team), about["sources"]]


class _Share:
    """The processes of one machine in a run that another machine leads, which has its log and its requests."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def run(self, requests: Path) -> None:
        """Stay until they have ended: with the leading ones, or because somebody asks for it."""
        over = threading.Event()
        listener = threading.Thread(target=listen, args=(requests, self, over), daemon=True)
        listener.start()
        signal.signal(signal.SIGTERM, lambda *_: self.kill())
        self._process.wait()
        over.set()

    def pause(self) -> None:
        """The leading machine's is heard by all."""

    def resume(self) -> None:
        """See `pause`."""

    def cancel(self) -> None:
        """End them."""
        self._process.terminate()

    kill = cancel


class _Trouble:
    """Says why the log cannot be written, where followers see it: in a file that has its place also on a full disk."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._told = ""

    def tell(self, log: LogWriter) -> None:
        """What is wrong with the log, if anything is."""
        words = "" if log.problem is None else f"The run's log there cannot be written ({log.reason}); retrying"
        if words == self._told:
            return
        self._told = words
        try:
            with self._file.open("r+b") as place:
                place.write(words.encode("utf-8")[:TROUBLE_BYTES].ljust(TROUBLE_BYTES))
        except OSError:
            pass  # then the end is told without its reason


def _wait_for_room(log: LogWriter, trouble: _Trouble, stopped: threading.Event) -> None:
    """Try until all of the run is written, or somebody asks for the end once more."""
    until = time.monotonic() + ROOM
    stopped.clear()
    while log.problem is not None and time.monotonic() < until and not stopped.wait(AGAIN):
        log.write([])
    trouble.tell(log)


if __name__ == "__main__":
    main()
