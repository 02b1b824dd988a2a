"""Sentences about files that are no Python."""

from __future__ import annotations

import pytest

from lrgui.tasks.user.source_text import encoding_of, no_python


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


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (b'x = "\xe9"\n', "a.py: its first lines are not valid in its encoding: save the file in UTF-8."),
        (b"\xff\xfe\x00bad", "a.py: its first lines are not valid in its encoding: save the file in UTF-8."),
        (
            b"# coding: klingon\n",
            "a.py: unknown encoding klingon: save the file in UTF-8 and remove the line that names its encoding.",
        ),
        (
            b"\xef\xbb\xbf# coding: latin-1\n",
            "a.py: it is marked as UTF-8 but names another encoding: remove the line that names its encoding.",
        ),
    ],
)
def test_what_is_wrong_with_the_name_of_an_encoding_comes_with_the_way_out(code: bytes, sentence: str) -> None:
    with pytest.raises(SyntaxError) as caught:
        encoding_of(code)
    assert no_python("a.py", caught.value) == (sentence, 0)


def test_so_does_a_character_that_its_encoding_does_not_have() -> None:
    for code in (b'\n\n\nx = "caf\xe9"\n', b"\n\n\ncaf\xe9 = 1\n"):
        with pytest.raises(SyntaxError) as caught:
            compile(code, "a.py", "exec")
        assert no_python("a.py", caught.value)[0].endswith("a character is not valid in UTF-8: save the file in UTF-8.")
    with pytest.raises(UnicodeDecodeError) as not_ascii:
        b"\xe9".decode("ascii")
    assert no_python("a.py", not_ascii.value) == (
        "a.py: a character is not valid in ASCII: save the file in UTF-8 and remove the line that names its encoding.",
        0,
    )
    newer = SyntaxError("Non-UTF-8 code starting with '\\xe9' on line 4, but no encoding declared", ("a.py", 4, 1, ""))
    assert no_python("a.py", newer) == (
        "a.py, line 4: a character is not valid in UTF-8: save the file in UTF-8.",
        4,
    )


def test_a_path_of_windows_in_ordinary_quotes_is_no_question_of_encodings() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile('x = 1\npath = "C:\\Users\\me"\n', "a.py", "exec")
    sentence = 'a.py, line 2: a backslash begins an incomplete escape: write r"…", or each backslash twice.'
    assert no_python("a.py", caught.value) == (sentence, 2)
