"""The child process that computes one run: job in on its standard input, events out on its standard output.

Started as `python -m lrgui.runs.worker` or by `launch`. The protocol: it prepares, says
`{"event": "ready", …}`, reads one line with the job, then words (`Control.obey`: `pause`, `resume`, …), one a line,
and writes the run's events as lines of the run log, each behind the mark that "ready" tells; what the task's code
prints goes to standard error. `fork_serving.DESCRIBE` in the place of a job asks what this Python has (`describe.py`).

Nothing heavy is imported before the guard is started.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from lrgui.core.events import EndReason
from lrgui.runs import guard

if TYPE_CHECKING:
    from lrgui.core.control import Control
    from lrgui.core.events import Event
    from lrgui.runs.job import Job

ALIVE = "--alive="
"""Argument: number of the descriptor whose closing says that the launcher is gone."""
SERVE = "--serve="
"""Argument: number of the descriptor through which workers are asked for, which are forked (`fork_serving`)."""

Prepare = Callable[[], dict[str, str]]
"""Imports what a run needs; returns what to say of it."""
Run = Callable[["Job", "Control"], Iterator["Event"]]
"""The events of a job."""


def main(arguments: list[str] | None = None, *, prepare: Prepare | None = None, run: Run | None = None) -> NoReturn:
    """Compute one run and leave; `prepare` and `run` replace LR Finder's own engines."""
    words = sys.argv[1:] if arguments is None else arguments
    alive, server = (_number_behind(name, words) for name in (ALIVE, SERVE))
    prepare = prepare or prepare_torch
    if server is not None:
        from lrgui.runs.fork_serving import serve

        alive, prepare = serve(server, alive, prepare)  # back in each worker that it forks
    guard.start(alive)
    from lrgui.core.control import Terminated  # light, but after the fork all the same

    end_on_sigterm(Terminated)
    try:
        status = _work(Channel(), prepare, run or run_with_torch)
        leave(status)
    except (Terminated, BrokenPipeError):
        # Asked to go, or nobody listens any more: the `finally` blocks have run, the guard ends the rest.
        atexit._run_exitfuncs()  # temporary files go; whoever asked does not wait long
        flush()
        os._exit(128 + signal.SIGTERM)


def _number_behind(name: str, words: list[str]) -> int | None:
    return next((int(word.removeprefix(name)) for word in words if word.startswith(name)), None)


def _work(channel: Channel, prepare: Prepare, run: Run) -> int:
    from dataclasses import replace

    from lrgui.core.control import Terminated
    from lrgui.core.events import EndEvent
    from lrgui.runs.failures import failure, told
    from lrgui.runs.fork_serving import DESCRIBE
    from lrgui.runs.job import Job
    from lrgui.runs.kept import KeptModules, replaced_words

    requests = Requests(channel.requests)
    try:
        facts = prepare()
    except (Exception, SystemExit) as error:
        flush()
        for event in failure(error):
            channel.say(event)
        return 1
    kept = KeptModules()
    channel.say_ready(facts)
    line = requests.job()
    if line is None:
        return 0  # nobody wants a run
    if line == DESCRIBE:
        from lrgui.runs.describe import tell

        tell(channel.tell)
        return 0
    try:
        import json

        job = Job.from_request(json.loads(line))
    except ValueError as error:
        channel.say(EndEvent(EndReason.FAILED, f"The worker cannot read its job: {error}"))
        return 1
    try:
        for event in told(run(job, requests.control), job, passing=(Terminated,)):
            if isinstance(event, EndEvent):
                names = kept.put_back()
                if names and event.reason == EndReason.FAILED:
                    event = replace(event, detail=event.detail + replaced_words(names))
                flush()  # what was printed before the end is told before the end
            channel.say(event)
    except (Terminated, BrokenPipeError):
        raise
    except BaseException as error:  # what tells of errors met one: the task's code replaced what it is made of
        names = kept.put_back()
        flush()
        for event in failure(error, job):
            if isinstance(event, EndEvent):
                event = replace(event, detail=event.detail + replaced_words(names))
            channel.say(event)
    return 0


class Channel:
    """The three descriptors, moved out of the reach of the task's code.

    Descriptor 1 becomes private and carries the events; what the task's code prints, by Python, C or a
    program that it starts, goes where standard error goes, which outlives a crash; its standard input is
    empty. Code that writes to every descriptor there is (or means to) reaches this one, too: each line of ours
    begins with a mark, which is told with the readiness, before the task's code comes.
    """

    def __init__(self) -> None:
        self.requests = os.dup(0)
        self._send = _sender(os.dup(1))  # dup's descriptors are not inherited by programs that the task starts
        self._ready = False
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        # In a frozen program without a console Python has no streams at all.
        sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = _line_buffered(sys.stdout, 1)
        sys.stderr = _line_buffered(sys.stderr, 2)
        import faulthandler

        faulthandler.enable()  # a crash in compiled code prints where it was

    def say(self, event: Event) -> None:
        """Send an event. Raises BrokenPipeError when nobody listens."""
        from lrgui.runs.lines import encode

        self._send(encode(event), self._ready)

    def tell(self, line: str) -> None:
        """Send a line that is no event of a run's. Raises BrokenPipeError when nobody listens."""
        self._send(line, False)

    def say_ready(self, facts: dict[str, str]) -> None:
        """Tell that the job can come."""
        import json

        mark = self._send("", False)
        self._ready = True
        self._send("\n" + json.dumps({"event": "ready", "mark": mark, **facts}), False)  # a site may have begun a line


