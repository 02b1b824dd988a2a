"""The text of a Python file as Python reads it, for those who show it and those who run it; why it can't be compiled.

A first line such as `# coding: unicode_escape` makes code of what an editor shows as a comment. So a file is decoded
here as Python decodes it, and refused where its encoding gives letters another meaning. Standard library only:
processes that load batches read this file before they know the package.
"""

from __future__ import annotations

import io
import re
import tokenize
import warnings

#: Every ASCII sign, and what encodings that hide text make something else of.
_PROBE = (
    bytes(range(128))
    + rb" \n \x41 \101 \u0041 \N{DIGIT ONE} +AEE- =41 a-b .xn--mnchen-3ya. ~{VP~} "
    + b"\x1b$B!!\x1b(B \x0e!!\x0f"
)
#: What ends a line for Python.
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")


def encoding_of(data: bytes) -> str:
    """The encoding that a Python file says it has. Raises SyntaxError for one that can hide code, and for unknown ones.

    The message is a sentence with the way out.
    """
    head = b"\n".join(_LINE_ENDS.split(data, maxsplit=2)[:2])  # where Python looks, however long the lines are
    name, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            honest = _PROBE.decode(name) == _PROBE.decode("ascii")
    except (UnicodeError, LookupError, AssertionError, TypeError):
        honest = False
    if not honest:
        raise SyntaxError(f"its encoding {name} can hide code: save the file in UTF-8", ("", 1, None, None))
    return name


def source_text(data: bytes) -> str:
    """A Python file's text. Raises SyntaxError like `encoding_of`, and UnicodeDecodeError for bytes that don't fit."""
    text = io.StringIO(data.decode(encoding_of(data)), newline=None).getvalue()
    return text.removeprefix("\ufeff")


def no_python(name: str, error: BaseException) -> tuple[str, int]:
    """What `compile` said about the file called `name`, and the line it is about; 0 where there is none."""
    if "null bytes" in str(error):
        return f"{name} is not a Python file: save it as text in UTF-8.", 0
    if isinstance(error, SyntaxError):
        place = f", line {error.lineno}" if error.lineno else ""
        end = "" if str(error.msg).endswith((".", "?", "!")) else "."
        return f"{name}{place}: {error.msg}{end}", error.lineno or 0
    return f"{name} is not a readable Python file.", 0  # brackets in brackets in brackets …
