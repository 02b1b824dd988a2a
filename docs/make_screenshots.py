"""Photographs every state of the window at every size: `python docs/make_screenshots.py [WIDTHxHEIGHT[@SCALE] …]`.

For looking at them: they go to build/screenshots, a folder for each size and theme. Those with real runs are taken by
keys; in `states` are all states that the tests know (`tests/gui/states.py`), with made-up runs, and what is cut or lies
over another there is told. Needs what `make_pictures.py` needs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from make_pictures import ROOT, Screen, ended, program, wait_for

FOLDER = ROOT / "build" / "screenshots"
SIZES = ("1024x700", "1366x768", "1440x900", "1920x1080", "1920x1080@1.25", "1920x1080@1.5", "1920x1080@2")
#: The key that starts a run, what its log is called, and the picture of its end.
RUNS = (("F5", "sweep", "2-curve"), ("F6", "train", "3-training"), ("F7", "race", "4-verify"))


def journey(screen: Screen, scratch: Path, theme: str, folder: Path) -> None:
    """Start, find, train, verify, compare and the panels, with a picture of each."""

    def save(name: str) -> None:
        time.sleep(1.5)
        screen.shot().save(folder / f"{name}.png")

    with program(screen, scratch, theme) as runs:
        save("1-start")
        for key, kind, name in RUNS:
            screen.key(key)
            wait_for(f"the end of the {kind}", lambda kind=kind: ended(runs, kind))  # type: ignore[misc]
            save(name)
        screen.key("F8")
        time.sleep(12)
        save("5-compare")
        for number, (key, name) in enumerate((("F9", "settings"), ("shift+F9", "result"))):
            screen.key(key)
            save(f"{6 + number}-{name}-toggled")
    with program(screen, scratch, theme, "--scenarios"):
        save("8-scenarios")


def states(screen: Screen, theme: str, folder: Path) -> bool:
    """Every state and dialog with made-up runs; False where something is cut, which is printed."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/gui/photograph.py"]
    environment = {**screen.environment, "LRGUI_PICTURES": str(folder), "LRGUI_THEME": theme}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def main(sizes: list[str]) -> int:
    """Take all pictures of these sizes."""
    whole = True
    for size in sizes or SIZES:
        pixels, _, scale = size.partition("@")
        width, height = (int(side) for side in pixels.split("x"))
        for theme in ("light", "dark"):
            folder = FOLDER / f"{size}-{theme}"
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as scratch:
                screen = Screen(Path(scratch), (width, height), scale or "1")
                try:
                    whole &= states(screen, theme, folder / "states")
                    journey(screen, Path(scratch) / theme, theme, folder)
                finally:
                    screen.close()
            print(folder.relative_to(ROOT))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main(sys.argv[1:]))
