"""One setting, said once: rows from which forms, command lines, checks and references build themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lrgui.core.formats import exact_number
from lrgui.core.learning_rate import exact_lr, format_lr, parse_lr

Scalar = bool | int | float | str | None
"""What a setting can hold: what JSON knows, without lists and objects."""

#: What an option can be: an integer, a number, a learning rate, a share (of 1, shown in percent), yes or no, a text
#: (`choices` are suggestions), one of `choices`.
KINDS = ("whole", "number", "rate", "share", "flag", "text", "choice")
NUMBERS = ("number", "rate", "share")

#: What a list in a text can hold, in words.
ITEMS = {"whole": "integers", "number": "numbers", "text": "texts"}

#: What people write for a flag.
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
#: What people write to leave something to the program, and to switch it off.
NOTHING, OFF = ("", "auto", "none"), ("", "off", "never", "none")


@dataclass(frozen=True)
class Problem:
    """One setting that cannot be used: which, what is wrong, and what would be right."""

    field: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what} {self.fix}"


def is_finite(value: object) -> bool:
    """False for NaN and the infinities, which JSON does not have; true for everything else, numbers or not."""
    return not isinstance(value, float) or math.isfinite(value)


@dataclass(frozen=True)
class Option:
    """One setting by name, as the form shows it."""

    name: str
    label: str
    kind: str
    """One of `KINDS`."""
    default: Scalar
    tip: str
    choices: tuple[tuple[str, str], ...] = ()
    """Value and label."""
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    """None is allowed, and means `none`; also a text may be empty."""
    rare: bool = False
    """Most people never need it: the form folds it away."""
    items: str = ""
    """The text is a list with commas; its items are of this kind: "whole", "number" or "text"."""
    above: float | None = None
    """Values must be above this; `minimum` would be allowed itself."""
    below: float | None = None
    none: str = "auto"
    """What None is called."""
    zero: str = ""
    """What 0 is called where it switches the setting off; it is allowed then whatever the limits."""
    unit: str = ""
    """What is counted or measured: "steps", "norm"."""
    rounded: bool = False
    """Whether a learning rate is shown with two digits (it is set by dragging), not with all that it has."""
    usual: Scalar = None
    """Named in what is said about a value that cannot be used."""
    flag: str = ""
    """Its option on the command line where that is not its name."""
    subject: str = ""
    """What it is called within a sentence, where the label is too short to stand there."""
    only: tuple[str, tuple[Scalar, ...]] | None = None
    """It matters only where another setting of the same class, by name, has one of these values; see `core.settings`.
    A class without that setting uses it always."""

    def problem(self, value: Scalar) -> Problem | None:
        """What is wrong with `value`, None where it can be used."""
        if value is None or (value == "" and self.kind != "choice"):
            return None if self.optional else Problem(self.name, f"{self.label} is empty.", self._fill_in())
        if self.kind == "flag":
            return None if isinstance(value, bool) else self._wrong(value, "Use true or false")
        if self.kind == "whole" or self.kind in NUMBERS:
            return self._number_problem(value)
        if self.kind == "choice" and value not in [key for key, _ in self.choices]:
            return self._wrong(value, f"Choose one of: {', '.join(key for key, _ in self.choices)}")
        if not isinstance(value, str):
            return self._wrong(value, "Use text")
        if self.items:
            try:
                read_items(value, self.items)
            except ValueError:
                return self._wrong(value, f"Use a comma-separated list of {ITEMS[self.items]}")
        return None

    def _number_problem(self, value: Scalar) -> Problem | None:
        whole = self.kind == "whole"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not is_finite(value):
            return self._wrong(value, f"Use {'an integer' if whole else self.range or 'a number'}")
        if self._allows(value):
            return None
        return self._wrong(value, f"Use {self.range}")

    def _allows(self, value: float) -> bool:
        if self.zero and value == 0:
            return True
        low = self.minimum is None or value >= self.minimum
        high = self.maximum is None or value <= self.maximum
        return (
            low and high and (self.above is None or value > self.above) and (self.below is None or value < self.below)
        )

    @property
    def range(self) -> str:
        """The values that are allowed, in words: "2 to 1,000,000"; empty where every one is."""
        if self.choices and self.kind == "choice":
            return ", ".join(key for key, _ in self.choices)
        if self.kind == "flag":
            return "on, off"
        low, high, above, below = (
            None if end is None else self.shown(end) for end in (self.minimum, self.maximum, self.above, self.below)
        )
        if low is not None and high is not None:
            words = f"{low} to {high}"
        else:
            least = f"{low} or more" if low is not None else f"more than {above}" if above is not None else ""
            most = f"at most {high}" if high is not None else f"less than {below}" if below is not None else ""
            words = " and ".join(part for part in (least, most) if part)
        if self.zero and words:
            return f"{words}, or 0 to switch it off"
        return f"{words}, or {self.none.lower()}" if self.optional and words and self.none != "auto" else words

    def shown(self, value: Scalar) -> str:
        """A value for people: "30 %", "3.2e-2", "1,000,000", "off"."""
        if value is None:
            return self.none
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return dict(self.choices).get(value, value) if self.kind == "choice" else value
        if self.zero and value == 0:
            return self.zero
        if not is_finite(value):
            return exact_number(value)
        if self.kind == "rate" and value > 0:
            return format_lr(value) if self.rounded else exact_lr(value)
        if self.kind == "share":
            return f"{exact_number(100 * value)} %"
        return f"{value:,}" if isinstance(value, int) else exact_number(value)

    def written(self, value: Scalar) -> str:
        """A value as it is typed into a field: without a thousands separator."""
        return self.shown(value).replace(",", "") if isinstance(value, int | float) else self.shown(value)

    def _wrong(self, value: Scalar, fix: str) -> Problem:
        usual = self.usual if self.kind == "choice" or self.usual is None else self.shown(self.usual)
        usual = "" if usual is None else f"; {usual} is usual"
        # From Python anything can come.
        plain = isinstance(value, int | float | str) and not isinstance(value, bool)
        shown = self.shown(value) if plain and (isinstance(value, str) or self.kind in ("whole", *NUMBERS)) else value
        return Problem(self.name, f"{self.subject or self.label} cannot be “{shown}”.", f"{fix}{usual}.")

    def _fill_in(self) -> str:
        return "Fill it in." if self.default in (None, "") else f"{self.shown(self.default)} is usual."


def option_problems(options: Sequence[Option], values: Mapping[str, Scalar], part: str) -> list[Problem]:
    """Every problem of `values`, each naming its field as "<part>.<name>". Unknown names are one, too."""
    known = {option.name: option for option in options}
    problems = []
    for name in values:
        if name not in known:
            names = ", ".join(known) or "none"
            problems.append(Problem(f"{part}.{name}", f"Unknown setting “{name}”.", f"Available: {names}."))
    for option in options:
        problem = option.problem(values.get(option.name, option.default))
        if problem is not None:
            problems.append(Problem(f"{part}.{option.name}", problem.what, problem.fix))
    return problems


def filled(options: Sequence[Option], values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The value of every option: the given one, else its default. Names without an option are left out."""
    return {option.name: values.get(option.name, option.default) for option in options}


