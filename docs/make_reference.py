"""Writes the pages of the reference that are made from the code: `python docs/make_reference.py`.

A test compares them with what this gives, so that they cannot fall behind.
"""

from __future__ import annotations

from pathlib import Path

from lrgui.core.config import CycleConfig, LoopConfig, RaceConfig, SweepConfig, TrainConfig
from lrgui.core.options import Option
from lrgui.core.settings import settings_of

PAGES = Path(__file__).parent / "reference"

#: Heading, class, classes whose settings have a table of their own, and what the settings are for.
PARTS: tuple[tuple[str, type, tuple[type, ...], str], ...] = (
    (
        "Sweep",
        SweepConfig,
        (LoopConfig,),
        "`lrgui find`, `lrgui compare`, `lrgui.find_lr`, and the window's *Sweep* card.",
    ),
    ("Training", TrainConfig, (LoopConfig, CycleConfig), "`lrgui train` and the window's *Training* card."),
    ("Race", RaceConfig, (LoopConfig, CycleConfig), "`lrgui verify`, `lrgui.verify` and the window's *Verify* tab."),
    (
        "OneCycle",
        CycleConfig,
        (),
        "The shape of a training's schedule, as in PyTorch's `OneCycleLR`; a race trains with the same.",
    ),
    (
        "Optimizer step",
        LoopConfig,
        (),
        "How one step is made, alike in sweeps, trainings and races: a learning rate holds for the loop with which it "
        "was found. In the window they are on the *Sweep* card.",
    ),
)


def settings_page() -> str:
    """The page of all settings."""
    parts = [
        "# Settings",
        "Every setting of a run: its name in Python and in a task's `defaults`, its option on the command line, its "
        "label in the window.",
    ]
    for heading, cls, apart, words in PARTS:
        elsewhere = {option.name for other in apart for option in settings_of(other)}
        rows = [_row(option) for option in settings_of(cls) if option.name not in elsewhere]
        table = [
            "| name | option | label | meaning | values | unit | default |",
            "|---|---|---|---|---|---|---|",
            *rows,
        ]
        parts += [f"## {heading}", words, "\n".join(table)]
    return "\n\n".join(parts) + "\n"


def _row(option: Option) -> str:
    flag = option.flag or f"--{option.name.replace('_', '-')}"
    cells = (f"`{option.name}`", f"`{flag}`", option.label, f"{option.tip}.", option.range, option.unit)
    return f"| {' | '.join(cells)} | {option.shown(option.default)} |"


def main() -> None:
    """Write all pages."""
    PAGES.mkdir(exist_ok=True)
    (PAGES / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
