"""What a sweep that was run from Python found, with the ways to look at it, keep it and use it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrgui.api.end import End
from lrgui.api.found import Found
from lrgui.core.curve.curve import Curve
from lrgui.core.curve.lr_scaling import Transfer, transfer
from lrgui.core.curve.own_rate import OwnRate
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.events import EndEvent
from lrgui.core.learning_rate import format_lr, positive_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.record import Record
from lrgui.runs.records import plan_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    StrPath = str | os.PathLike[str]


@dataclass(frozen=True, eq=False, repr=False)
class Result(Found):
    """What one call of `find_lr` found. Made by `Result.of`; nothing in it is changed later.

    Arrays of losses and metrics have the shape (m,) of `curve.lr`.
    """

    groups: Mapping[str, Result] = field(default_factory=dict)
    """A result for each parameter group that was swept by itself, by name."""

    @classmethod
    def of(
        cls,
        records: Sequence[Record],
        config: SweepSettings,
        *,
        title: str,
        end: EndEvent,
        notes: Sequence[str] = (),
        traceback: str = "",
        groups: Mapping[str, Result] | None = None,
        metric_name: str | None = None,
        validation: bool = False,
        swept: Sequence[int] | None = None,
        optimizer: str = "",
        batch_size: int | None = None,
        own: OwnRate | None = None,
    ) -> Result:
        """The result of `records`, one per repeat.

        With several, the curve is their median and the recommendation is theirs together. `end` is how the
        whole run ended, `traceback` the lines of the task's code where that failed, `own` the optimizer's own rate.
        ValueError without records.
        """
        if not records:
            raise ValueError("A result needs at least one record.")
        curves = tuple(_curve(record, config, end if record is records[-1] else None) for record in records)
        return cls(
            reading=read_sweep(
                curves,
                planned_range=(config.start_lr, config.end_lr),
                plan=plan_of(config, records[0].task),
                end=End(end.reason, end.detail, end.guessing, end.uniform, traceback),
                own=own,
            ),
            config=config,
            title=title,
            records=tuple(records),
            notes=tuple(notes),
            groups=dict(groups or {}),
            metric_name=metric_name,
            validation=validation,
            swept=None if swept is None else tuple(swept),
            optimizer=optimizer,
            batch_size=batch_size,
        )

    # -- how it looks

    def __repr__(self) -> str:
        from lrgui.api.text import one_line

        return one_line(self)

    def __str__(self) -> str:
        from lrgui.api.text import block

        return block(self)

    def _repr_html_(self) -> str:
        """A picture and tables for notebooks."""
        from lrgui.api.html import result_html

        return result_html(self)

    def plot(self, ax: Axes | None = None, **style: Any) -> Axes:
        """Draw the curve with matplotlib, on `ax` or on a new figure; returns the axes.

        `style` are properties of the smoothed line as matplotlib's `Axes.plot` takes them: `color`, `label`, ….
        """
        from lrgui.api.drawing import draw

        return draw(self, ax, **style)

    # -- keeping it

    def save_png(self, path: StrPath) -> Path:
        """Write the picture that `plot` draws, 8 × 5 inches at 300 DPI; returns its path. Raises ExportError."""
        return self._picture(path, "png")

    def save_svg(self, path: StrPath) -> Path:
        """Write it as scalable vector graphics; returns its path. Raises ExportError."""
        return self._picture(path, "svg")

    def save_pdf(self, path: StrPath) -> Path:
        """Write it as a PDF page of 8 × 5 inches; returns its path. Raises ExportError."""
        return self._picture(path, "pdf")

    def save_csv(self, path: StrPath) -> Path:
        """Write one line per point; returns the file's path. Raises ExportError."""
        from lrgui.export.documents import table_bytes

        return self._write(path, lambda: table_bytes(self._report))

    def save_json(self, path: StrPath) -> Path:
        """Write everything as one JSON document; returns its path. Raises ExportError."""
        from lrgui.export.documents import document_bytes

        return self._write(path, lambda: document_bytes(replace(self._report, more=self._more())))

    # -- using it

    def apply(self, optimizer: Any, scheduler: Any = None, lr: float | None = None) -> None:
        """Set the learning rate of an optimizer, and of its schedule: the recommended one, or `lr`.

        Parameter groups keep the ratio of their rates: the largest gets the rate itself, as in the sweep; groups
        that were not swept keep theirs. A rate that is a tensor is changed in place; `initial_lr`, which a new
        scheduler reads, goes along. Where groups were swept by themselves, `result.groups[name].apply(optimizer)`
        sets one of them.

        A schedule keeps its form: all its rates are multiplied by one number, so that the highest becomes the rate
        that is set. Schedulers that are attached to the optimizer are found; pass `scheduler`, one or a list, where
        only that one is meant (an empty list: none). Where nobody said or saw before the sweep which schedule is
        planned, the recommended rate is OneCycle's maximum: for another one pass `lr=result.by_schedule["decay"]`,
        for instance. Raises ValueError, with the way out, where there is no reliable
        rate and none is given, or a scheduler can't be rescaled; nothing is changed then.
        """
        from lrgui.core.engine.apply import set_rate

        set_rate(optimizer, self.required_lr() if lr is None else float(lr), swept=self.swept, scheduler=scheduler)

    def required_lr(self) -> float:
        """The recommended learning rate; ValueError, with the way out, where there is none."""
        if self.lr is not None:
            return self.lr
        own = "" if self.own_lr is None else f"The optimizer keeps its own ({format_lr(self.own_lr)}). "
        if self.best_guess is None:
            raise ValueError(f"There is no learning rate to apply. {self.reason} {own}To set one yourself, pass lr=….")
        raise ValueError(
            f"There is no reliable learning rate to apply. {self.reason} {own}{format_lr(self.best_guess)} is only a "
            "guess: measure around it with lrgui.verify(…, result=result), or pass lr=… to set one yourself."
        )

    def snippet(self, key: str = "pytorch", lr: float | None = None) -> str:
        """Code that trains with the recommended rate, or with `lr`: optimizer, schedule and settings as text.

        `key` is one of `lrgui.export.snippets.SNIPPETS`: pytorch, lightning, huggingface, fastai, ignite, skorch, timm,
        nanogpt, json. What is not known here, such as the number of epochs, is a name that a comment explains. Raises
        ValueError, with the way out, for another key, where there is no reliable rate and none is given, and where the
        package cannot do what was swept.
        """
        from lrgui.export.snippets import facts_of_call, snippet

        chosen = lr is not None
        rate = self.required_lr() if lr is None else positive_lr(lr)
        batch = None if self.batch_size is None else max(1, self.batch_size // self.config.accumulation)
        first = self.records[0]
        return snippet(facts_of_call(rate, self.reading, first, chosen=chosen, batch_size=batch, loop=self.config), key)

    def scaled(
        self,
        *,
        batch_size: int | None = None,
        optimizer: str | type | None = None,
        from_batch_size: int | None = None,
        from_optimizer: str | type | None = None,
    ) -> Transfer:
        """The pick for another batch size or optimizer, as an estimate: `lr` (None where no rule has one) and `reason`.

        A batch size is all that one optimizer step learns from: times accumulation, times devices. `from_…` say what
        the sweep was made with where that is not known or another value is meant. Linear for SGD, square root for
        Adam and its like; see `core.curve.lr_scaling`. Raises ValueError, with the way out.
        """
        before = from_batch_size if from_batch_size is not None else self.batch_size
        name = _class_name(from_optimizer) or self.optimizer
        if not name:
            raise ValueError("The sweep's optimizer is unknown: pass from_optimizer=torch.optim.SGD, for example.")
        if before is None and batch_size is not None:
            raise ValueError("The sweep's batch size is unknown: pass from_batch_size=….")
        rate = self.lr
        if rate is None:
            raise ValueError(f"There is no reliable learning rate to scale. {self.reason}")
        batch = before if before is not None else 1
        found = transfer(
            rate, optimizer=name, batch=batch, to_optimizer=_class_name(optimizer) or None, to_batch=batch_size
        )
        return found or Transfer(rate, "Nothing changed: this is the sweep's own rate.")

    # -- inside

    def _more(self) -> dict[str, Any]:
        """Further entries of the document, plain values only."""
        return {
            "sweep": asdict(self.config),
            "validation": self.validation,
            "metric_name": self.metric_name,
            "seconds": self.seconds,
            "notes": list(self.notes),
            "traceback": self.end.traceback,
            "groups": {
                name: replace(result._report, more=result._more()).to_dict() for name, result in self.groups.items()
            },
        }

    def _picture(self, path: StrPath, kind: str) -> Path:
        from lrgui.api.figure import rendered

        return self._write(path, lambda: rendered(self.plot, kind))

    def _write(self, path: StrPath, render: Any) -> Path:
        from lrgui.export import write_atomically

        target = Path(os.path.expanduser(path))
        write_atomically(target, render())
        return target


def _curve(record: Record, config: SweepSettings, end: EndEvent | None) -> Curve:
    """A record's curve; `end` is how the run ended, for a record that does not know."""
    last = record.end or end
    planned = max(config.steps, len(record))
    reason = last.reason if last else None
    return Curve.measured(
        record.lr, record.loss, planned, config.beta, reason, config.batches_per_lr, *record.known_losses
    )


def _class_name(optimizer: str | type | None) -> str:
    return optimizer.__name__ if isinstance(optimizer, type) else optimizer or ""
