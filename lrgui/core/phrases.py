"""Names in a sentence: with their article, and not too many of them."""

from __future__ import annotations

import re
from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 6) -> str:
    """The first `most` names, and how many more there are: "a, b and 4 more"."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def any_of(names: Sequence[str]) -> str:
    """Names of which one will do: "a", "a or b", "a, b or c"."""
    return " or ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def with_article(name: str) -> str:
    """A kind of thing: "an int", "a list", "an SGD"."""
    spelt = len(name) > 1 and name[:2].isupper()  # letter by letter
    return f"{'an' if name[0].lower() in ('aefhilmnorsx' if spelt else 'aeiou') else 'a'} {name}"


def first_sentence(text: str) -> tuple[str, str]:
    """A text's first sentence, and what follows it; an abbreviation or a number ends none."""
    found = re.search(r"(?<=[^\s.]\.) (?=[A-ZÀ-Þ“\d])", text)
    return (text, "") if found is None else (text[: found.start()], text[found.end() :])
