"""`lrgui run`: sweep the learning rate of a training script as it is."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from lrgui import frozen
from lrgui.cli.app import Json, Log, Status, checked, command, fail, say, tell, was_given
from lrgui.cli.generated import with_settings
from lrgui.cli.outputs import source_file, spare, with_formats, write_files
from lrgui.cli.place import Place, with_place
from lrgui.cli.running import computes_elsewhere, ended
from lrgui.cli.script_job import Module, script_job
from lrgui.cli.snippets import Snippet, snippet_of
from lrgui.cli.sweeping import Auto, AutoRange, Swept, leave, mended, sweep_of, tell_reading
from lrgui.cli.tracking import Track
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.events import EndReason, RunKind
from lrgui.core.run_settings import HIGHEST, LOOP, LOSS, METRIC, RaceSettings, SweepSettings
from lrgui.core.settings import settings_of
from lrgui.export import FORMATS
from lrgui.runs.job import Job
from lrgui.script.breaking import hardly_began
from lrgui.tasks.user.local_files import find_module
from lrgui.tasks.user.rows import USER_SCRIPT

_USUAL = {option.name: option.default for option in USER_SCRIPT.options}
_RACE = {option.name: option for option in settings_of(RaceSettings)}
_USUAL_RACE = RaceSettings()
#: A script with fewer steps is not run a second time: its curve would say nothing.
FEWEST_STEPS = 30
#: A race under the script's own schedule, in the place of a schedule's key.
OWN_SCHEDULE = "own"
#: Options of `run` that say how to race.
_OF_RACE = ("around", "trainings", "verify_steps", "verify_schedule", "metric", "higher")
_TIPS = {option.name: f"{option.tip}." for option in USER_SCRIPT.options}

Script = Annotated[
    list[str],
    typer.Argument(
        metavar="SCRIPT [ARGUMENTS]...",
        help="Your training script (train.py, a notebook, or with -m a module), and its own arguments.",
        show_default=False,
    ),
]


@command("run", of_script=True)
@with_settings(SweepSettings, without=(*LOOP, "repeats"))
@with_formats(row for row in FORMATS.values() if row.key != "json" and not row.is_program)
@with_place
def run_script(
    script: Script,
    module: Module = False,
    optimizer: Annotated[int, typer.Option(help=_TIPS["optimizer"])] = int(_USUAL["optimizer"]),  # type: ignore[arg-type]
    processes: Annotated[int, typer.Option(help=_TIPS["processes"])] = int(_USUAL["processes"]),  # type: ignore[arg-type]
    launcher: Annotated[str, typer.Option(help=_TIPS["launcher"])] = str(_USUAL["launcher"]),
    patience: Annotated[int, typer.Option(help=_TIPS["patience"])] = int(_USUAL["patience"]),  # type: ignore[arg-type]
    sandbox: Annotated[bool, typer.Option("--sandbox", help=_TIPS["sandbox"])] = False,
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it, and `with_formats` the other)
    auto: Auto = False,
    auto_range: AutoRange = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Then race: run the script again per rate, by its own schedule scaled to it."),
    ] = False,
    around: Annotated[
        float | None, typer.Option(help="With --verify: race around this rate, without a sweep.", show_default=False)
    ] = None,
    trainings: Annotated[int, typer.Option(help=f"With --verify. {_RACE['trainings'].tip}.")] = _USUAL_RACE.trainings,
    verify_steps: Annotated[
        int, typer.Option(help="With --verify: optimizer steps of each training; the more, the more is said.")
    ] = _USUAL_RACE.steps,
    verify_schedule: Annotated[
        str, typer.Option(help="With --verify: own keeps the script's schedule, onecycle replaces it.")
    ] = OWN_SCHEDULE,
    metric: Annotated[
        str,
        typer.Option(
            help="With --verify: judge by the last number that the script prints in this form, a regular expression "
            "such as 'val_loss: ([0-9.]+)', and not by its last training losses.",
            show_default=False,
        ),
    ] = "",
    higher: Annotated[
        bool,
        typer.Option(
            "--higher", help="With --metric: higher is better, where the words before the number don't say so."
        ),
    ] = False,
    as_json: Json = False,
    files: dict[str, Path] = {},  # noqa: B006
    snippet: Snippet = None,
    log: Log = None,
    track: Track = None,
    python: Place = None,
    *,
    context: typer.Context,
) -> None:
    """Run your training script as it is, and find its learning rate.

    The script's own loop trains; only the rate is set before each of its optimizer steps. It ends as soon as the curve
    is complete. Exit status as of find, with --verify as of verify.
    """
    from lrgui.export.report import Report
    from lrgui.runs.script_answer import script_document, script_sentences

    options = {"optimizer": optimizer, "processes": processes, "launcher": launcher}
    options |= {"patience": patience, "sandbox": sandbox}
    _refuse_without(context, "verify", _OF_RACE, "add --verify, which races after the sweep")
    _refuse_without(context, "metric", ("higher",), "add --metric 'PATTERN', or leave it out")
    if module and not frozen.is_frozen() and not computes_elsewhere(python) and not _there_is(script[0]):
        fail(f"There is no module {script[0]} in {sys.executable} or in this folder.", Status.BAD_ARGUMENTS)
    base = script_job(script, module, options)
    spare({**files, "log": log}, source_file(base.task))
    if verify:
        one_cycle = _is_one_cycle(verify_schedule)
        race = replace(base.race, trainings=trainings, steps=verify_steps, one_cycle=one_cycle)
        race = replace(race, metric=metric, judge=_judge(metric, higher))
        race = replace(race, around=base.race.around if around is None else around)
        base = checked(replace(base, sweep=base.sweep.with_given(given), race=race, kind=RunKind.RACE))
        _race(base, around is None, "steps" in given, files, log, as_json, mended(auto, auto_range), python)
    job = checked(replace(base, sweep=base.sweep.with_given(given)))
    swept = _swept(job, "steps" in given, log, as_json, mended(auto, auto_range), python)
    task, facts, pick = swept.job.task, swept.record.script, swept.reading.recommendation.lr
    made = snippet_of(swept.reading, swept.job, swept.record, snippet)
    more = {"sweep": swept.job.to_dict()["sweep"], **script_document(task, facts, pick), **made.document}
    report = Report(swept.reading, swept.job, more=more)
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        tell_reading(swept.reading)
        for sentence in script_sentences(task, facts, pick):
            tell(sentence)
        made.show()
    leave(swept, report, files, made.why)


def _swept(job: Job, counted: bool, log: Path | None, as_json: bool, mends: str, python: Place) -> Swept:
    """Sweep, and again with as many steps as the script makes where it made fewer than were planned by us: the person
    who `counted` the steps gets those."""
    swept = sweep_of(job, log, as_json, mends, python)
    steps = 0 if counted else steps_of_short(swept)
    if not steps:
        return swept
    say(f"{_ended_itself(swept, steps)}: running it again, with so many.")
    again = sweep_of(replace(job, sweep=replace(job.sweep, steps=steps)), log, as_json, mends, python)
    first, facts = swept.record.script, again.record.script
    if first is not None and facts is not None:  # those that step later were seen only where the script came to its end
        again.record.script = replace(facts, optimizers=max(facts.optimizers, first.optimizers))
    return again


def _ended_itself(swept: Swept, steps: int) -> str:
    """How a script ended that makes fewer `steps` than were planned: the whole of it, or the part that was swept."""
    low = ", before its loss fell" if _hardly_began(swept) else ""
    facts = swept.record.script
    if facts is None or facts.meanwhile or facts.number + 1 >= facts.optimizers:
        return f"The script ended itself after {steps:,} steps{low}"
    part = f"Its optimizer {facts.number} ({facts.optimizer}) makes {steps:,} steps{low}"
    return f"{part}, and another one trains after it (--optimizer {facts.number + 1})"


def _hardly_began(swept: Swept) -> bool:
    """True where the rates may have been too low for the script to train on."""
    curve, facts = swept.reading.curve, swept.record.script
    if facts is None or not len(curve):
        return False
    return hardly_began(curve.loss.tolist(), curve.planned_steps, float(curve.lr[-1]), facts.highest_lr)


def _judge(metric: str, higher: bool) -> str:
    """What `lrgui run --verify` is judged by."""
    if not metric:
        return LOSS
    return HIGHEST if higher else METRIC


def steps_of_short(swept: Swept) -> int:
    """The steps of a script that trains for fewer than were planned, and gave no pick therefore; 0 for others."""
    end, points = swept.reading.end, len(swept.record)
    ended_early = end is not None and end.reason == EndReason.DATA_ENDED
    return points if ended_early and swept.reading.recommendation.lr is None and points >= FEWEST_STEPS else 0


def _refuse_without(context: typer.Context, needed: str, names: tuple[str, ...], way_out: str) -> None:
    """Leave where options were given, by `names`, that mean nothing without the one that is `needed`."""
    given = {one.name: one.opts[0] for one in context.command.params if was_given(context, one.name)}
    if idle := [given[name] for name in names if name in given and needed not in given]:
        fail(f"{' and '.join(idle)} without --{needed} would change nothing: {way_out}.", Status.BAD_ARGUMENTS)


def _there_is(module: str) -> bool:
    """False where not even the package of a module is there, for the Python that runs this."""
    package = module.partition(".")[0]
    if not package:  # ".x" is relative to nothing
        return False
    return find_module(module) is not None or package in sys.modules or find_spec(package) is not None


def _is_one_cycle(schedule: str) -> bool:
    if schedule not in (OWN_SCHEDULE, ONE_CYCLE):
        fail(f"--verify-schedule is {OWN_SCHEDULE} or {ONE_CYCLE}.", Status.BAD_ARGUMENTS)
    return schedule == ONE_CYCLE


def _race(
    job: Job,
    sweep: bool,
    counted: bool,
    files: dict[str, Path],
    log: Path | None,
    as_json: bool,
    mends: str,
    python: Place,
) -> NoReturn:
    """Sweep where no rate was named, and race the script around it."""
    from lrgui.cli.verify import leave as leave_race
    from lrgui.cli.verify import race_of, rate_to_race
    from lrgui.export.report import Report
    from lrgui.runs.records import own_of
    from lrgui.runs.script_answer import raced_rate, script_document, script_sentences

    if sweep:
        swept = _swept(checked(replace(job, kind=RunKind.SWEEP)), counted, None, as_json, mends, python)
        pick = swept.reading.recommendation
        write_files(Report(swept.reading, swept.job), files, FORMATS, quiet=True)
        rate = pick.by_schedule.get(ONE_CYCLE) if job.race.one_cycle else pick.best_guess
        rate = rate_to_race(ended(swept.record), pick, rate, as_json)
        own = own_of(swept.record.task, swept.record.script)
        job = replace(job, race=replace(job.race, around=rate, own_lr=None if own is None else own.lr))
    elif files:
        fail("The files are of the sweep, and --around leaves it out.", Status.BAD_ARGUMENTS)
    raced = race_of(job, log, as_json, python)
    one_cycle, found = job.race.one_cycle, raced.ranking.lr
    lr = raced_rate(found, one_cycle, raced.plan)
    more = script_document(job.task, raced.script, lr)
    leave_race(raced, as_json, more, script_sentences(job.task, raced.script, lr, found if one_cycle else None))
