"""Settings that only some optimizers, models or data sets have: rows from which forms build themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lrgui.core.config import Problem, is_finite

Scalar = bool | int | float | str | None
"""What a setting can hold: what JSON knows, without lists and objects."""

#: What an option can be: a whole number, a number, yes or no, a text (`choices` are suggestions), one of `choices`.
KINDS = ("whole", "number", "flag", "text", "choice")

#: What a list in a text can hold, in words.
ITEMS = {"whole": "whole numbers", "number": "numbers", "text": "texts"}

#: What people write for a flag.
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


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
    """None is allowed, and means “automatic”; also a text may be empty."""
    rare: bool = False
    """Most people never need it: the form folds it away."""
    items: str = ""
    """The text is a list with commas; its items are of this kind: "whole", "number" or "text"."""

    def problem(self, value: Scalar) -> Problem | None:
        """What is wrong with `value`, None where it can be used."""
        if value is None or value == "":
            return None if self.optional else Problem(self.name, f"{self.label} is empty.", self._usual())
        if self.kind == "flag":
            return None if isinstance(value, bool) else self._wrong(value, "Use true or false.")
        if self.kind in ("whole", "number"):
            return self._number_problem(value)
        if not isinstance(value, str):
            return self._wrong(value, "Use a text.")
        if self.kind == "choice" and value not in dict(self.choices):
            return self._wrong(value, f"Choose one of: {', '.join(key for key, _ in self.choices)}.")
        if self.items:
            try:
                read_items(value, self.items)
            except ValueError:
                return self._wrong(value, f"Use {ITEMS[self.items]} with commas.")
        return None

    def _number_problem(self, value: Scalar) -> Problem | None:
        whole = self.kind == "whole"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not is_finite(value):
            return self._wrong(value, "Use a whole number." if whole else "Use a number.")
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if low <= value <= high:
            return None
        if self.maximum is None:
            return self._wrong(value, f"Use {low:g} or more.")
        return self._wrong(value, f"Use {low:g} to {high:g}." if self.minimum is not None else f"Use {high:g} or less.")

    def _wrong(self, value: Scalar, fix: str) -> Problem:
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        return Problem(self.name, f"{self.label} cannot be “{shown}”.", fix)

    def _usual(self) -> str:
        return "Fill it in." if self.default in (None, "") else f"{self.default} is usual."


def option_problems(options: Sequence[Option], values: Mapping[str, Scalar], part: str) -> list[Problem]:
    """Every problem of `values`, each naming its field as "<part>.<name>". Unknown names are one, too."""
    known = {option.name: option for option in options}
    problems = []
    for name in values:
        if name not in known:
            names = ", ".join(known) or "none"
            problems.append(Problem(f"{part}.{name}", f"There is no setting “{name}” here.", f"There are: {names}."))
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


def read_option(option: Option, text: str) -> Scalar:
    """The value that a person wrote as `text`. Raises ValueError, with a sentence, where it cannot be read."""
    words = text.strip()
    if option.optional and words.lower() in ("", "auto", "none"):
        return None
    if option.kind == "flag":
        if words.lower() not in (*YES, *NO):
            raise ValueError(f"{option.label}: “{text}” is neither true nor false.")
        return words.lower() in YES
    if option.kind == "whole":
        try:
            return int(words.replace(",", "").replace("_", ""))
        except ValueError:
            raise ValueError(f"{option.label}: “{text}” is not a whole number.") from None
    if option.kind == "number":
        try:
            return read_number(words)
        except ValueError as error:
            raise ValueError(f"{option.label}: {error}") from None
    if option.items and words:
        try:
            read_items(words, option.items)
        except ValueError:
            raise ValueError(f"{option.label}: “{text}” is no list of {ITEMS[option.items]} with commas.") from None
    return words
