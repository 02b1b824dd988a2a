"""The worker of a sweep that several processes compute together: torchrun starts this in each of them.

The first one speaks as `worker` does and passes its job on; the others are silent. The model is wrapped in
DistributedDataParallel, and each process takes its share of the batches that one alone would see, so that a step is
one over as many batches as there are processes.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from lrgui.core.control import Control, Terminated
from lrgui.core.events import EndEvent, EndReason, Event
from lrgui.runs import worker

if TYPE_CHECKING:
    from lrgui.runs.job import Job

RUN = "LRGUI_RUN_FOLDER"
"""Environment variable: the folder on this machine to which the run's files were sent."""


def main() -> NoReturn:
    """Compute one run with the others, and leave."""
    threading.Thread(target=_end_with_launcher, args=(os.getppid(),), daemon=True).start()
    if os.environ["RANK"] == "0":
        worker.main([], run=_lead)
    worker.end_on_sigterm(Terminated)
    status = 0
    try:
        try:
            worker.prepare_torch()
        except Exception:  # the leading process says what is wrong
            os._exit(1)
        for event in _computed(_passed_on(None), Control()):
            if isinstance(event, EndEvent) and event.reason == EndReason.FAILED:
                status = 1
                print(event.detail, file=sys.stderr)
    except Terminated:
        status = 1
    worker.flush()
    os._exit(status)


def _lead(job: Job, control: Control) -> Iterator[Event]:
    """The run of the process that reports."""
    yield from _computed(_passed_on(job), control)


def _passed_on(job: Job | None) -> Job:
    """The leading process' job, in all of them."""
    import torch.distributed as dist

    from lrgui.core.engine.devices import is_there
    from lrgui.runs.job import Job

    dist.init_process_group("nccl" if is_there("cuda") else "gloo")
    own = os.environ.get(RUN, "")
    told: list[Any] = [None if job is None else job.to_dict(), own]
    dist.broadcast_object_list(told, src=0)
    return Job.from_dict(_moved(told[0], told[1], own))


def _moved(value: Any, there: str, here: str) -> Any:
    """What names files of the leading process' run names those that were sent to this machine."""
    if isinstance(value, dict):
        return {key: _moved(each, there, here) for key, each in value.items()}
    if isinstance(value, str) and there and (value == there or value.startswith(f"{there}/")):
        return here + value[len(there) :]
    return value


def _computed(job: Job, control: Control) -> Iterator[Event]:
    if job.task.device in ("auto", "cuda"):
        import torch

        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
            job = replace(job, task=replace(job.task, device=f"cuda:{os.environ['LOCAL_RANK']}"))
    yield from worker.run_with_torch(job, control)


def _end_with_launcher(launcher: int) -> None:
    """In a thread: torchrun that was killed ends nobody."""
    while os.getppid() == launcher:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main()
