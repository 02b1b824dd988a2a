"""Which actions can be used now."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction, QUndoStack

from lrgui.core.events import RunKind, RunState
from lrgui.gui.session import Session
from lrgui.gui.tool_row import NOT_OF_SCRIPTS


def enable_actions(actions: Mapping[str, QAction], session: Session, undo_stack: QUndoStack) -> None:
    """Switch the actions on or off as the session is; `undo_stack` is that of the tab in sight."""
    runs = session.runs
    state = session.state
    idle = state == RunState.IDLE
    actions["find"].setEnabled(idle)
    actions["reset_sweep"].setEnabled(idle)
    measured = not runs.synthetic
    for key in ("train", "verify"):
        actions[key].setEnabled(idle and measured)
    script = session.job.task.is_script
    for key in NOT_OF_SCRIPTS:
        actions[key].setEnabled(idle and not script)
    actions["enqueue"].setEnabled(not script and measured)  # it waits while another one trains
    actions["candidate"].setEnabled(not script and measured and runs.selection is not None)
    marked = bool(runs.candidates)
    actions["train_candidates"].setEnabled(not script and marked)
    actions["clear_candidates"].setEnabled(marked)
    actions["pause"].setEnabled(state in (RunState.RUNNING, RunState.PAUSED))
    going = state in (RunState.STARTING, RunState.RUNNING, RunState.PAUSED)
    actions["stop"].setEnabled(going or (idle and session.can_stop_study))
    trains = session.kind == RunKind.TRAIN and not script
    actions["finish_epoch"].setEnabled(trains and state in (RunState.RUNNING, RunState.PAUSED))
    actions["undo"].setEnabled(undo_stack.canUndo())
    actions["redo"].setEnabled(undo_stack.canRedo())
    actions["use"].setEnabled(measured and runs.selection is not None)
    visit = runs.visit
    actions["use_visited"].setEnabled(idle and visit is not None and visit.settings_wait)
    actions["back"].setEnabled(idle and visit is not None)
    for key in ("open", "open_folder", "open_run", "follow", "new"):
        actions[key].setEnabled(idle)
