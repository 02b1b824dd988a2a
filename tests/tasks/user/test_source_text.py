"""Sentences about files that are no Python."""

from __future__ import annotations

import pytest

from lrgui.tasks.user.source_text import no_python


@pytest.mark.parametrize(
    ("code", "sentence", "line"),
    [
        ("x = 1\ndef f(:\n", "a.py, line 2: invalid syntax.", 2),
        ("print 'x'\n", "a.py, line 1: Missing parentheses in call to 'print'. Did you mean print(...)?", 1),
        ("x = 1\0", "a.py is not a Python file: save it as text in UTF-8.", 0),
        ("x = 1\n".encode("utf-16"), "a.py is not a Python file: save it as text in UTF-8.", 0),
    ],
)
def test_every_reason_is_a_sentence(code: str | bytes, sentence: str, line: int) -> None:
    with pytest.raises((SyntaxError, ValueError)) as caught:
        compile(code, "a.py", "exec")
    assert no_python("a.py", caught.value) == (sentence, line)


def test_brackets_in_brackets() -> None:
    assert no_python("a.py", RecursionError()) == ("a.py is not a readable Python file.", 0)
