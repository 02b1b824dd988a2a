"""The process that has one run computed on Ray and tells its events: to whoever started it, it is a worker.

Started by `ray_source` in a Python that has ray: so neither the window nor the command has Ray within it, which begins
threads, and cannot begin twice after a cluster that was not there. Ray's connection ends with this process, and the run
with that.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from lrgui.core.control import FINISH, Control, rate_request
from lrgui.core.events import EndEvent, EndReason, Event, OutputEvent, RunState, StateEvent, Stream
from lrgui.core.formats import exact_number
from lrgui.core.settings import settings_of
from lrgui.runs import worker
from lrgui.runs.failures import ended_unexpectedly
from lrgui.runs.job import Job
from lrgui.runs.ray_settings import RayResources
from lrgui.runs.remote.ray_node import GATHER
from lrgui.runs.remote.ray_tasks import RayProblem, RayTasks, the_ray
from lrgui.runs.remote.whereabouts import ray_words
from lrgui.writing import write_atomically

#: The only run's ticket, and the request that ends it.
TICKET, CANCEL = "run", "cancel"
#: So many times without news, a quarter of a second each, a run that waits is called one.
SOON = 8


def main() -> NoReturn:
    """Compute one run on the cluster that the first argument describes, and leave."""
    about = json.loads(sys.argv.pop(1))

    def prepare() -> dict[str, str]:
        try:
            the_ray(about["address"])  # before anybody looks what belongs to Python itself: it replaces some of that
        except RayProblem:
            pass  # the run says it
        return {"python": sys.version.split()[0]}

    worker.main(prepare=prepare, run=lambda job, control: run_on_ray(job, control, **about))


def run_on_ray(
    job: Job, control: Control, *, name: str, address: str, folder: str, resources: dict[str, float]
) -> Iterator[Event]:
    """The events of a job, computed on the cluster at `address`, which people call `name`."""
    yield StateEvent(RunState.STARTING, f"Connecting to {name}")
    try:
        tasks = RayTasks(address, RayResources(**resources), folder=folder)
    except RayProblem as problem:
        yield EndEvent(EndReason.FAILED, str(problem))
        return
    try:
        tasks.start(TICKET, job)
        yield from _told(tasks, job, control, name)
    except Exception as error:  # Ray's own: whatever it was, the run is lost with the connection
        first = str(error).strip().partition("\n")[0].rstrip(".")
        words = f"The connection to {name} broke ({first or type(error).__name__})"
        yield EndEvent(EndReason.KILLED, f"{words}. Everything measured so far is kept.")
    finally:
        tasks.close()


def _told(tasks: RayTasks, job: Job, control: Control, name: str) -> Iterator[Event]:
    """The events of the run, its end once the task has ended, too: then there is also what it made."""
    asked, silent, said, node = _Asked(control), 0, "", ""
    end: EndEvent | None = None
    while tasks.running:
        for request in asked.since():
            if request == CANCEL:
                tasks.cancel()
            else:
                tasks.ask(TICKET, request)
        news = tasks.take(GATHER)
        if not node and TICKET in tasks.begun:
            node = tasks.begun[TICKET]
            yield OutputEvent(ray_words(name, node), Stream.NOTE)
        for told in news:
            for event in told.events:
                if isinstance(event, EndEvent):
                    end = event
                else:
                    yield event
            if told.lost and end is None:
                end = _lost(told.lost, node, control)
        silent = 0 if node else silent + 1
        if silent >= SOON and (words := _waiting(tasks, name)) != said:
            said = words
            yield StateEvent(RunState.STARTING, said)
    trouble = _keep(job, tasks.files.get(TICKET, {}))
    if trouble:
        yield OutputEvent(trouble, Stream.NOTE)
    yield end or ended_unexpectedly()


def _lost(why: str, node: str, control: Control) -> EndEvent:
    if control.cancelled:
        kept = "everything measured so far is kept" if node else "nothing was measured yet"
        return EndEvent(EndReason.CANCELLED, f"Stopped; {kept}.")
    return EndEvent(EndReason.KILLED, f"{why} Everything measured so far is kept.")


def _waiting(tasks: RayTasks, name: str) -> str:
    if tasks.fits:
        return f"Waiting for a free place on {name}"
    wanted = ", ".join(
        f"{option.label}: {exact_number(value)}"
        for option in settings_of(RayResources)
        if (value := getattr(tasks.resources, option.name))
    )
    return f"Waiting for {name}, which has less than the run needs ({wanted})"


class _Asked:
    """What is asked of the run here, in the words in which it is handed on."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._paused = self._finishing = self._cancelled = False

    def since(self) -> Iterator[str]:
        """What was asked since the last call."""
        control = self._control
        if control.cancelled != self._cancelled:
            self._cancelled = True
            yield CANCEL
        if control.paused != self._paused:
            self._paused = control.paused
            yield "pause" if self._paused else "resume"
        if control.finishing != self._finishing:
            self._finishing = True
            yield FINISH
        while (factor := control.take_factor()) is not None:
            yield rate_request(factor)


def _keep(job: Job, files: dict[str, bytes]) -> str:
    """Put a training's checkpoints beside its log. Returns why not, in a sentence."""
    if job.keeping is None or not files:
        return ""
    folder = Path(job.keeping.folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_atomically(folder / os.path.basename(name), data)
    except OSError as error:
        return f"The training's checkpoints could not be written to {folder} ({error.strerror or error})."
    return ""


if __name__ == "__main__":
    main()
