"""Where a training that was kept can go on: here, on the target where it was, on others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu, QPushButton

from lrgui.core.events import EndReason
from lrgui.gui.plain_text import without_mnemonic


def can_go_on(log: Path, end: str | None) -> tuple[bool, bool]:
    """Whether a training that ended so has a state to go on from, and whether it is complete and has one for more
    epochs; of one on a target its states are there."""
    from lrgui.runs.checkpoints import LAST, folder_of, newest
    from lrgui.runs.remote.whereabouts import whereabouts

    if whereabouts(log) is not None:
        return end != EndReason.COMPLETED, end == EndReason.COMPLETED
    last = newest(folder_of(log), LAST)
    return last is not None and not last.over, last is not None and last.over


def resume_places(log: Path) -> list[tuple[str, str]]:
    """What each place is called, and its name for `Session.resume`; the first one is where the run was last."""
    from lrgui.runs.remote.whereabouts import whereabouts
    from lrgui.runs.targets import HERE, TargetsError, load_targets

    where = whereabouts(log)
    usual = HERE if where is None else where.target
    try:
        saved = [
            each.name for each in load_targets() if each.kind not in ("python", "ray") and each.team.size == 1
        ]  # several processes compute sweeps alone
    except TargetsError:
        saved = []
    names = dict.fromkeys([usual, HERE, *saved])
    words = {name: "On this computer" if name == HERE else f"On {name}" for name in names}
    words[usual] += ", where it was"
    return [(words[name], name) for name in names]


def offer_places(button: QPushButton, log: Path | None, act: Callable[[str], object]) -> None:
    """Let the button ask where, if there is a choice; `act` gets the place."""
    before = button.menu()
    button.setMenu(None)  # type: ignore[arg-type]
    if before is not None:
        before.deleteLater()
    places = [] if log is None else resume_places(log)
    button.setText("Resume ▾" if len(places) > 1 else "Resume")
    if len(places) < 2:
        return
    menu = QMenu(button)
    for words, place in places:
        menu.addAction(without_mnemonic(words), partial(act, place))
    button.setMenu(menu)
