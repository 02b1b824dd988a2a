"""The studies of this computer that were run or opened last, so that the window can offer them."""

from __future__ import annotations

from pathlib import Path

from lrgui import places
from lrgui.json_file import read_json, write_json
from lrgui.studies.folder import StudyFolder

#: So many are remembered.
MOST = 20


def known_studies() -> list[Path]:
    """Their folders that are still there, the last one first."""
    return [path for path in _kept() if StudyFolder(path).there]


def remember(folder: Path) -> None:
    """This one was run or opened now. What cannot be kept is forgotten: a study must not end for it."""
    path = folder.absolute()
    kept = _kept()
    if kept[:1] != [path]:
        try:
            write_json(_file(), [str(each) for each in [path, *(other for other in kept if other != path)][:MOST]])
        except OSError:
            pass


def _kept() -> list[Path]:
    try:
        data, _ = read_json(_file())
    except (OSError, ValueError):
        return []
    return [Path(each) for each in data if isinstance(each, str)] if isinstance(data, list) else []


def _file() -> Path:
    return places.config_folder() / "studies.json"