def read_items(text: str, kind: str) -> list[int] | list[float] | list[str]:
    """The items of a list that is written with commas, with brackets or without; none for an empty text.

    `kind` is one of `ITEMS`. Texts may stand in quotes, and in brackets only if they do: [CLS] is a text.
    Raises ValueError where an item is of another kind.
    """
    words = text.strip()
    inner = words[1:-1].strip()
    if words[:1] + words[-1:] in ("[]", "()") and (kind != "text" or inner[:1] in ("", '"', "'")):
        words = inner
    items = [item.strip() for item in words.split(",")]
    if items[-1] == "":  # (64,)
        items.pop()
    if kind == "text":
        return [item[1:-1] if item[:1] == item[-1:] and item[:1] in ("'", '"') else item for item in items]
    return [int(item) for item in items] if kind == "whole" else [float(item) for item in items]


def read_number(text: str) -> float:
    """A finite number that a person wrote; a comma counts as a decimal point. Raises ValueError, with a sentence."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"“{text}” is not a number.") from None
    if not is_finite(value):
        raise ValueError(f"“{text}” is not a finite number.")
    return value


def read_whole(text: str) -> int:
    """An integer that a person wrote: "1000", "1,000", "1e5". Raises ValueError, with a sentence."""
    words = text.strip().replace(",", "").replace(" ", "").replace("_", "")
    try:
        return int(words)
    except ValueError:
        pass
    try:
        value = float(words)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value.is_integer()):
        raise ValueError(f"“{text}” is not an integer.")
    return int(value)


def read_option(option: Option, text: str) -> Scalar:
    """The value that a person wrote as `text`. Raises ValueError, with a sentence, where it cannot be read."""
    words = text.strip()
    if option.optional and words.lower() in (*NOTHING, option.none.lower()):
        return None
    if option.zero and words.lower() in (*OFF, option.zero.lower()):
        return 0.0 if option.kind in NUMBERS else 0
    if option.kind == "flag":
        if words.lower() not in (*YES, *NO):
            raise ValueError(f"{option.label}: “{text}” is neither true nor false.")
        return words.lower() in YES
    if option.kind not in ("whole", *NUMBERS):
        return _listed(option, words) if option.items and words else words
    try:
        if option.kind == "rate":
            return parse_lr(words)
        bare = words.removesuffix(option.unit).strip() if option.unit else words
        bare = bare.strip("×xX").strip() or bare  # a factor, as people write it: "×4", "4x"
        if option.kind == "whole":
            return read_whole(bare)
        return read_number(words.replace("%", "")) / 100 if option.kind == "share" else read_number(bare)
    except ValueError as error:
        raise ValueError(f"{option.label}: {error}") from None


def _listed(option: Option, text: str) -> str:
    """A list as it was written. Raises ValueError, with a sentence, where it cannot be read."""
    try:
        read_items(text, option.items)
    except ValueError:
        raise ValueError(f"{option.label}: “{text}” is not a comma-separated list of {ITEMS[option.items]}.") from None
    return text
