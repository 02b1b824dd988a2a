"""The line at the bottom: what goes on in words, how far, how fast, how long it still takes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from lrgui.core.events import EndEvent, EndReason, RunKind, RunState
from lrgui.core.formats import format_bytes, format_estimate, format_figure
from lrgui.gui.labels import with_tabular_figures
from lrgui.gui.session import Session

#: What it says where there is nothing to be said.
READY = "Ready"
#: Text changes this often, so that it can be read.
REFRESH_MS = 250
#: The memory of the process that waits for the next run is looked at this often.
SPARE_MS = 3000
SPARE_TIP = (
    "A process with PyTorch loaded is ready, so the next run starts at once. It ends after ten minutes without a run."
)


class Elided(QLabel):
    """A line of text that ends in … where there is no room for all of it, or has that in its middle; its tooltip has it
    all."""

    def __init__(self, text: str = "", where: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(text)
        self._where = where
        self._shorter = text

    def setText(self, text: str, shorter: str = "", whole: str = "") -> None:
        """Show `text`, or `shorter` where that has no room; `whole` is what the tooltip says, where that is more."""
        self._shorter = shorter or text
        super().setText(text)
        self.setToolTip(whole or text)

    @property
    def shown(self) -> str:
        """What there is room for."""
        fits = self.fontMetrics().horizontalAdvance(self.text()) <= self.width()
        return self.fontMetrics().elidedText(self.text() if fits else self._shorter, self._where, self.width())

    def minimumSizeHint(self) -> QSize:
        """It gives way to everything else."""
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        self.style().drawItemText(
            painter, self.rect(), int(self.alignment()), self.palette(), True, self.shown, self.foregroundRole()
        )


class StatusLine(QWidget):
    """Follows the session four times a second while something goes on."""

    progressed = Signal(float)
    """How far the run is, 0 to 1, where that is known; negative once none goes on."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(12)
        self.text = Elided(READY)
        self.text.setObjectName("status")
        self.text.setAccessibleName("Status")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(220)
        self.bar.setAccessibleName("Progress")
        self.bar.hide()
        self.cursor_text = QLabel()
        self.cursor_text.setObjectName("cursor")
        self.cursor_text.setAccessibleName("Under the pointer")
        for label in (self.text, self.cursor_text):
            with_tabular_figures(label)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.cursor_text)
        layout.addWidget(self.bar)
        self.spare_text = QLabel("Engine ready")
        self.spare_text.setObjectName("muted")
        self.spare_text.setAccessibleName("Engine")
        self.spare_text.setToolTip(SPARE_TIP)
        self.spare_text.hide()
        layout.addWidget(self.spare_text)
        self._spare_memory: Callable[[], int | None] = lambda: None
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._stopping = False
        session.state_changed.connect(self._on_state)
        session.run_ended.connect(self._on_ended)
        session.study_changed.connect(self._on_study)
        session.code_changed_on_disk.connect(self._on_code_saved)
        session.runs.visit_changed.connect(self._on_visit)

    @Slot(str)
    def _on_state(self, state: str) -> None:
        if state != RunState.IDLE:
            self._stopping = state == RunState.STOPPING
        if state == RunState.IDLE:
            self._timer.stop()
            self._show_idle()
        else:
            self._timer.start()
            self.refresh()

    def _show_idle(self) -> None:
        """No run goes on: the bar shows how far a study is, where one does."""
        far = self._session.study_process.far if self._session.studying else None
        self.bar.setVisible(self._session.studying)
        if far is None:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, far[1])
            self.bar.setValue(far[0])
        self.progressed.emit(-1.0 if far is None else far[0] / far[1])

    @Slot()
    def _on_study(self) -> None:
        """Say how far the study is; what a run says of itself comes first."""
        if self._session.state == RunState.IDLE:
            self.text.setText(self._session.study_process.words)
            self._show_idle()

    @Slot()
    def _on_code_saved(self) -> None:
        code = self._session.tasks.code
        if self._session.state == RunState.IDLE and code.file is not None:
            now = f"{code.file.name} was saved"
            self.text.setText(f"{now}. {code.problem}" if code.problem else f"{now} and will be used for the next run.")

    @Slot()
    def _on_visit(self) -> None:
        """What was said of a run that is left is over; what is shown instead says how it ended next."""
        if self._session.runs.visit is None and self._session.state == RunState.IDLE:
            self.text.setText(self._session.study_process.words or READY)

    @Slot(object)
    def _on_ended(self, end: EndEvent) -> None:
        from lrgui.runs.words import ENDS, VERBS, end_words

        asked = end.reason == EndReason.KILLED and self._stopping  # by force, where nothing else helped
        self._stopping = False
        if self._session.runs.synthetic and self._session.kind == RunKind.SWEEP:  # nothing was swept
            self.text.setText(end.detail)
            return
        record, kind = self._session.record, self._session.kind
        has_none = record is not None and record.end is None  # a log that is open yet, or was cut off
        reason = EndReason.CANCELLED if asked else end.reason
        headed = kind == RunKind.TRAIN and record is not None and not record.epochs  # its tab says it above the plot
        if not has_none and (self._session.end_told or headed):
            self.text.setText(f"{VERBS[kind]} {end_words(kind, reason)}", whole=end.detail)
            return
        # None where the sentence says it all.
        how = None if has_none else ENDS.get(reason)
        self.text.setText(_said_once(VERBS[self._session.kind], how, end.detail) if how else end.detail)

    @Slot()
    def refresh(self) -> None:
        """Say what goes on now."""
        session, record = self._session, self._session.record
        if record is None:
            return
        from lrgui.runs.epochs import examples_per_step
        from lrgui.runs.words import VERBS

        verb = VERBS[session.kind]
        total = record.all_steps
        done = len(record.loss)
        if session.state == RunState.STARTING or not total:
            checking = session.kind == RunKind.CHECK
            what = f"Checking {session.job.task.title}" if checking else verb
            doing = "stopping" if self._stopping else record.state_detail or ("" if checking else "starting")
            self.text.setText(" · ".join(words for words in (what, doing) if words) + " …")
            self.bar.setRange(0, 0)
            self.bar.show()
            return
        seconds = float(record.seconds[-1]) if done else 0.0
        words = [verb, f"step {done:,} of {total:,}"]
        sweeps, count = session.runs.several(session.kind)
        if sweeps is not None and count > 1:
            words[0] = f"{verb} {len(sweeps.all)} of {count}"
            words[1] = f"step {len(sweeps.last):,} of {total:,}"
            done, total = len(sweeps), total * count
            seconds = sweeps.seconds
        if session.state == RunState.PAUSED:
            words.append("paused, press Space to resume")
        elif session.state == RunState.STOPPING:
            words.append("stopping…")
        elif done > 3 and seconds > 0:
            speed = done / seconds
            words.append(f"{format_figure(speed)} it/s")
            if session.kind == RunKind.TRAIN and (examples := examples_per_step(session.runs.training_job, record)):
                words.append(f"{format_figure(speed * examples)} examples/s")
            words += [f"{format_estimate((total - done) / speed)} left"]
        self.text.setText(" · ".join(words))
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.bar.show()
        self.progressed.emit(done / total)

    def watch_spare(self, memory: Callable[[], int | None]) -> None:
        """Show what the process that waits for the next run costs: `memory` tells its bytes, or None."""
        self._spare_memory = memory
        timer = QTimer(self, interval=SPARE_MS)
        timer.timeout.connect(self.refresh_spare)
        timer.start()

    @Slot()
    def refresh_spare(self) -> None:
        """Say how much memory the waiting process takes now."""
        size = self._spare_memory()
        self.spare_text.setVisible(size is not None)
        if size is not None:
            self.spare_text.setToolTip(f"{SPARE_TIP} It takes {format_bytes(size)} of memory.")

    @Slot(str)
    def show_cursor(self, text: str) -> None:
        """Say what stands under the pointer."""
        if bool(text) != bool(self.cursor_text.text()):
            keeps = self.bar.sizePolicy()  # nothing beside it moves when a run begins or ends; else the words have room
            keeps.setRetainSizeWhenHidden(bool(text))
            self.bar.setSizePolicy(keeps)
        self.cursor_text.setText(text)


def _said_once(what: str, how: str, detail: str) -> str:
    """How a run ended, and the sentence on it, which may begin with the same word: "Training stopped after epoch 2"."""
    again = detail.casefold().startswith(how)
    return f"{what} {detail[:1].lower()}{detail[1:]}" if again else f"{what} {how} · {detail}"
