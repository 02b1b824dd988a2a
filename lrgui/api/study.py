"""`study`: many runs over a grid of settings, in one call."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrgui.api.keywords import takes
from lrgui.api.text_lines import table_lines, wrapped
from lrgui.core.options import Scalar
from lrgui.runs.launch import ChildProcess
from lrgui.studies.driver import Watch, ended_words
from lrgui.studies.execution import ExecutionSettings, check_place
from lrgui.studies.plan import planned
from lrgui.studies.results import Cell, Row, Rule, StudyResults
from lrgui.studies.spec import seeds_of, singular, with_values
from lrgui.studies.start import described, driver_of, executor_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes


@takes(ExecutionSettings)
def study(
    task: str | Path = "digits",
    *,
    config: ExecutionSettings,
    optimizers: Sequence[str] = (),
    batch_sizes: Sequence[int] = (),
    seeds: int | Sequence[int] | None = None,
    grid: Mapping[str, Sequence[Scalar]] | None = None,
    fixed: Mapping[str, Scalar] | None = None,
    measure: str | None = None,
    prove_best: int | None = None,
    folder: str | Path | None = None,
    retry_failed: bool = False,
    progress: bool = True,
) -> Study:
    """Measure every combination of some settings, each by a run of its own, and say what they show.

    Everything is kept in a folder; the same call again goes on with what is missing, also after a crash. Models and
    data that exist only in this process cannot be studied: put them into a task file, whose functions make them.

    Args:
        task: a task file, data or the key of a data set, as `lrgui find` takes it; or a study's file (.toml, .yaml) or
            folder, to which the other arguments add, or replace what it says.
        {settings}
        optimizers: keys of optimizers.
        batch_sizes: examples per step.
        seeds: how many (from 0 on), or which; None is seed 0 alone.
        grid: further settings with their values, by name: those of `lrgui find`, arguments of the task's functions, and
            settings of a run with its kind in front, "sweep.steps".
        fixed: settings that all runs share, by the same names.
        measure: "find" (a sweep; None is the same), "prove" (a sweep and a race around its pick) or "train" (a sweep
            and a training at its pick).
        prove_best: so many of the best combinations are proven by races; None is 0.
        folder: where all is kept; None is NAME.study, beside the study's file or in the current folder.
        retry_failed: make runs that failed again.
        progress: a line on standard error for each run that ends.

    Returns:
        What was measured. Runs that failed are in `failed`.

    Raises:
        ValueError: a combination that cannot be run, before anything is run; a folder that another program uses, or
            that cannot be written.
    """
    varied: dict[str, tuple[Scalar, ...]] = {singular(name): tuple(values) for name, values in (grid or {}).items()}
    given: dict[str, tuple[Scalar, ...]] = {"optimizer": tuple(optimizers), "batch_size": tuple(batch_sizes)}
    spec, how, usual = described(str(task))
    spec = with_values(
        spec,
        measure=measure,
        fixed={**spec.fixed, **{singular(name): value for name, value in (fixed or {}).items()}},
        grid={**spec.grid, **{name: values for name, values in given.items() if values}, **varied},
        seeds=None if seeds is None else seeds_of(seeds if isinstance(seeds, int) else list(seeds)),
        prove_best=prove_best,
    )
    chosen = {name: value for name, value in asdict(config).items() if value != getattr(ExecutionSettings(), name)}
    how = replace(how, **chosen)
    problems = how.validate()
    if problems:
        raise ValueError(" ".join(map(str, problems)))
    if "on" in chosen:
        check_place(how)
    plan = planned(spec)
    place = Path(folder) if folder is not None else usual
    with closing(executor_of(how, ChildProcess)) as executor:
        watch = Watch(ended=_tell if progress else Watch().ended, said=partial(print, file=sys.stderr))
        driver = driver_of(plan, how, place, executor, watch, retry_failed=retry_failed)
        return Study(driver.run())


def _tell(run: Any, stage: Any, result: Any) -> None:
    print(ended_words(run, stage, result), file=sys.stderr)


@dataclass(frozen=True, repr=False)
class Study:
    """What a study found; nothing in it is changed later."""

    results: StudyResults
    """Everything that was measured."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """A row for each combination and seed: `run.values`, `run.seed`, `lr`, `confidence`, `log`, `problem`."""
        return self.results.rows

    @property
    def cells(self) -> tuple[Cell, ...]:
        """A cell for each combination, its seeds together: `values`, `lr` (their geometric mean), `spread`, `sure`."""
        return self.results.cells

    @property
    def rules(self) -> tuple[Rule, ...]:
        """How the rate follows the batch, for each choice of everything else: `values`, `scaling`, `words`."""
        return self.results.rules

    @property
    def best(self) -> Cell | None:
        """The best combination, by the loss that says most of those that were measured; None without one."""
        return self.results.best

    @property
    def failed(self) -> tuple[Row, ...]:
        """The rows that ended with an error."""
        return self.results.failed

    @property
    def missing(self) -> int:
        """Runs without a result: the study was stopped."""
        return self.results.missing

    @property
    def folder(self) -> Path:
        """Where all is kept."""
        return self.results.folder

    def __repr__(self) -> str:
        return f"<Study of {len(self.rows)} runs in {self.folder}>"

    def __str__(self) -> str:
        heads, lines = self.results.table()
        said = [line for sentence in self.results.sentences() for line in wrapped(sentence)]
        return "\n".join([*table_lines(list(heads), [list(line) for line in lines]), "", *said])

    def to_pandas(self) -> pandas.DataFrame:
        """A line for each row, with numbers as numbers."""
        import pandas

        return pandas.DataFrame(self.results.records(), columns=list(self.results.columns))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the heat map of the rates with matplotlib, on `ax` or on a new figure; returns the axes."""
        from lrgui.api.study_drawing import draw_heat_map

        return draw_heat_map(self.results.heat_map(), ax)
