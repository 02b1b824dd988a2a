"""The process in which a training script runs: as it is, watched, and ended when the curve is complete.

Speaks as `worker` does, but says that it is ready before torch is there: the script itself imports it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from lrgui.core.control import Control, Terminated
from lrgui.core.events import (
    BatchEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RunKind,
    RunState,
    ScriptEvent,
    StateEvent,
    Stream,
)
from lrgui.runs import guard
from lrgui.runs.script_children import ChildChannel, Children, claim
from lrgui.runs.worker import ALIVE, Channel, Requests, end_on_sigterm, flush
from lrgui.tasks.launchers import LAUNCHERS, Team

if TYPE_CHECKING:
    from lrgui.runs.job import Job
    from lrgui.script.sweeping import ScriptSweep

#: Seconds that a script has to end once its curve is complete, or once it was asked to stop and steps no more.
GRACE = 5.0
#: Seconds without an optimizer step after which that is said.
FIRST_MINUTE = 50.0
#: How often is looked, in seconds.
PACE = 0.2


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one script and leave."""
    words = sys.argv[1:] if arguments is None else arguments
    alive = next((int(word.removeprefix(ALIVE)) for word in words if word.startswith(ALIVE)), None)
    guard.start(alive)
    end_on_sigterm(Terminated)
    channel = Channel()
    requests = Requests(channel.requests)
    channel.say_ready({"python": sys.version.split()[0]})
    line = requests.job()
    if line is None:
        os._exit(0)
    import json

    from lrgui.runs.job import Job

    try:
        job = Job.from_dict(json.loads(line))
    except ValueError as error:
        channel.say(EndEvent(EndReason.FAILED, f"The worker cannot read its job: {error}"))
        os._exit(1)
    try:
        ScriptRun(job, requests.control, channel).run()
    except (Terminated, BrokenPipeError):
        pass  # asked to go, or nobody listens any more
    flush()
    os._exit(0)


def follow_this_process(path: str) -> None:
    """Follow this process, a child of a script's, which has just imported torch; `path` is what `Children` wrote."""
    import json

    from lrgui.runs.job import Job

    about: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    ScriptRun(Job.from_dict(about["job"]), Control(), ChildChannel(Path(path)), Path(path)).follow()


class Says(Protocol):
    """Takes events: a worker's `Channel`."""

    def say(self, event: Event) -> None:
        """Send an event."""


