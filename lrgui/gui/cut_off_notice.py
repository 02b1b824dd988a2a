"""What was going on when the last window went: said once at a start, with a button that goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lrgui import places
from lrgui.core.events import RunKind
from lrgui.gui.background import Background
from lrgui.gui.notice import Notice
from lrgui.gui.resume_places import can_go_on
from lrgui.runs.cut_off import cut_off_since, cut_off_words
from lrgui.runs.remote.whereabouts import whereabouts
from lrgui.runs.summary import RunSummary
from lrgui.studies.known import left_running, left_words, note_running
from lrgui.studies.results import StudyResults

if TYPE_CHECKING:
    from lrgui.gui.window import MainWindow


def tell_cut_off(window: MainWindow, since: float, trouble: str = "") -> None:
    """A run or a study that was going on when the window went, `since` a start last looked for one, is offered.

    There is one place for messages: the `trouble` that the start had is said again before that.
    """
    session = window.session

    def follow(log: Path) -> None:
        session.follow_run(str(log))

    def tell(found: tuple[RunSummary | None, StudyResults | None] | None, _error: Exception | None) -> None:
        run, study = found or (None, None)
        if (run is None and study is None) or session.busy or session.studying:
            return
        if window.runs.sweep is not None or window.runs.visit is not None:
            return
        where = None if run is None else whereabouts(places.runs_folder() / run.file)
        said = [] if run is None else [cut_off_words(run, "" if where is None else where.target)]
        label, tip = "", ""
        act: Callable[[], object] | None = None
        if study is not None:
            note_running(None)  # it is offered once
            said.append(left_words(study))
            label, tip = "Resume", "Measure what is missing"
            act = partial(session.run_study, study.folder, study.rows[0].run.stages[0].job)
        if run is not None:
            path, stays = places.runs_folder() / run.file, "it stays in the list of runs (Ctrl+R)"
            label, tip, act = "Open it", f"Show what it measured; {stays}", partial(session.open_run, path)
            if where is not None:
                label, tip = "Follow", f"Show it, and what it measures from now on; {stays}"
                act = partial(follow, path)
            if run.kind == RunKind.TRAIN and can_go_on(path, run.end)[0]:
                there = "" if where is None else "Follow it if it is still going on there, or "
                label, tip = "Resume", f"{there}{'g' if there else 'G'}o on from its last checkpoint; {stays}"
                act = partial(session.resume, path)
        words = " ".join(filter(None, (*said, session.queue.kept_words)))
        notice = Notice("info", words, action=label, act=act, tip=tip)
        session.noticed.emit(notice.after(trouble) if trouble else notice)

    Background(window).start(lambda _watch: (cut_off_since(places.runs_folder(), since), left_running()), tell)
