"""The studies of this computer that were run or opened last, so that the window can offer them; and the one that the
window ran when it went."""

from __future__ import annotations

from pathlib import Path

from lrgui import places
from lrgui.json_file import read_json, write_json
from lrgui.studies.folder import StudyFolder
from lrgui.studies.opened import open_study
from lrgui.studies.results import StudyResults

#: So many are remembered.
MOST = 20


def known_studies() -> list[Path]:
    """Their folders that are still there, the last one first."""
    return [path for path in _kept(_file()) if StudyFolder(path).there]


def remember(folder: Path) -> None:
    """This one was run or opened now. What cannot be kept is forgotten: a study must not end for it."""
    path = folder.absolute()
    kept = _kept(_file())
    if kept[:1] != [path]:
        _keep(_file(), [path, *(other for other in kept if other != path)][:MOST])


def note_running(folder: Path | None) -> None:
    """The window runs the study in this folder from now on; None is for one that has ended or was stopped."""
    _keep(_running(), [] if folder is None else [folder.absolute()])


def left_running() -> StudyResults | None:
    """The study that the window ran when it went, closed or killed; None where it has all or cannot be read."""
    for folder in _kept(_running()):
        try:
            found = open_study(folder)
        except (OSError, ValueError):
            continue
        if found.missing:
            return found
    return None


def left_words(found: StudyResults) -> str:
    """What to say about it: "The study digits-study.study was cut off …"."""
    measured = f"{len(found.rows) - found.missing:,} of {len(found.rows):,} runs are measured"
    return f"The study {found.folder.name} was cut off when the program ended. {measured}."


def _keep(file: Path, folders: list[Path]) -> None:
    if folders != _kept(file):
        try:
            write_json(file, [str(each) for each in folders])
        except OSError:
            pass


def _kept(file: Path) -> list[Path]:
    try:
        data, _ = read_json(file)
    except (OSError, ValueError):
        return []
    return [Path(each) for each in data if isinstance(each, str)] if isinstance(data, list) else []


def _file() -> Path:
    return places.config_folder() / "studies.json"


def _running() -> Path:
    return places.config_folder() / "study-running.json"
