"""A program at the other end of a connection, without ssh: what its login prints, and what is no Python."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lrgui.runs.remote.address import Host
from lrgui.runs.remote.connection import Connection, RemoteError, explain

HELLO = "import sys;print('hello '+sys.stdin.readline().strip(),flush=True)"


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("greeting", ["", "Welcome to gpu-box!\n\nlrgui begins soon\n", "no end of line"])
def test_what_a_login_prints_before_the_program_is_dropped(tmp_path: Path, greeting: str) -> None:
    noisy = program(tmp_path / "noisy", f"printf '%s' '{greeting}'\nexec {sys.executable} \"$@\"")
    connection = Connection(Host(), HELLO, noisy)
    try:
        connection.write(b"there\n")
        assert connection.line(30) == b"hello there"
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('echo "$@"', r"did not run LR Finder's program \(exit status 0\): .*Check that it is a Python interpreter"),
        ("echo closed for today; exit 3", r"\(exit status 3\): closed for today\."),
        ("echo oops >&2; exit 1", r"\(exit status 1\): oops\."),
        ("""echo "tool: cannot access '-c': No such file" >&2; exit 2""", "did not run LR Finder's program"),
    ],
)
def test_what_is_no_python_is_told(tmp_path: Path, text: str, said: str) -> None:
    connection = Connection(Host(), HELLO, program(tmp_path / "tool", text))
    try:
        with pytest.raises(RemoteError, match=said):
            connection.line(30)
    finally:
        connection.close()


def test_a_program_that_ends_is_told_by_its_own_words(tmp_path: Path) -> None:
    connection = Connection(Host(), "import sys;sys.exit('no more')", sys.executable)
    try:
        with pytest.raises(RemoteError, match=r"program on this computer ended \(exit status 1\): no more"):
            connection.line(30)
    finally:
        connection.close()


def test_a_python_that_is_missing_and_one_that_is_no_program() -> None:
    gone = explain(Host("gpu"), 127, "sh: 1: /x/python: not found", "/x/python", began=False)
    assert str(gone).startswith("There is no /x/python on gpu")
    csh = explain(Host("gpu"), 1, "/x/python: Command not found.", "/x/python", began=False)
    assert str(csh) == str(gone)
    folder = explain(Host("gpu"), 126, "sh: 1: /tmp: Permission denied", "/tmp", began=False)
    assert str(folder).startswith("/tmp on gpu cannot be started")