def _sender(descriptor: int) -> Callable[[str, bool], str]:
    """Writes lines to `descriptor`, marked or not; returns the mark, which no object of ours has for an attribute."""
    mark, write = os.urandom(8).hex(), os.write  # the task's code may replace os.write

    def send(line: str, marked: bool) -> str:
        rest = (mark * marked + line + "\n").encode("ascii") if line else b""
        while rest:
            rest = rest[write(descriptor, rest) :]
        return mark

    return send


class Requests:
    """Reads the job and the requests in a thread of its own, so that they arrive while the run computes."""

    def __init__(self, descriptor: int) -> None:
        from queue import SimpleQueue

        from lrgui.core.control import Control

        self.control = Control()
        self._descriptor = descriptor
        self._jobs: SimpleQueue[bytes | None] = SimpleQueue()
        threading.Thread(target=self._listen, name="lrgui requests", daemon=True).start()

    def job(self) -> bytes | None:
        """The job's line, waited for; None where the input ended without one."""
        return self._jobs.get()

    def _listen(self) -> None:
        rest, job_came = b"", False
        # os.read holds no lock that a forked child of the task could inherit.
        while data := os.read(self._descriptor, 1 << 16):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if not job_came:
                    job_came = True
                    self._jobs.put(line)
                else:
                    self.control.obey(line.decode("ascii", "replace"))
        if not guard.available():
            os._exit(1)  # the launcher is gone, and there is no guard to notice
        if not job_came:
            self._jobs.put(None)


def prepare_torch() -> dict[str, str]:
    """Import torch and the engines, and make one optimizer: the first imports most of the rest of torch."""
    with heavy_imports():
        import torch

        from lrgui.core.engine.devices import usual_threads
        from lrgui.runs.failures import check_torch

        check_torch(str(torch.__version__))
        torch.set_num_threads(usual_threads())
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        from lrgui.errors import diagnosis  # noqa: F401  (what tells of errors must not depend on the task)
        from lrgui.runs import in_process  # noqa: F401  (imports the engines)

    return {
        "torch": str(torch.__version__),
        "python": sys.version.split()[0],
        "threads": str(torch.get_num_threads()),
    }


def run_with_torch(job: Job, control: Control) -> Iterator[Event]:
    """LR Finder's own engines; code of the person's runs in its own folder, as it does at home."""
    from lrgui.runs.in_process import run_job
    from lrgui.tasks.user.children import guard_children

    guard_children()
    # Processes in which torch compiles would get this process's path as their first, the task's folder with it.
    os.environ.setdefault("TORCH_CUSTOM_PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    if job.task.is_code:
        from dataclasses import replace

        from lrgui.tasks.user.code import enter_folder

        job = replace(job, task=enter_folder(job.task))
    yield from run_job(job, control)


def end_on_sigterm(terminated: type[BaseException]) -> None:
    """Let SIGTERM raise `terminated` in the main thread; a second one ends the process."""
    own = os.getpid()

    def end(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_DFL)  # asked twice: at once
        if os.getpid() != own:  # a child that the task forked
            os.kill(os.getpid(), number)
        raise terminated

    signal.signal(signal.SIGTERM, end)


def _line_buffered(stream: Any, descriptor: int) -> Any:
    try:
        stream.reconfigure(line_buffering=True, encoding="utf-8", errors="backslashreplace")
        return stream
    except (AttributeError, ValueError):  # none, or one that a site's own code has replaced or closed
        return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def leave(status: int) -> NoReturn:
    """Leave as Python does, but without taking torch to pieces, which takes most of a second."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join(1)  # the task may still be writing something
    atexit._run_exitfuncs()
    flush()
    os._exit(status)


def flush() -> None:
    """Send off what Python and C have in their buffers."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass  # closed by the task's code, or nobody reads
    if os.name == "posix":
        import ctypes

        try:
            ctypes.CDLL(None).fflush(None)
        except (OSError, AttributeError):
            pass


if __name__ == "__main__":
    main()


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Inside, Python looks for no garbage, and later not in what was made inside: imports leave hardly any.

    With it torch is there a fifth sooner. For a process that computes one run: whatever is unreachable at the end
    stays until the process ends.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
