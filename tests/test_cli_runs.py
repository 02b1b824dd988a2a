"""`lrgui runs`: the list of runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from lrgui.core.events import EndEvent
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.notes import Notes, notes_path, write_notes

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_a_list_and_its_json(command: Command, own_folders: Path) -> None:
    none = command("runs")
    assert none.returncode == 0 and "No runs in" in none.stdout
    for kind in ("sweep", "train"):
        with start_log(Job(kind), "command line") as log:
            log.write([EndEvent("cancelled", "Stopped.")])
        write_notes(log.path, Notes(f"my {kind}", star=kind == "train"))
    done = command("runs")
    assert (
        done.returncode == 0 and "my sweep" in done.stdout and "★ my train" in done.stdout and "stopped" in done.stdout
    )
    found = json.loads(command("runs", "--json", "train", "momentum").stdout)
    assert found["count"] == 1 and Path(found["folder"]) == own_folders / "runs"
    (run,) = found["runs"]
    assert run["name"] == "my train" and run["star"] and run["kind"] == "train" and run["end"] == "cancelled"
    assert Path(run["path"]).is_file() and run["batch_size"] == 64
    notes_path(Path(run["path"])).write_text("{")
    for arguments in ((), ("--json",), ("nowhere",)):
        assert "could not be read" in command("runs", *arguments).stderr
    write_notes(Path(run["path"]), Notes("my train", star=True))
    assert json.loads(command("runs", "--json", "--starred", "--rebuild").stdout)["count"] == 1
    assert "No run has all of these words" in command("runs", "nowhere").stdout
    assert len(json.loads(command("runs", "--json", "--limit", 1).stdout)["runs"]) == 1
