"""What went wrong with a run, in one sentence with a way out."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterable, Iterator

from lrgui.core.control import Terminated
from lrgui.core.events import EndEvent, EndReason, Event, OutputEvent, Stream
from lrgui.runs.job import Job

#: The oldest PyTorch that runs are tested with.
OLDEST_TORCH = (2, 4)

#: What a Python says that is to run a module of a package which is not there: that of a launcher, such as torchrun.
_NO_PROGRAM = re.compile(
    r"(?P<python>\S.*): Error while finding module specification for .*No module named '(?P<module>\w+)'"
)
_KILLING = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")


def told(
    events: Iterable[Event], job: Job, passing: tuple[type[BaseException], ...] = (Terminated, KeyboardInterrupt)
) -> Iterator[Event]:
    """`events`, but an exception becomes its traceback and an `EndEvent`; there always is an `EndEvent`.

    Those of the classes `passing` go through. Any other is the task's, also one that is no `Exception`.
    """
    iterator = iter(events)
    while True:
        try:
            event = next(iterator, None)
        except passing:
            raise
        except BaseException as error:  # a GeneratorExit, too: the one that closes this generator comes at the yield
            yield from failure(error, job)
            return
        yield event or EndEvent(EndReason.FAILED, _WITHOUT_A_WORD)
        if event is None or isinstance(event, EndEvent):
            return


_WITHOUT_A_WORD = "The run ended unexpectedly because of a bug in LR Finder. Please report it."


def failure(error: BaseException, job: Job | None = None) -> list[Event]:
    """The events with which a run ends that raised `error`."""
    from lrgui.errors.traces import (  # the window, which starts with this file, has no use for it
        folded,
        says_it_all,
    )

    details: list[Event] = [] if says_it_all(error) else [OutputEvent(folded(error), Stream.TRACEBACK)]
    if job is None:
        return [*details, ended(error)]
    return [*details, ended(error, job.task.batch_size, getattr(job.config, "accumulation", 1))]


def ended(error: BaseException, batch_size: int | None = None, accumulation: int = 1) -> EndEvent:
    """How a run ended that raised `error`: the reason and a sentence with a way out. Arguments as for `explain`."""
    from lrgui.errors.causes.loader_workers import is_loader_death  # read only once something failed, as in `explain`
    from lrgui.errors.origins import original
    from lrgui.errors.out_of_memory import is_of_batches, is_out_of_memory

    there = original(error)
    smaller = is_out_of_memory(there) and is_of_batches(there)
    reason = (
        EndReason.OUT_OF_MEMORY if smaller else EndReason.LOADER_DIED if is_loader_death(there) else EndReason.FAILED
    )
    return EndEvent(reason, explain(error, batch_size, accumulation))


def explain(error: BaseException, batch_size: int | None = None, accumulation: int = 1) -> str:
    """One sentence about `error`, and what to do; an error of the person's code begins with file and line.

    `batch_size` is the run's, where it is known; `accumulation` its batches per step.
    """
    from lrgui.errors.diagnosis import (  # a long table: read only once something failed
        diagnose,
        message_line,
        place_words,
    )
    from lrgui.errors.origins import original
    from lrgui.errors.out_of_memory import is_of_batches, is_out_of_memory, memory_words

    error = original(error)
    found = diagnose(error)
    where = place_words(found.file, found.line)
    if is_out_of_memory(error):
        words = memory_words(error, batch_size, accumulation)
        return words if is_of_batches(error) else f"{where}{words}"
    if found.known:
        return found.words
    text = message_line(error)
    low = text.lower()
    if _is_broken_torch(error, text):
        return (
            f"{where}PyTorch cannot be loaded in {sys.executable} ({text}). Reinstall torch and torchvision together, "
            "in one command."
        )
    if "no cuda gpus" in low or "not compiled with cuda" in low or "nvidia driver" in low:
        return f"{where}The GPU cannot be used ({text}). Choose the device cpu or auto."
    if where:
        return f"{found.words} The traceback in the output shows where."
    return f"The run stopped with an error: {type(error).__name__}: {text}. The traceback in the output shows the line."


def _is_broken_torch(error: BaseException, text: str) -> bool:
    """True where a library of PyTorch's cannot be loaded: an ImportError, or an OSError of the system's loader.

    That one has no errno (but on Windows); OSErrors of files and connections have one, or a class of their own.
    """
    system = isinstance(error, OSError) and type(error).__name__ == "OSError"
    loading = system and (getattr(error, "errno", None) is None or getattr(error, "winerror", None) is not None)
    return (isinstance(error, ImportError) or loading) and _TORCH_LIBRARY.search(text) is not None


#: A library of PyTorch's in a message; an environment or a folder of the person's may have its name, too.
_TORCH_LIBRARY = re.compile(
    r"\blib(?:torch|c10)\w*\.|[/\\]torch(?:vision|audio)?[/\\](?:lib\b|_C\b|\w+\.(?:so|pyd|dll|dylib)\b)", re.IGNORECASE
)


def ended_unexpectedly(what: str = "run") -> EndEvent:
    """The end of a run (or a "check") whose events stopped without one."""
    return EndEvent(EndReason.KILLED, f"The {what} ended unexpectedly. Try again.")


def stopped_by_force(measured: bool) -> EndEvent:
    """The end of a run that was asked to stop, did not in time, and was ended. `measured` tells whether it had begun to
    measure."""
    if not measured:
        return EndEvent(EndReason.CANCELLED, "Stopped before the first batch.")
    return EndEvent(EndReason.CANCELLED, "Stopped by force, as it did not react; everything measured so far is kept.")


def explain_exit(status: int, *, python: str, ready: bool, last_line: str) -> EndEvent:
    """The end of a run whose process ended with `status` (as `subprocess` counts: negative is a signal)
    without saying why. `last_line` is the last thing it printed; `ready` whether it had come up at all.
    """
    name = signal_name(-status) if status < 0 else ""
    if name and (ready or name in _KILLING):
        if name in _KILLING:
            advice = (
                " If this was not intended, the system probably ran out of memory: "
                "use half the batch size or a smaller subset."
                if name == "SIGKILL"
                else ""
            )
            return EndEvent(
                EndReason.KILLED,
                f"The run's process was terminated from outside ({name}); everything measured so far is kept.{advice}",
            )
        return EndEvent(
            EndReason.FAILED,
            f"The run's process crashed in compiled code ({name}); everything measured so far is kept. "
            "Try the device cpu and 0 DataLoader workers, or another version of PyTorch.",
        )
    if not ready:
        missing = _NO_PROGRAM.search(last_line)
        if missing is not None:
            from lrgui.errors.missing_modules import missing_module

            return EndEvent(EndReason.FAILED, missing_module(missing["module"], missing["python"]))
        said = f": {last_line.rstrip('.')}" if last_line else ""
        return EndEvent(
            EndReason.FAILED,
            f"LR Finder's worker could not start in {python} ({name or f'exit status {status}'}){said}. "
            "Choose a Python ≥ 3.10 with PyTorch and numpy.",
        )
    return EndEvent(
        EndReason.FAILED,
        f"The run's process exited (exit status {status}); everything measured so far is kept. "
        "The task's code probably calls exit: remove that call. The output shows what it printed last.",
    )


def cannot_start(python: str, error: OSError) -> EndEvent:
    """The end of a run whose process could not even be made."""
    reason = error.strerror or str(error)
    return EndEvent(EndReason.FAILED, f"{python} cannot be started ({reason}). Choose a Python ≥ 3.10 with PyTorch.")


def check_torch(version: str) -> None:
    """Raise ValueError with a sentence where PyTorch's `version` ("2.4.1+cu121") is too old."""
    numbers = tuple(int(digits[0]) for part in version.split(".")[:2] if (digits := re.match(r"\d+", part)))
    if len(numbers) == 2 and numbers < OLDEST_TORCH:
        wanted = ".".join(str(number) for number in OLDEST_TORCH)
        raise ValueError(
            f"PyTorch {version} in {sys.executable} is too old: LR Finder needs {wanted} or newer. "
            f"Upgrade with “{sys.executable} -m pip install --upgrade torch torchvision”, or choose another Python."
        )


def signal_name(number: int) -> str:
    """What people call a signal: "SIGSEGV"."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
