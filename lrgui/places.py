"""Where this program keeps what it remembers, also where a person has no home folder (in many containers)."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

#: Environment variables that name the folders of the settings and of the runs.
CONFIG, RUNS = "LRGUI_CONFIG", "LRGUI_RUNS"


def home() -> Path | None:
    """The home folder; None where there is none: HOME is not set, and the user is not known to the system."""
    place = os.path.expanduser("~")  # pathlib's own raises
    return Path(place) if os.path.isabs(place) else None


def home_or_temporary() -> Path:
    """The home folder, or where there is none a temporary one that only this person can write to."""
    return home() or _without_home()


def config_folder() -> Path:
    """The folder of settings and trust: `LRGUI_CONFIG`, or the platform's. It may not exist yet."""
    return _named(CONFIG) or _platform("config")


def runs_folder() -> Path:
    """The folder of all runs: `LRGUI_RUNS`, or one in the platform's data folder. It may not exist yet."""
    return _named(RUNS) or _platform("data") / "runs"


def trouble() -> str:
    """A sentence where something is kept in a temporary folder, else an empty text."""
    if home() is not None or not any(
        place.is_relative_to(_without_home()) for place in (config_folder(), runs_folder())
    ):
        return ""
    return (
        f"There is no home folder (HOME is not set), so settings and runs are saved in {_without_home()}. Set HOME, or "
        f"{CONFIG} and {RUNS}, to save them elsewhere."
    )


def user_name(name: str) -> str:
    """`name`, made the user's own for a folder that all share."""
    if sys.platform == "win32":
        import getpass

        return f"{name}-{getpass.getuser()}"
    return f"{name}-{os.getuid()}"


def own_temporary_folder() -> Path | None:
    """A folder among the temporary ones that only this person can write to; None where there is none."""
    own = Path(tempfile.gettempdir(), user_name("lrgui"))
    try:
        own.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return own if is_ours(own) else None


def is_ours(folder: Path) -> bool:
    """True for a real folder of ours that others cannot write to: a stranger must not act in our place."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    if sys.platform == "win32":
        return folder.is_dir()
    return (
        stat.S_ISDIR(facts.st_mode)
        and facts.st_uid == os.getuid()
        and not facts.st_mode & 0o022
        and os.access(folder, os.W_OK | os.X_OK)
    )


def _named(variable: str) -> Path | None:
    wanted = os.environ.get(variable)
    return Path(os.path.expanduser(wanted)) if wanted else None


def _platform(kind: str) -> Path:
    import platformdirs  # not in every Python that computes a run

    find = {"config": platformdirs.user_config_dir, "data": platformdirs.user_data_dir}[kind]
    try:
        place = Path(find("lrgui", appauthor=False))
    except RuntimeError:  # how newer versions of it say that there is no home
        return _without_home() / kind
    return place if place.is_absolute() else _without_home() / kind


@cache
def _without_home() -> Path:
    return own_temporary_folder() or Path(tempfile.mkdtemp(prefix="lrgui-"))