class ScriptRun:
    """One script on its way."""

    def __init__(self, job: Job, control: Control, channel: Says, about: Path | None = None) -> None:
        """`about` is given to a process that the script started: see `script_children`."""
        from lrgui.script.options import OptionsSeen

        self._job = job
        self._control = control
        self._channel = channel
        self._lock = threading.RLock()
        self._over = False
        self._settings = job.task.script_options
        self._name = Path(job.task.path).name
        self._options = OptionsSeen()
        self._sweep: ScriptSweep | None = None
        self._about = about
        self._is_child = about is not None
        self._process = os.getpid()
        self._children: Children | None = None
        self._threads = threading.excepthook
        self._heard: list[BatchEvent] = []
        """What a child has measured."""

    def run(self) -> None:
        """Run the script to its end and say how it went; the process is to be left then."""
        from lrgui.errors.traces import add_own
        from lrgui.script.arrival import when_imported
        from lrgui.script.program import run_program

        self._children = Children(self._job, self._hear)
        self._about = self._children.about
        self.say(StateEvent(RunState.STARTING, f"Starting {self._name}"))
        threading.Thread(target=self._watch, name="lrgui watch", daemon=True).start()
        try:
            if self._settings["folder"]:
                os.chdir(self._settings["folder"])
            add_own(self._job.task.path)
            self._options.install()
            when_imported("torch", self._torch_came)
            run_program(*self._program())
        except (Terminated, BrokenPipeError):
            raise
        except BaseException as error:
            self.leave(self._ended(error))
        else:
            self.leave(self._ended(None))

    def follow(self) -> None:
        """Follow this process, which the script started, and which runs anyway."""
        self._options.install()
        self._torch_came()

    def _program(self) -> tuple[str, list[str]]:
        """The file or module to run, and its arguments; for several processes the launcher's."""
        task, processes = self._job.task, self._settings["processes"]
        if processes == 1:
            return task.path, task.argv
        module = [] if os.path.isabs(task.path) else ["--module"]
        launcher = LAUNCHERS[self._settings["launcher"]]
        return launcher.module, [*launcher.words(Team(processes)), *module, task.path, *task.argv]

    def _hear(self, event: Event) -> None:
        """An event of a child, in the thread that reads these."""
        try:
            if isinstance(event, EndEvent):
                self._give_up(event)
            if isinstance(event, BatchEvent):
                self._heard.append(event)
            if isinstance(event, ScriptEvent) and not event.option:  # the arguments are often read in here
                event = replace(event, option=self._options.setting(event.peak_lr))
            self.say(event)
        except BrokenPipeError:
            os._exit(0)

    def _became_child(self) -> None:
        """Where the script has forked: speak as its other children do."""
        if os.getpid() != self._process and self._about is not None:
            self._process, self._is_child = os.getpid(), True
            self._lock = threading.RLock()
            self._channel = ChildChannel(self._about)

    def _sweep_over(self) -> None:
        """The sweep has ended: a child says so and goes at once, since what it came from is ended, too."""
        self._became_child()
        sweep = self._sweep
        if self._is_child and sweep is not None and sweep.end is not None:
            if sweep.leads:
                self.leave(sweep.end)
            os._exit(0)

    def say(self, event: Event) -> None:
        """Send an event, from any thread."""
        self._became_child()
        with self._lock:
            if not self._over:
                self._channel.say(event)

    def leave(self, end: EndEvent) -> None:
        """Say the end, once; whoever comes second waits for the process to go."""
        flush()
        with self._lock:
            if self._over:
                return
            sweep = self._sweep
            facts = None if sweep is None else sweep.facts or sweep.seen_facts()
            if facts is not None:
                self._channel.say(facts)
            self._channel.say(end)
            self._over = True
            self._options.remove()
            if self._children is not None:
                self._children.forget()
            if sweep is not None:
                sweep.hooks.remove()
                threading.excepthook = self._threads

    def _torch_came(self) -> None:
        import torch

        from lrgui.runs.failures import check_torch

        check_torch(str(torch.__version__))
        self._sweep = self._follower()
        self._sweep.hooks.install()
        threading.excepthook = self._thread_ended

    def _thread_ended(self, error: threading.ExceptHookArgs) -> None:
        """A thread of the script's ended by an error; what ends the sweep is none."""
        from lrgui.script.sweeping import SweepOver

        if not issubclass(error.exc_type, SweepOver):
            self._threads(error)

    def _follower(self) -> ScriptSweep:
        """What turns the script's rates, or only looks on."""
        from lrgui.script.checking import ScriptCheck
        from lrgui.script.sweeping import Script, ScriptSweep
        from lrgui.script.training import ScriptTraining
        from lrgui.script.watching import ScriptWatch

        job, about = self._job, self._about
        script = Script(
            self._name,
            self._settings["optimizer"],
            self.say,
            self._control,
            self._options.setting,
            lambda: about is None or claim(about),
            self._sweep_over,
        )
        if job.kind == RunKind.RACE:
            return ScriptTraining(script, job.race)
        if job.kind == RunKind.TRAIN:
            return ScriptWatch(script)
        kind = ScriptCheck if job.kind == RunKind.CHECK else ScriptSweep
        return kind(script, job.sweep)

    # -- how it ended

    def _ended(self, error: BaseException | None) -> EndEvent:
        """The end of a script that raised `error`, or came to its own end."""
        from lrgui.runs.failures import failure
        from lrgui.script.breaking import looks_broken

        sweep = self._sweep
        if self._heard:
            time.sleep(GRACE / 10)  # a child's end may be on its way, which ends this process
        if sweep is not None and sweep.end is None:
            sweep.rest()
        if sweep is not None and sweep.end is not None:
            return sweep.end
        left = isinstance(error, SystemExit) and error.code in (None, 0)
        if error is None or left:
            return self._came_to_its_end(left)
        if self._control.cancelled and sweep is not None:
            return sweep.stopped()
        if sweep is not None and sweep.points and self._is_of_the_rate(error):
            return self._broke(error)
        if self._heard and looks_broken([event.loss for event in self._heard], self._planned):
            from lrgui.core.engine.stopping import stopped_where  # it needs numpy, which may be what is missing

            last, planned = self._heard[-1].lr, self._planned
            words = stopped_where("the script’s processes ended", last, len(self._heard), planned)
            return EndEvent(EndReason.DIVERGED, words)
        if isinstance(error, SystemExit):
            return self._exited(error)
        *details, end = failure(error)
        for event in details:
            self.say(event)
        assert isinstance(end, EndEvent)
        if sweep is not None and sweep.points:
            return EndEvent(end.reason, f"{self._after_steps()}: {end.detail}")
        return end

    def _came_to_its_end(self, left: bool) -> EndEvent:
        """The end of a script that is through, or `left` by an exit of its own without an error."""
        sweep = self._sweep
        if self._heard:
            return self._ran_out(len(self._heard))
        if left and (sweep is None or not sweep.hooks.counts.forward):
            words = "ended itself (exit status 0) before it trained, as after --help"
            return EndEvent(EndReason.FAILED, f"{self._name} {words}: call it as you would to train.")
        if sweep is None:
            return EndEvent(EndReason.FAILED, f"{self._name} ended without importing torch.")
        if not sweep.hooks.counts.steps:
            words = sweep.hooks.counts.words
            return EndEvent(EndReason.FAILED, f"{self._name} ended without a training step: {words}.")
        if not sweep.points:
            return self._nothing_measured(f"{self._name} ended")
        return sweep.ran_out()

    def _ran_out(self, points: int) -> EndEvent:
        """The end of a script whose children made so many steps."""
        done = f"{self._name} ended after {self._of_planned(points)}"
        if not self._planned:
            return EndEvent(EndReason.COMPLETED, f"{done}.")
        return EndEvent(EndReason.DATA_ENDED, f"{done}: let it train for longer, or ask for fewer steps.")

    @property
    def _planned(self) -> int:
        """So many steps are wanted of the script; 0 is all that it makes."""
        return 0 if self._job.kind == RunKind.TRAIN else self._job.config.steps or 0

    def _of_planned(self, points: int) -> str:
        return f"{points:,} of {self._planned:,} steps" if self._planned else f"{points:,} steps"

    def _nothing_measured(self, what: str) -> EndEvent:
        sweep = self._sweep
        assert sweep is not None
        counts, number = sweep.hooks.counts, self._settings["optimizer"]
        if sweep.hooks.steppers <= number:
            have = sweep.hooks.steppers
            words = f"only {have} optimizer{'s' * (have != 1)} stepped, so there is no optimizer {number}"
        elif not counts.backward and sweep.idle.sentence:
            words = f"backward() was never called ({counts.words}), so there are no gradients to step by"
        elif not counts.backward:
            words = (
                f"no loss was seen ({counts.words}): its gradients come from neither backward() nor torch.autograd.grad"
            )
        elif sweep.idle.sentence:
            return EndEvent(EndReason.FAILED, f"{what}, and nothing was measured. {sweep.idle.sentence}")
        else:
            words = f"no loss belongs to a step of its optimizer ({counts.words})"
        return EndEvent(EndReason.FAILED, f"{what}, and nothing was measured: {words}.")

    def _after_steps(self) -> str:
        assert self._sweep is not None
        return f"{self._name} ended {self._sweep.how_far}"

    def _is_of_the_rate(self, error: BaseException) -> bool:
        """True where a script that fails does so because of a rate that is too high for it."""
        assert self._sweep is not None
        text = f"{type(error).__name__} {error}".lower()
        numeric = isinstance(error, ArithmeticError) or any(w in text for w in ("nan", "finite", "infinit", "overflow"))
        if isinstance(error, SystemExit):
            return self._sweep.looks_broken or self._sweep.is_beyond
        return self._sweep.looks_broken or (numeric and self._sweep.is_beyond)

    def _broke(self, error: BaseException) -> EndEvent:
        from lrgui.errors.diagnosis import message_line

        assert self._sweep is not None
        if isinstance(error, SystemExit):
            how = "the script ended itself"
        else:
            how = f"the script stopped with {type(error).__name__}: {message_line(error).rstrip('.')}"
        return self._sweep.broke(how)

    def _exited(self, error: SystemExit) -> EndEvent:
        code = error.code
        how = f"exit status {code}" if isinstance(code, int) else str(code).strip().rstrip(".")
        parsed = _from_argparse(error)
        if parsed:
            return EndEvent(
                EndReason.FAILED,
                f"{self._name} does not accept its arguments ({how}): its own message says why.",
            )
        if "Error while finding module specification" in how or "is a package and cannot be directly" in how:
            return EndEvent(EndReason.FAILED, f"{sys.executable} cannot run the module {self._name}: {_reason(how)}.")
        where = self._after_steps() if self._sweep is not None and self._sweep.points else f"{self._name} ended itself"
        return EndEvent(EndReason.FAILED, f"{where} ({how}). If it printed why, the output shows it.")

    # -- what nobody else notices

    def _watch(self) -> None:
        """In a thread: ends a script that does not end, or never trains."""
        begin = last = time.monotonic()
        steps, told = 0, False
        ended: float | None = None
        watched = self._job.kind == RunKind.TRAIN  # is not ended by us, and may save its weights when it is stopped
        grace = self._settings["patience"] if watched else GRACE
        while not self._over:
            time.sleep(PACE)
            now = time.monotonic()
            sweep = self._sweep
            count = len(self._heard) + (0 if sweep is None else sweep.hooks.counts.steps)
            if count != steps or self._control.paused:
                steps, last = count, now
            asked = self._control.cancelled or (sweep is not None and sweep.end is not None)
            if not asked:
                ended = None
            elif ended is None:
                ended = now
            if self._heard and self._control.cancelled:
                done = self._of_planned(len(self._heard))
                self._give_up(EndEvent(EndReason.CANCELLED, f"Stopped after {done}; everything measured is kept."))
            if ended is not None and now - ended > grace and (sweep is None or sweep.end or now - last > grace):
                end = sweep.end if sweep is not None else None
                stopped = EndEvent(EndReason.CANCELLED, "Stopped before the first step.")
                self._give_up(end or (stopped if sweep is None else sweep.stopped()))
            if not steps and not told and now - begin > FIRST_MINUTE:
                told = True
                self.say(OutputEvent(f"{self._seen(now - begin)}. Still waiting.", Stream.NOTE))
            if now - last > self._settings["patience"] and not watched:
                words = f"{self._seen(now - last)}. --patience sets how long to wait."
                self._give_up(EndEvent(EndReason.FAILED, words))

    def _seen(self, seconds: float) -> str:
        from lrgui.core.formats import format_seconds

        sweep = self._sweep
        words = "torch was not imported yet" if sweep is None else sweep.hooks.counts.words
        return f"{self._name} made no training step in {format_seconds(seconds)}: {words}"

    def _give_up(self, end: EndEvent) -> NoReturn:
        try:
            self.leave(end)
        except BrokenPipeError:
            pass
        os._exit(0)


def _reason(how: str) -> str:
    """Of what runpy says about a module that it cannot run the part that says why."""
    return how.removeprefix(f"{sys.executable}: ").removesuffix(")").rpartition("Error: ")[2]


def _from_argparse(error: BaseException) -> bool:
    import traceback

    frames: Any = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__") == "argparse" for frame, _ in frames)


if __name__ == "__main__":
    main()
