"""What the program keeps may be anything by the time it is read: never a hang, never a crash."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lrgui.gui.settings import Settings, load_settings, save_settings
from lrgui.json_file import DEEPEST, MOST_BYTES, read_json, write_json
from lrgui.runs.job import Job
from lrgui.runs.trust import Trust


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


BAD: dict[str, Callable[[Path], Any]] = {
    "folder": Path.mkdir,
    "large": sparse,
    "deep list": lambda path: path.write_text("[" * 200_000),
    "deep object": lambda path: path.write_text('{"job":' * 900 + "1" + "}" * 900),
    "not quite as deep": lambda path: path.write_text('{"job": ' + "[" * DEEPEST + "]" * DEEPEST + "}"),
    "infinite": lambda path: path.write_text('{"files": {"/a": {"owners": [1e400]}}, "job": {"x": 1e400}}'),
    "not a number": lambda path: path.write_text('{"files": {"/a": {"owners": [NaN]}}, "job": {"x": NaN}}'),
    "many digits": lambda path: path.write_text('{"files": ' + "1" * 10_000 + "}"),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\0{"),
    "nothing": lambda path: path.write_bytes(b""),
    "a list": lambda path: path.write_text("[1]"),
    "a link to itself": lambda path: path.symlink_to(path.name),
}
if sys.platform != "win32":
    BAD |= {
        "pipe": os.mkfifo,
        "zeros": lambda path: path.symlink_to("/dev/zero"),
        "terminal": lambda path: path.symlink_to("/dev/tty"),
    }


@pytest.mark.parametrize("kind", BAD)
def test_settings_that_cannot_be_used(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "settings.json"
    BAD[kind](path)
    settings, warnings = load_settings(path)
    assert settings == Settings()
    assert len(warnings) == 1 and str(path) in warnings[0] and "\n" not in warnings[0]
    problem = save_settings(Settings(theme="dark"), path)
    if kind in ("folder", "pipe", "a link to itself", "terminal", "zeros"):
        assert problem is None or problem.startswith("The settings could not be saved")
    else:
        assert problem is None and load_settings(path)[0].theme == "dark"


@pytest.mark.parametrize("kind", BAD)
def test_a_list_of_trusted_files_that_cannot_be_used(tmp_path: Path, kind: str) -> None:
    path, task = tmp_path / "trusted.json", tmp_path / "task.py"
    task.write_text("x = 1\n")
    BAD[kind](path)
    question = Trust(path).question(str(task))
    assert question is not None and "asked about again" in question.sentence


@pytest.mark.parametrize(
    "text",
    [
        '{"files": {"/a": {"digests": [1], "owners": [0], "elsewhere": []}}, "folders": {}}',
        '{"files": {"/a": {"digests": {}, "owners": ["x"], "elsewhere": []}}, "folders": {}}',
        '{"files": {"/a": "x"}, "folders": {}}',
        '{"files": {"/a": []}, "folders": {}}',
        '{"files": {}, "folders": {"/a": null}}',
        '{"files": {}, "folders": {"/a": "x"}}',
        '{"files": 1, "folders": 2}',
        "null",
        "1",
    ],
)
def test_wrong_types_in_the_list_of_trusted_files(tmp_path: Path, text: str) -> None:
    path, task = tmp_path / "trusted.json", tmp_path / "task.py"
    task.write_text("x = 1\n")
    path.write_text(text)
    question = Trust(path).question(str(task))
    assert question is not None and "asked about again" in question.sentence


@pytest.mark.parametrize("value", [None, 1, -1.5, "x", "\0", [], [1], ["\0"], {}, {"a": "\0"}, {"a": [1]}, True])
def test_wrong_types_in_the_settings(tmp_path: Path, value: object) -> None:
    path = tmp_path / "settings.json"
    for name in ("theme", "job", "folder", "python", "pythons", "recent"):
        path.write_text(json.dumps({name: value}))
        settings, _ = load_settings(path)
        assert isinstance(settings.theme, str) and isinstance(settings.job, dict)
        assert "\\u0000" not in json.dumps(vars(settings))
        with suppress(ValueError):
            Job.from_dict(settings.job).validate()


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    write_json(path, {"a": [1, 2.5, None, "ü"]}, private=True)
    data, facts = read_json(path)
    assert data == {"a": [1, 2.5, None, "ü"]}
    assert facts.st_size == path.stat().st_size
    if os.name == "posix":
        assert stat.S_IMODE(facts.st_mode) == 0o600
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert read_json(path)[0] == data
