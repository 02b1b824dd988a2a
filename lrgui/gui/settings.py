"""What the program remembers: one versioned JSON file. A bad field is dropped with a warning."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from lrgui import places
from lrgui.core.learning_rate import WAYS
from lrgui.export.trackers import TRACKERS
from lrgui.json_file import damaged, read_json, set_aside, write_json
from lrgui.runs.targets import ON
from lrgui.runs.trust import Trust

VERSION = 1
THEMES = ("system", "light", "dark")
#: What Find may take where it is to prove what it finds.
PROOFS = ("10s", "30s", "1m", "2m", "5m", "15m")


@dataclass
class Settings:
    """Remembered between starts."""

    theme: str = "system"
    job: dict[str, Any] = field(default_factory=dict)
    """The last job's settings, as `Job.to_dict` wrote them."""
    folder: str = ""
    """Where the person last saved or opened something."""
    python: str = ""
    """Path of the Python that computes; empty: the program's own, or in a bundle without torch one that is found."""
    pythons: dict[str, str] = field(default_factory=dict)
    """The Python that the person chose for a task, by the task's file: an absolute path, empty for the program's own.
    The one chosen last is last. It is kept here and in no run file: such a file may come from anybody, and must not
    choose what is started."""
    snippet: str = ""
    """What code was last shown for, a key of `export.snippets.SNIPPETS`."""
    export: dict[str, Any] = field(default_factory=dict)
    """How something was exported last: the format, and how pictures look (`export.style.style_to`)."""
    prove: str = ""
    """What Find may take to measure what it is not sure of, as `core.budget` reads it; empty for only a sweep."""
    notify: bool = True
    """Tell when a run ends while another window is in front."""
    rates: str = "scientific"
    """How learning rates are written, a key of `learning_rate.WAYS`; from the next start on."""
    sweep: dict[str, Any] = field(default_factory=dict)
    """The person's own default sweep: the settings, by name, in which it is another than the program's."""
    track: dict[str, str] = field(default_factory=dict)
    """The experiment trackers that record each run, by key of `export.trackers.TRACKERS`, and their folders."""
    recent: list[str] = field(default_factory=list)
    """Tasks that were opened, by path, the last one first."""
    panel_widths: dict[str, int] = field(default_factory=dict)
    """How wide the panels beside the plot are, in pixels: `left` and `right`."""
    folded_panels: list[str] = field(default_factory=list)
    """Which of them are folded."""
    unfolded: list[str] = field(default_factory=list)
    """Keys of the folds that are open."""
    switches: dict[str, bool | str] = field(default_factory=dict)
    """How plots and lists are shown where that is not the usual way, as `switches.SWITCHES` names it."""
    tab: str = ""
    """Key of the tab that was in sight; empty for the curve's."""
    looked: float = 0.0
    """When a start last looked for a run that was cut off, in seconds since 1970; 0 before there was one."""
    geometry: str = ""
    """Where the window was, as Qt keeps it, in base64; empty before there was one."""


def settings_file() -> Path:
    """The settings' file: in the platform's settings folder, or in the folder LRGUI_CONFIG names."""
    return places.config_folder() / "settings.json"


def load_settings(path: Path) -> tuple[Settings, list[str]]:
    """The settings in `path` and a warning for everything in it that could not be used; never raises."""
    settings, warnings = Settings(), []
    kept = f"what was there is kept as {damaged(path).name}"
    try:
        stored, _ = read_json(path)
    except FileNotFoundError:
        return settings, []
    except OSError as error:
        return settings, [f"The settings in {path} could not be read ({error.strerror or error}); using the defaults."]
    except ValueError as error:
        return settings, [f"The settings in {path} could not be read ({error}); using the defaults, and {kept}."]
    if not isinstance(stored, dict):
        set_aside(path, copied=True)  # the next settings that are kept take its place
        return settings, [f"The settings in {path} are not a JSON object; using the defaults, and {kept}."]
    for known in fields(Settings):
        if known.name not in stored:
            continue
        value = stored[known.name]
        if _fits(known.name, value):
            setattr(settings, known.name, value)
        else:
            warnings.append(f"The setting “{known.name}” in {path} is invalid and was ignored.")
    _bracket(settings.job)
    return settings, warnings


def _bracket(job: dict[str, Any]) -> None:
    """Settings that were kept before races bracketed name the fixed field that every race was; nobody chose it."""
    race = job.get("race")
    if isinstance(race, dict) and "trainings" not in race:
        for name in ("rates", "octaves", "rounds"):
            race.pop(name, None)


def save_settings(settings: Settings, path: Path) -> str | None:
    """Write the settings; returns a sentence where that failed, which must never stop the program."""
    try:
        write_json(path, {"version": VERSION, **asdict(settings)})
    except (OSError, ValueError) as error:
        return f"The settings could not be saved ({getattr(error, 'strerror', None) or error})."
    return None


def leave_out_foreign_pythons(settings: Settings, trust: Trust) -> list[str]:
    """Take out of settings that were read the Pythons that the person did not choose in this program on this machine:
    settings may come from anybody, and must not choose what is started. Returns a sentence on those."""
    named = dict.fromkeys(filter(None, (settings.python, *settings.pythons.values())))
    # Targets are in a file of their own, which nobody else can have written.
    foreign = [python for python in named if not python.startswith(ON) and not trust.may_start(python)]
    settings.python = "" if settings.python in foreign else settings.python
    settings.pythons = {task: python for task, python in settings.pythons.items() if python not in foreign}
    return [
        f"The Python {python} in the settings was not chosen on this computer, or has changed since. It is not used; "
        "choose it in the window if you trust it."
        for python in foreign
    ]


def _fits(name: str, value: Any) -> bool:
    if "\\u0000" in json.dumps(value):  # no system has such a path, and Python's functions raise for it
        return False
    if name == "theme":
        return value in THEMES
    if name in ("job", "export", "sweep"):
        return isinstance(value, dict)
    if name == "rates":
        return value in WAYS
    if name == "prove":
        return value in ("", *PROOFS)
    if name == "python":
        return _is_python(value)
    if name == "pythons":
        return isinstance(value, dict) and all(_is_python(python) for python in value.values())
    if name == "track":  # a folder of this machine, never an address: settings may come from anybody
        folders = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
        return folders and all(key in TRACKERS and Path(each).is_absolute() for key, each in value.items())
    if name == "panel_widths":
        return isinstance(value, dict) and all(type(width) is int and 0 < width < 10_000 for width in value.values())
    if name == "switches":
        return isinstance(value, dict) and all(isinstance(each, bool | str) for each in value.values())
    if name == "looked":
        return type(value) in (int, float) and 0 <= value < math.inf
    if name == "notify":
        return isinstance(value, bool)
    if name in ("recent", "folded_panels", "unfolded"):
        return isinstance(value, list) and all(isinstance(path, str) for path in value)
    return isinstance(value, str)


def _is_python(value: Any) -> bool:
    """Whether it is there is told when a run wants it: its disk may be away just now."""
    return isinstance(value, str) and (not value or value.startswith(ON) or Path(value).is_absolute())
