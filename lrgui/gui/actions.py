"""Everything that the person can do by key or button: one row each."""

from __future__ import annotations

from operator import attrgetter
from typing import NamedTuple

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


class ActionRow(NamedTuple):
    """One action."""

    key: str
    text: str
    shortcuts: tuple[str, ...]
    tip: str
    slot: str
    """What it does: a method of the window or of one of its parts, by its dotted name."""


ACTIONS: tuple[ActionRow, ...] = (
    ActionRow(
        "check",
        "Check task",
        ("F4",),
        "Try one batch of the task, step by step, and report problems",
        "session.check",
    ),
    ActionRow("find", "Find learning rate", ("F5",), "Sweep the task and draw its curve", "session.find"),
    ActionRow("train", "Train", ("F6",), "Train with the selected learning rate", "session.train"),
    ActionRow(
        "verify",
        "Verify",
        ("F7",),
        "Measure the best rate by short trainings around the selected one",
        "session.verify",
    ),
    ActionRow(
        "compare",
        "Compare optimizers",
        ("F8",),
        "Sweep several optimizers on the same task and overlay their curves",
        "compare_optimizers",
    ),
    ActionRow(
        "study",
        "New study…",
        (),
        "Measure a grid of optimizers, batch sizes and seeds in a process beside the window",
        "new_study",
    ),
    ActionRow(
        "candidate",
        "Add as candidate",
        ("Ctrl+Shift+A",),
        "Mark the selected rate as a candidate to train, or remove the mark",
        "runs.toggle_selected_candidate",
    ),
    ActionRow(
        "train_candidates",
        "Train candidates",
        (),
        "Train at each of the marked rates, one after the other",
        "tabs.curve.candidates.train_all",
    ),
    ActionRow(
        "clear_candidates",
        "Clear candidates",
        (),
        "Remove all candidates",
        "runs.clear_candidates",
    ),
    ActionRow(
        "enqueue",
        "Add training to queue",
        ("Ctrl+Shift+Q",),
        "Add the training that is set on the left to the end of the queue",
        "session.enqueue",
    ),
    ActionRow(
        "pause",
        "Pause",
        ("Space",),
        "Pause the run before its next batch, or resume it",
        "session.toggle_pause",
    ),
    ActionRow(
        "stop", "Stop", ("Esc",), "Stop the run, or the study; everything measured so far is kept", "session.stop"
    ),
    ActionRow(
        "finish_epoch",
        "Stop after this epoch",
        ("Shift+Esc",),
        "Stop the training when its epoch is over, with its validation loss",
        "session.finish_epoch",
    ),
    ActionRow(
        "undo",
        "Undo",
        ("Ctrl+Z",),
        "Undo the last change of selection or zones",
        "tabs.undo_stack.undo",
    ),
    ActionRow("redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Redo", "tabs.undo_stack.redo"),
    ActionRow(
        "reset_sweep",
        "Reset sweep settings",
        (),
        "Set the sweep back to its defaults, or to your own from the preferences",
        "reset_sweep",
    ),
    ActionRow(
        "export",
        "Export…",
        ("Ctrl+E",),
        "Save or copy what is on this tab: picture, points, report, notebook or script",
        "exporting.show_dialog",
    ),
    ActionRow("copy", "Copy picture", ("Ctrl+C",), "Copy the picture of this tab", "exporting.copy_picture"),
    ActionRow(
        "use",
        "Use it…",
        ("Ctrl+Shift+C",),
        "Show code that trains with the selected learning rate, to copy into your own",
        "exporting.use_it",
    ),
    ActionRow("open", "Open file…", ("Ctrl+O",), "Open a task, a data file or a run", "opening.open_file"),
    ActionRow(
        "open_folder",
        "Open folder…",
        ("Ctrl+Shift+O",),
        "Open a folder to train on (images by class, MNIST's files, or one with a task.py), or that of a study",
        "opening.open_folder",
    ),
    ActionRow(
        "open_run",
        "Open run…",
        ("Ctrl+Shift+R",),
        "Open a saved run",
        "opening.open_run",
    ),
    ActionRow(
        "follow",
        "Follow a run…",
        ("Ctrl+Shift+L",),
        "Show a run while it is computed elsewhere: by its log’s path, or through ssh",
        "opening.follow_run",
    ),
    ActionRow(
        "runs",
        "Runs",
        ("Ctrl+R",),
        "Show all runs that were kept: search, open, compare or run them again",
        "toggle_runs",
    ),
    ActionRow(
        "use_visited",
        "Use its settings",
        ("Ctrl+Shift+U",),
        "Put the task and settings of the saved run on screen into the form",
        "session.use_visited",
    ),
    ActionRow(
        "back",
        "Back to your own runs",
        ("Alt+Left",),
        "Leave the saved run or the synthetic curve, and show what was here before",
        "session.leave_visit",
    ),
    ActionRow("new", "New task…", ("Ctrl+N",), "Create a commented task file to start from", "opening.new_task"),
    ActionRow("theme", "Toggle dark mode", ("Ctrl+Shift+D",), "Switch between light and dark", "theming.toggle"),
    ActionRow("message", "Last message", (), "Show the last message over the plot again", "banner.recall"),
    ActionRow("left_panel", "Settings panel", ("F9",), "Show or hide the settings to the left", "room.toggle_left"),
    ActionRow(
        "right_panel", "Result panel", ("Shift+F9",), "Show or hide the result to the right", "room.toggle_right"
    ),
    ActionRow(
        "palette",
        "Commands…",
        ("Ctrl+Shift+P",),
        "Search all actions, settings, suggested rates, recent tasks and saved runs by name",
        "helping.palette",
    ),
    ActionRow(
        "preferences",
        "Preferences…",
        ("Ctrl+,",),
        "Theme, number format, notifications, the folder of runs, trackers and other Pythons",
        "helping.preferences",
    ),
    ActionRow("guide", "Guide", ("F1",), "Read the guide, without a network", "helping.guide"),
    ActionRow(
        "shortcuts",
        "Keyboard shortcuts",
        ("Ctrl+/", "Shift+F1"),
        "Show all keyboard shortcuts",
        "helping.shortcuts",
    ),
    ActionRow("about", "About LR Finder", (), "Versions and folders, to copy into a bug report", "helping.about"),
    ActionRow("quit", "Quit", ("Ctrl+Q",), "Close the window; everything is kept", "close"),
)

