"""Why a file cannot be compiled, in a sentence. No torch."""

from __future__ import annotations


def no_python(name: str, error: BaseException) -> tuple[str, int]:
    """What `compile` said about the file called `name`, and the line it is about; 0 where there is none."""
    if "null bytes" in str(error):
        return f"{name} is no Python file: save it as text, in UTF-8.", 0
    if isinstance(error, SyntaxError):
        place = f", line {error.lineno}" if error.lineno else ""
        end = "" if str(error.msg).endswith((".", "?", "!")) else "."
        return f"{name}{place}: {error.msg}{end}", error.lineno or 0
    return f"{name} is not a Python file that can be read.", 0  # brackets in brackets in brackets …
