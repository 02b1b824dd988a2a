"""What runs inside Ray, without Ray."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from lrgui.runs.remote.ray_node import Mailbox, settled


def test_letters_are_kept_in_their_order_and_requests_reach_their_run() -> None:
    box = Mailbox()
    assert box.begin("a 1", "node") is True
    assert box.put("a 1", 0, ["x"]) == []
    box.ask("a 1", "pause")
    box.ask("b 1", "finish")
    assert box.put("a 1", 1, ["y"]) == ["pause"]
    assert box.put("a 1", 2, []) == [], "a beat is no letter"
    assert box.take() == ({"a 1": "node"}, [("a 1", 0, ["x"]), ("a 1", 1, ["y"])]) and box.take() == ({}, [])
    box.cancel()
    assert box.put("b 1", 0, []) == ["finish", "cancel"]
    assert box.begin("c 1", "node") is False


class Reference:
    """What Ray gives for something in its store."""

    def __init__(self, value: object) -> None:
        self._value = value
        self.asked = False

    def future(self) -> Future[object]:
        self.asked = True
        found: Future[object] = Future()
        found.set_result(self._value)
        return found


@pytest.fixture
def parcel(tmp_path: Path) -> dict[str, Any]:
    """Of a task whose file lies in a folder."""
    file = tmp_path / "home" / "task.py"
    file.parent.mkdir()
    file.write_bytes(b"text")
    job = {"task": {"path": str(file), "options": {}}}
    moved = {"task": {"path": "{run}/code/task.py", "options": {}}}
    known = [(str(file), hashlib.sha256(b"text").hexdigest())]
    contents = Reference({"code/task.py": b"text"})
    return {
        "job": job, "moved": moved, "known": known, "contents": contents, "homes": [str(file.parent)], "folder": ""
    }  # fmt: skip


def test_files_that_a_node_has_are_used_where_they_are(parcel: dict[str, Any], tmp_path: Path) -> None:
    job, current = settled(parcel, str(tmp_path / "run"))
    assert job == parcel["job"] and current == str(tmp_path / "home") and not (tmp_path / "run").exists()
    assert not parcel["contents"].asked


def test_other_files_under_the_same_path_are_not_used(parcel: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "home" / "task.py").write_bytes(b"older")
    job, current = settled(parcel, str(tmp_path / "run"))
    assert job["task"]["path"] == f"{tmp_path}/run/code/task.py" and current == str(tmp_path / "home")
    assert Path(job["task"]["path"]).read_bytes() == b"text"


def test_a_node_without_the_folder_gets_the_files(parcel: dict[str, Any], tmp_path: Path) -> None:
    parcel["known"] = [("/no/such/task.py", parcel["known"][0][1])]
    parcel["homes"] = ["/no/such"]
    job, current = settled(parcel, str(tmp_path / "run"))
    assert Path(job["task"]["path"]).read_bytes() == b"text" and current == ""


def test_data_are_read_where_they_are(parcel: dict[str, Any], tmp_path: Path) -> None:
    parcel["known"], parcel["homes"] = [(str(tmp_path), "")], []
    assert settled(parcel, str(tmp_path / "run"))[0] == parcel["job"] and not parcel["contents"].asked


def test_a_folder_that_is_not_there_is_named(parcel: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder /no/work"):
        settled({**parcel, "folder": "/no/work"}, str(tmp_path / "run"))
