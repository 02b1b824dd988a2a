"""How long a training is to be: a number of epochs or of optimizer steps, as people write it."""

from __future__ import annotations

from dataclasses import dataclass

from lrgui.core.options import Option, read_whole
from lrgui.core.run_settings import TrainSettings
from lrgui.core.settings import settings_of

EPOCHS, STEPS = "epochs", "steps"
_OPTIONS: dict[str, Option] = {option.name: option for option in settings_of(TrainSettings)}


@dataclass(frozen=True)
class Length:
    """A training's length in one of two units."""

    count: int
    unit: str = EPOCHS
    """`EPOCHS` or `STEPS`."""

    @classmethod
    def of(cls, train: TrainSettings) -> Length:
        """The length of a training with these settings."""
        return cls(train.epochs) if train.steps is None else cls(train.steps, STEPS)

    @classmethod
    def read(cls, text: str, unit: str = EPOCHS) -> Length:
        """From "12 epochs", "5,000 steps" or a number alone, which counts in `unit`.

        Raises ValueError, with a sentence, for what is no length, or none that a training can have.
        """
        words = text.strip().lower()
        for name in (EPOCHS, STEPS):
            for ending in (name, name[:-1]):
                if words.endswith(ending):
                    unit, words = name, words.removesuffix(ending)
                    break
        try:
            count = read_whole(words)
        except ValueError:
            raise ValueError(f"“{text}” is not a length. Write it as 12 epochs or 5,000 steps.") from None
        option = _OPTIONS[unit]
        problem = option.problem(count)
        if problem is not None:
            possible = option.range.partition(", or")[0]
            raise ValueError(f"A length of {count:,} {unit} is not possible. Use {possible} {unit}.")
        return cls(count, unit)

    @property
    def words(self) -> str:
        """For people: "12 epochs", "1 epoch", "5,000 steps"."""
        return f"{self.count:,} {self.unit if self.count != 1 else self.unit[:-1]}"
