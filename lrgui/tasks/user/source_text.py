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
#: What Python says of bytes that are no text in the file's encoding; 3.12 and later have the second way, too.
_NOT_VALID = re.compile(r"'(?P<codec>[\w-]+)' codec can't decode byte|Non-UTF-8 code starting with")
_SAVE, _NO_NAME = "save the file in UTF-8", "remove the line that names its encoding"


def encoding_of(data: bytes) -> str:
    """The encoding that a Python file says it has. Raises SyntaxError for one that can hide code, and for unknown ones.

    The message is a sentence with the way out.
    """
    head = b"\n".join(_LINE_ENDS.split(data, maxsplit=2)[:2])  # where Python looks, however long the lines are
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    except SyntaxError as error:
        raise SyntaxError(_about_its_name(str(error.msg))) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            honest = _PROBE.decode(name) == _PROBE.decode("ascii")
    except (UnicodeError, LookupError, AssertionError, TypeError):
        honest = False
    if not honest:
        raise SyntaxError(f"its encoding {name} can hide code: {_SAVE}", ("", 1, None, None))
    return name


def _about_its_name(said: str) -> str:
    """What `tokenize` said about the name of an encoding, with the way out."""
    if said.startswith("unknown encoding"):
        return f"{said.replace(': ', ' ')}: {_SAVE} and {_NO_NAME}"
    if said.startswith("encoding problem"):  # the mark of UTF-8, and another name
        return f"it is marked as UTF-8 but names another encoding: {_NO_NAME}"
    return f"its first lines are not valid in its encoding: {_SAVE}"


def source_text(data: bytes) -> str:
    """A Python file's text. Raises SyntaxError like `encoding_of`, and UnicodeDecodeError for bytes that don't fit."""
    text = io.StringIO(data.decode(encoding_of(data)), newline=None).getvalue()
    return text.removeprefix("\ufeff")


def no_python(name: str, error: BaseException) -> tuple[str, int]:
    """What `compile` said about the file called `name`, and the line it is about; 0 where there is none."""
    if "null bytes" in str(error):
        return f"{name} is not a Python file: save it as text in UTF-8.", 0
    bytes_said = _NOT_VALID.search(str(error))
    line = (error.lineno or 0) if isinstance(error, SyntaxError) else 0
    place = f", line {line}" if line else ""
    if "'unicodeescape' codec" in str(error):
        return f'{name}{place}: a backslash begins an incomplete escape: write r"…", or each backslash twice.', line
    if bytes_said:
        codec = (bytes_said["codec"] or "utf-8").upper()
        rest = "" if codec == "UTF-8" else f" and {_NO_NAME}"
        return f"{name}{place}: a character is not valid in {codec}: {_SAVE}{rest}.", line
    if isinstance(error, SyntaxError):
        end = "" if str(error.msg).endswith((".", "?", "!")) else "."
        return f"{name}{place}: {error.msg}{end}", line
    return f"{name} is not a readable Python file.", 0  # brackets in brackets in brackets …