_LAST = ("preferences", "quit")
#: The menus: the keys of their actions in order, None for a line between them.
MENUS: dict[str, tuple[str | None, ...]] = {
    "&File": (
        "new",
        "open",
        "open_folder",
        "open_run",
        "follow",
        "runs",
        "use_visited",
        "back",
        "recent",
        None,
        "export",
        "copy",
        "use",
        None,
        "preferences",
        "quit",
    ),
    "&Edit": ("undo", "redo", None, "reset_sweep", None, "palette"),
    "&Run": (
        "find",
        "train",
        "verify",
        "compare",
        "study",
        None,
        "candidate",
        "train_candidates",
        "clear_candidates",
        "enqueue",
        None,
        "check",
        None,
        "pause",
        "stop",
        "finish_epoch",
    ),
    "&View": ("tabs", None, "left_panel", "right_panel", None, "message", None, "theme"),
    "&Help": ("guide", "shortcuts", None, "about"),
}


def make_actions(window: QWidget) -> dict[str, QAction]:
    """The rows as QActions of `window`, with their keys in the tooltips."""
    actions: dict[str, QAction] = {}
    for row in ACTIONS:
        action = QAction(row.text, window)
        action.setShortcuts([QKeySequence(keys) for keys in row.shortcuts])
        action.setToolTip(f"{row.tip} ({row.shortcuts[0]})" if row.shortcuts else row.tip)
        # Looked up when it is wanted: parts of the window come later than its actions, and change with the tab.
        action.triggered.connect(lambda _checked=False, slot=attrgetter(row.slot): slot(window)())
        window.addAction(action)
        actions[row.key] = action
    return actions


#: Keys that act on the focused plot, for the shortcuts dialog.
PLOT_KEYS: tuple[tuple[str, str], ...] = (
    ("← →", "Move the selection (or the focused zone or border) by a hundredth of a decade"),
    ("Shift + ← →", "By a tenth of a decade"),
    ("Ctrl + ← →", "To the next suggestion"),
    ("Tab", "To the zone borders, the zones and onward"),
    ("Drag", "Select the rate under the pointer; on a line or a zone's name, move that"),
    ("Drag down or up, then sideways", "Select a range: sweep it, or set it as optimal zone"),
    ("Ctrl + click", "Mark a rate as a candidate to train, or remove its mark"),
    ("Shift + drag", "Zoom to a box"),
    ("Space + drag or middle button", "Move the view"),
    ("Wheel, Ctrl + wheel", "Zoom learning rates, zoom losses"),
    ("0", "Reset the view"),
    ("Alt or Ctrl + drag", "Drag without snapping to suggestions"),
    ("Double-click", "Select the rate there; on an axis, reset the view"),
)
