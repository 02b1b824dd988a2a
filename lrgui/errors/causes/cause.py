"""A row of the table of causes, and the names that its sentences give to dtypes and shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

#: So many characters at each end of a message are looked at: a search may take time that grows with their square, and
#: a message with an array or a page in it would hold up the program for minutes.
LOOKED_AT = 2_000

Telling = Callable[[re.Match[str]], str]
"""Makes the sentence of a match."""


@dataclass(frozen=True)
class Cause:
    """One kind of error."""

    key: str
    pattern: str
    """A regular expression that is searched for in the error's message."""
    sentence: str | Telling
    """What is wrong and the way out; `{name}` stands for what the group of that name matched."""
    kinds: tuple[str, ...] = ()
    """Names of the classes of error it can be; empty is any."""

    def told(self, kind: str, message: str) -> str | None:
        """The sentence about an error of class `kind`, None where it is not of this kind."""
        if self.kinds and kind not in self.kinds:
            return None
        if len(message) > 2 * LOOKED_AT:
            message = f"{message[:LOOKED_AT]}\n…\n{message[-LOOKED_AT:]}"
        match = re.search(self.pattern, message, re.DOTALL)
        if match is None:
            return None
        return self.sentence.format(**match.groupdict()) if isinstance(self.sentence, str) else self.sentence(match)


#: What PyTorch's messages call a dtype, and what a person writes.
_DTYPES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "c10::half": "float16",
    "bfloat16": "bfloat16",
    "c10::bfloat16": "bfloat16",
    "long": "int64",
    "long long": "int64",
    "long int": "int64",
    "int": "int32",
    "short": "int16",
    "short int": "int16",
    "byte": "uint8",
    "unsigned char": "uint8",
    "char": "int8",
    "signed char": "int8",
    "bool": "bool",
}
FLOATS = ("float16", "bfloat16", "float32", "float64")


def dtype_name(word: str) -> str:
    """What a person writes for the dtype that a message of PyTorch's calls `word`; `word` itself for any other."""
    return _DTYPES.get(word.strip().lower().removeprefix("torch.").removesuffix("tensor"), word)


def shape_name(text: str) -> str:
    """A shape as people read it: "4×10" for "4, 10", "()" for none."""
    return "×".join(text.replace(" ", "").strip(",").split(",")) or "()"
