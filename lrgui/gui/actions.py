"""Everything that the person can do by key or button: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

if TYPE_CHECKING:
    from lrgui.gui.window import MainWindow


@dataclass(frozen=True)
class ActionRow:
    """One action: `run` gets the window."""

    key: str
    text: str
    shortcuts: tuple[str, ...]
    tip: str
    run: Callable[[MainWindow], object]


ACTIONS: tuple[ActionRow, ...] = (
    ActionRow(
        "check",
        "Check task",
        ("F4",),
        "Try one batch of the task, step by step, and say what is wrong with it",
        lambda w: w.workspace.check(),
    ),
    ActionRow("find", "Find learning rate", ("F5",), "Sweep the task and draw its curve", lambda w: w.workspace.find()),
    ActionRow("train", "Train", ("F6",), "Train with the selected learning rate (OneCycle)", lambda w: w.train()),
    ActionRow(
        "verify",
        "Verify",
        ("F7",),
        "Race short trainings at rates around the selected one",
        lambda w: w.workspace.verify(),
    ),
    ActionRow(
        "compare",
        "Compare optimizers",
        ("F8",),
        "Sweep several optimizers on the same task and lay their curves over each other",
        lambda w: w.compare_optimizers(),
    ),
    ActionRow(
        "pause",
        "Pause",
        ("Space",),
        "Hold the run before its next batch, or go on",
        lambda w: w.workspace.toggle_pause(),
    ),
    ActionRow("stop", "Stop", ("Esc",), "End the run; what was measured stays", lambda w: w.workspace.stop()),
    ActionRow(
        "undo",
        "Undo",
        ("Ctrl+Z",),
        "Undo the last change of selection or zones",
        lambda w: w.undo_stack.undo(),
    ),
    ActionRow("redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Do it again", lambda w: w.undo_stack.redo()),
    ActionRow(
        "export",
        "Export …",
        ("Ctrl+E",),
        "Save the annotated picture, the points or the whole run",
        lambda w: w.export_as("png"),
    ),
    ActionRow("open", "Open file …", ("Ctrl+O",), "Open a task, a data file or a run", lambda w: w.opening.open_file()),
    ActionRow(
        "open_folder",
        "Open folder …",
        ("Ctrl+Shift+O",),
        "Train on a folder: images by class, MNIST's files, or one with a task.py",
        lambda w: w.opening.open_folder(),
    ),
    ActionRow(
        "open_run",
        "Open run …",
        ("Ctrl+Shift+R",),
        "Show one of the runs that were kept on disk",
        lambda w: w.open_run(),
    ),
    ActionRow(
        "new", "New task …", ("Ctrl+N",), "Write a commented task file to begin with", lambda w: w.opening.new_task()
    ),
    ActionRow("theme", "Light or dark", ("Ctrl+Shift+D",), "Switch between light and dark", lambda w: w.toggle_theme()),
    ActionRow("shortcuts", "Keyboard shortcuts", ("F1",), "Show all keys", lambda w: w.show_shortcuts()),
)


def make_actions(window: MainWindow) -> dict[str, QAction]:
    """The rows as QActions of `window`, with their keys in the tooltips."""
    actions: dict[str, QAction] = {}
    for row in ACTIONS:
        action = QAction(row.text, window)
        action.setShortcuts([QKeySequence(keys) for keys in row.shortcuts])
        action.setToolTip(f"{row.tip} ({row.shortcuts[0]})")
        action.triggered.connect(lambda _checked=False, run=row.run: run(window))
        window.addAction(action)
        actions[row.key] = action
    return actions


#: Keys that act on the focused plot, for the shortcuts dialog.
PLOT_KEYS: tuple[tuple[str, str], ...] = (
    ("← →", "Move the selection (or the focused zone border) by a hundredth of a decade"),
    ("Shift + ← →", "By a tenth of a decade"),
    ("Ctrl + ← →", "To the next suggestion"),
    ("Tab", "From the selection to the zone borders and on"),
    ("0", "Reset the view"),
    ("Alt or Ctrl + drag", "Drag without snapping to suggestions"),
    ("Double-click", "Select the rate there"),
    ("Wheel", "Zoom; drag on empty space pans"),
)
