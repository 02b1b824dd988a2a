"""The question before a window is closed in which something goes on."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from lrgui.core.events import RunKind, RunState
from lrgui.gui.session import Session


def may_close(session: Session, parent: QWidget) -> bool:
    """Whether the window may go: nothing would be lost, or the person agrees."""
    kept = session.kind != RunKind.CHECK
    stopping = session.state == RunState.STOPPING  # the person has already said that it is to end
    watching = session.leaving and session.others  # somebody else's run, of which nothing is lost
    asks = (session.measuring and kept and not stopping and not watching) or session.studying
    return not asks or _agrees(session, parent)


def _agrees(session: Session, parent: QWidget) -> bool:
    """Whether the person wants what goes on to end with the window, or to be left alone where it needs none."""
    box = QMessageBox(parent)
    box.setWindowTitle("LR Finder")
    box.setIcon(QMessageBox.Icon.Question)
    what = "run" if session.measuring or not session.studying else "study"
    if leaving := session.leaving and not session.studying:
        box.setText("The run goes on without this window. Close it?")
        box.setInformativeText("To come back to it, open it in the list of runs (Ctrl+R). To end it, stop it first.")
    else:
        box.setText(f"A {what} is in progress. Stop it and close?")
        box.setInformativeText("Everything measured so far is saved.")
    stop = box.addButton("Close" if leaving else "Stop and close", QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton("Keep open" if leaving else "Keep running", QMessageBox.ButtonRole.RejectRole)

    def ask_again() -> None:
        if not (session.measuring or session.studying):
            box.setText(f"The {what} has ended. Close the window?")
            stop.setText("Close")
            keep.setText("Keep open")

    session.run_ended.connect(ask_again)
    session.study_changed.connect(ask_again)
    box.exec()
    session.run_ended.disconnect(ask_again)
    session.study_changed.disconnect(ask_again)
    # Where the run has ended meanwhile, "Keep running" still means that the window is to stay.
    return box.clickedButton() is stop
