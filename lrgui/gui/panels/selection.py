"""The selected learning rate in large type, and the optimal zone in numbers."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton

from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.curve.words import MEANING
from lrgui.core.events import RunKind, RunState
from lrgui.core.learning_rate import format_lr, parse_lr, same_lr
from lrgui.core.phrases import first_sentence
from lrgui.core.run_settings import TrainSettings
from lrgui.core.settings import settings_of
from lrgui.gui.cards import Card, Fold, muted, small_button
from lrgui.gui.dimming import dim
from lrgui.gui.labels import Steady
from lrgui.gui.range_bar import RangeBar
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.typing_keys import TypingKeys, mark

#: What the rate of a training can be.
_RATE = replace(
    next(option for option in settings_of(TrainSettings) if option.name == "max_lr"), subject="The selected rate"
)

#: One press on − or + in decades.
NUDGE = 0.05

#: A rate this many times beyond the ends of the sweep cannot be selected: nothing is known of it.
FAR = 100.0


class SelectionPanel(Card):
    """Shows and takes the selection and the zone borders as numbers."""

    def __init__(self, session: Session, runs: RunsOnScreen) -> None:
        super().__init__("Selected learning rate")
        self._session, self._runs = session, runs
        self.number = QLineEdit()
        self.number.setObjectName("bigNumber")
        self.number.setAccessibleName("Selected learning rate")
        self.number.setToolTip("Click to type a learning rate, for example 3e-3; Enter selects it")
        self.number.setPlaceholderText("none yet")
        self.number.editingFinished.connect(self._typed)
        self.number.textEdited.connect(self._forget_wrong)
        TypingKeys(self.number)
        self.body.addWidget(self.number)
        self.range = RangeBar()
        self.body.addWidget(self.range)
        self.confidence = Steady()
        self.confidence.setAccessibleName("Confidence")
        self.confidence.setToolTip(MEANING)
        self.body.addWidget(self.confidence)
        self._verdict = muted("Find a learning rate first (F5), or type one.")
        self._verdict.setAccessibleName("Recommendation")
        self.body.addWidget(self._verdict)
        self.holds_for = muted()
        self.holds_for.setAccessibleName("What the recommendation holds for")
        self.holds_for.setToolTip("Another optimizer, batch size or training needs another rate")
        self.body.addWidget(self.holds_for)
        self._more = muted()
        self._more.setAccessibleName("More about the recommendation")
        self._more.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = Fold("Details", self._more, "details")
        self.body.addWidget(self.details)
        self.offer = small_button(
            "", "Select what the sweep recommends", self._take_offer, name="Select the recommendation"
        )
        self.body.addWidget(self.offer)

        self.stale = QLabel()
        self.stale.setObjectName("open")
        self.stale.setWordWrap(True)
        self.stale.setAccessibleName("Estimate for other settings")
        self.take = QPushButton()
        self.take.setObjectName("small")
        self.take.setAccessibleName("Use the estimate")
        self.take.setToolTip("Select the estimate; run a sweep to measure it")
        self.take.clicked.connect(self._take_estimate)
        self.body.addWidget(self.stale)
        self.body.addWidget(self.take)

        self.use = small_button(
            "Use it…",
            "Show code that trains with the selected rate, to copy into your own (Ctrl+Shift+C)",
            lambda: session.wanted.emit("use"),
            name="Use the selected rate in your code",
        )
        self.body.addWidget(self.use)

        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        self._minus = small_button("−", f"Lower by {NUDGE} decades (← on the plot: a hundredth)", name="Lower")
        self._plus = small_button("+", f"Raise by {NUDGE} decades (→ on the plot: a hundredth)", name="Raise")
        self._undo = small_button("Undo", "Undo the last change of selection or zones (Ctrl+Z)")
        self._redo = small_button("Redo", "Redo (Ctrl+Shift+Z)")
        self._minus.clicked.connect(lambda: self._nudge(-NUDGE))
        self._plus.clicked.connect(lambda: self._nudge(NUDGE))
        self._undo.clicked.connect(runs.undo_stack.undo)
        self._redo.clicked.connect(runs.undo_stack.redo)
        for button in (self._minus, self._plus, self._undo, self._redo):
            buttons.addWidget(button, 1)
        self.body.addLayout(buttons)

        zone = QGridLayout()
        zone.setHorizontalSpacing(6)
        words = QLabel("Optimal zone")
        words.setObjectName("fieldName")
        self.low = self._border("Optimal zone from", "Where the too-low zone ends")
        self.high = self._border("Optimal zone to", "Where divergence begins")
        zone.addWidget(words, 0, 0)
        zone.addWidget(self.low, 0, 1)
        zone.addWidget(QLabel("–"), 0, 2)
        zone.addWidget(self.high, 0, 3)
        self.body.addLayout(zone)
        self._note = muted()
        self.body.addWidget(self._note)

        runs.choice_changed.connect(self.refresh)
        session.job_changed.connect(self._show_stale)
        session.code_changed_on_disk.connect(self._show_stale)
        runs.sweep_started.connect(self._show_stale)
        runs.sweep_started.connect(self._show_confidence)
        runs.reading_changed.connect(self.refresh)
        runs.sweep_started.connect(self.refresh)
        session.state_changed.connect(lambda _state: self._show_words())
        session.about_to_run.connect(self._typed)
        runs.undo_stack.indexChanged.connect(self._refresh_undo)
        self.refresh()
        self._refresh_undo()

    def _border(self, name: str, tip: str) -> QLineEdit:
        line = QLineEdit()
        line.setAccessibleName(name)
        line.setToolTip(f"{tip}; drag the border on the plot, or type a number")
        line.editingFinished.connect(self._typed_zone)
        line.textEdited.connect(self._forget_wrong_zone)
        TypingKeys(line)
        return line

    @Slot()
    def refresh(self) -> None:
        """Show what is chosen; it takes the place of what could not be read."""
        session, runs = self._session, self._runs
        session.set_unreadable("train", "selection", "")
        lr, zones = runs.selection, runs.zones
        self._set(self.number, "" if lr is None else format_lr(lr))
        mark(self.number, "empty", lr is None)
        self._set(self.low, "" if zones is None else format_lr(zones.low_end))
        self._set(self.high, "" if zones is None else format_lr(zones.high_start))
        for widget in (self._minus, self._plus):
            widget.setEnabled(lr is not None)
        self.use.setEnabled(lr is not None and not runs.synthetic)
        for line in (self.low, self.high):
            line.setEnabled(zones is not None)
        self._show_note()
        self._show_words()
        self._show_confidence()
        self._show_offer()
        self._show_stale()
        dim(self, runs.waiting and runs.last_reading is not None)
        for part in (self.range, self.confidence, self._verdict, self.holds_for, self.details):
            dim(part, not runs.of_form)  # another task's answer: a rate can be typed for this one

    @Slot()
    def _show_stale(self) -> None:
        """Say that the pick belongs to other settings, and offer what it becomes for the present ones."""
        found = self._session.carried_over()
        self.stale.setVisible(found is not None)
        offered = None if found is None else found.lr
        self.take.setVisible(offered is not None)
        if found is None:
            return
        self.stale.setText(found.reason)
        self.stale.setToolTip(f"An estimate, not a measurement ({found.source})" if found.source else "")
        if offered is None:
            return
        self.take.setText(f"Use the estimate {format_lr(offered)}")
        name = f"Select {format_lr(offered)}, an estimate by {found.source}"
        self.take.setToolTip(f"{name}; a new sweep measures it")
        self.take.setAccessibleName(name)
        self.take.setEnabled(self._runs.selection != offered)

    @Slot()
    def _take_estimate(self) -> None:
        found = self._session.carried_over()
        if found is not None and found.lr is not None:
            self._runs.select(found.lr, by_hand=False)

    @Slot()
    def _take_offer(self) -> None:
        rate = self._runs.offer
        if rate is not None:
            self._runs.select(rate, by_hand=False)

    def _show_offer(self) -> None:
        """The range, what it holds for, and the button that selects what was recommended or guessed."""
        runs, reading, offered = self._runs, self._runs.last_reading, self._runs.offer
        measured = reading is not None and not runs.synthetic
        self.range.show_range(reading.range if reading is not None and measured else None, runs.selection)
        self.holds_for.setText(runs.holds_for if measured else "")
        self.holds_for.setVisible(bool(self.holds_for.text()))
        self.offer.setVisible(offered is not None)
        if offered is None or reading is None:
            return
        guess = reading.recommendation.lr is None
        words = f"Select {format_lr(offered)}, a guess" if guess else f"Select the recommended {format_lr(offered)}"
        self.offer.setText(words)
        self.offer.setAccessibleName(words)
        why = (
            "The curve gives no reliable recommendation: measure around it (F7)"
            if guess
            else "Ctrl+Z brings yours back"
        )
        self.offer.setToolTip(why)
        # Always there, so that nothing jumps while the selection is dragged.
        self.offer.setEnabled(runs.selection is None or not same_lr(runs.selection, offered))

    @Slot()
    def _show_confidence(self) -> None:
        """How far the pick can be relied on, coloured and in words."""
        reading = self._runs.last_reading
        self.confidence.setVisible(reading is not None and not self._runs.synthetic)
        if reading is None:
            return
        from lrgui.core.curve.recommend import confidence_words

        pick = reading.recommendation
        words, style = (
            f"confidence {pick.confidence}" if pick.lr is not None else confidence_words(pick),
            {"high": "good", "medium": "good", "none": "bad"}.get(pick.confidence, "open"),
        )
        if pick.measured and pick.lr is not None:
            words = f"{'derived' if pick.derived else 'measured'} · {words}"
        chosen, said = self._runs.selection, pick.best_guess  # the recommendation, where there is one
        if chosen is not None and (said is None or not same_lr(chosen, said)):
            # It says nothing of a rate that a person chose, or that was there before the sweep.
            words = f"selected by you; recommended: {words}" if pick.lr is not None else f"this sweep: {words}"
            style = "muted" if pick.lr is not None else style
        self.confidence.hold(self._runs.dragging)
        self.confidence.setText(words[:1].upper() + words[1:])
        self.confidence.setToolTip(f"{confidence_words(pick)}: {MEANING}" if pick.lr is not None else pick.reason)
        if self.confidence.objectName() != style:
            self.confidence.setObjectName(style)
            self.confidence.style().unpolish(self.confidence)
            self.confidence.style().polish(self.confidence)

    def _show_words(self) -> None:
        """The reason, in one sentence, and what else is known about the recommendation."""
        says, more = self._say()
        self._verdict.setText(says)
        self._more.setText("\n".join(more))
        self.details.setVisible(bool(more))

    def _say(self) -> tuple[str, list[str]]:
        session, runs = self._session, self._runs
        reading = runs.last_reading
        if reading is None:
            if runs.sweep is not None and session.state != RunState.IDLE and session.kind == RunKind.SWEEP:
                return "The sweep is running.", []
            if runs.selection is not None:
                return "Selected without a sweep on screen: F5 finds a learning rate to compare it with.", []
            return "Find a learning rate first (F5), or type one.", []
        from lrgui.core.curve.recommend import GUESS, confidence_words

        pick = reading.recommendation
        if runs.synthetic:
            words = "Synthetic example: nothing was trained, so there is no confidence, and nothing to train with."
            return words, []
        if pick.lr is None:
            guess = f"{format_lr(pick.best_guess)} is a {GUESS}." if pick.best_guess is not None else ""
            words = " ".join(part for part in (pick.reason, guess, self._maximum_words()) if part)
            return words, [reading.own_words] if reading.own_words else []
        reason, further = first_sentence(pick.reason)
        says = " ".join(part for part in (reason, self._maximum_words()) if part)
        how = f"{confidence_words(pick)}. {MEANING}."
        found = [how[:1].upper() + how[1:], further, reading.both_rates, reading.own_words]
        return says, [words for words in found if words]

    def _maximum_words(self) -> str:
        """Which rate trainings and races here run at, where the selected one is meant for another schedule."""
        lr, plan, job = self._runs.selection, self._runs.plan, self._session.job
        if lr is None:
            return ""
        trained, words = job.train.planned_schedule, list[str]()
        both = trained == ONE_CYCLE and not job.task.is_script
        if not both and not job.task.is_script and plan.differs_from(trained):
            maximum = format_lr(plan.as_trained(lr, trained))
            words.append(f"Train runs {job.train.schedule_words}, with max LR {maximum}.")
        if plan.differs:
            who = "Train and Verify run" if both else "Verify runs"
            words.append(f"{who} OneCycle, whose maximum is then {format_lr(plan.as_one_cycle(lr))}.")
        return " ".join(words)

    @Slot()
    def _refresh_undo(self) -> None:
        stack = self._runs.undo_stack
        self._undo.setEnabled(stack.canUndo())
        self._redo.setEnabled(stack.canRedo())
        self._undo.setToolTip(f"Undo {stack.undoText() or 'the last change of selection or zones'} (Ctrl+Z)")
        self._redo.setToolTip(f"Redo {stack.redoText()} (Ctrl+Shift+Z)".replace("  ", " "))

    @staticmethod
    def _set(line: QLineEdit, text: str) -> None:
        if not (line.isModified() and line.hasFocus()):
            line.setText(text)
            mark(line, "wrong", False)

    @Slot()
    def _typed(self) -> None:
        if not self.number.isModified():
            return
        self.number.setModified(False)
        chosen = self._runs.selection
        if self.number.text() == ("" if chosen is None else format_lr(chosen)):  # it has more digits than are shown
            self.refresh()
            return
        try:
            lr = self._within(parse_lr(self.number.text()))
        except ValueError as error:
            mark(self.number, "wrong", True)
            self._verdict.setText(str(error))
            self._session.set_unreadable("train", "selection", str(error))
            return
        self._runs.select(lr)
        self.refresh()

    @Slot()
    def _forget_wrong(self) -> None:
        """Somebody changes the number that could not be used: nothing is wrong with it until it is read."""
        if self.number.property("wrong"):
            mark(self.number, "wrong", False)
            self._session.set_unreadable("train", "selection", "")
            self._show_words()

    @Slot()
    def _forget_wrong_zone(self) -> None:
        if self.low.property("wrong"):
            for line in (self.low, self.high):
                mark(line, "wrong", False)
            self._show_note()

    def _show_note(self) -> None:
        zones = self._runs.zones
        self._note.setText(zones.note if zones is not None else "")
        self._note.setVisible(bool(self._note.text()))

    def _within(self, lr: float) -> float:
        """The same rate. Raises ValueError, with a sentence, for one that nobody can train with, or that the sweep says
        nothing about."""
        problem = _RATE.problem(lr)
        if problem is not None:
            raise ValueError(str(problem))
        zones = self._runs.zones
        if zones is None or zones.start / FAR <= lr <= zones.end * FAR:
            return lr
        swept = f"{format_lr(zones.start)} to {format_lr(zones.end)}"
        raise ValueError(f"{format_lr(lr)} lies far outside the sweep, {swept}: sweep there first.")

    @Slot()
    def _typed_zone(self) -> None:
        zones = self._runs.zones
        if zones is None or not (self.low.isModified() or self.high.isModified()):
            return
        self.low.setModified(False)
        self.high.setModified(False)
        if self.low.text() == format_lr(zones.low_end) and self.high.text() == format_lr(zones.high_start):
            self.refresh()
            return
        words = f"The lower border must be below the upper, both at least {format_lr(zones.start)}."
        try:
            low, high = (parse_lr(line.text()) for line in (self.low, self.high))
            if zones.start <= low <= high:
                words = ""
                self._within(low)
                self._within(high)
        except ValueError as error:
            words = str(error)
        if words:
            mark(self.low, "wrong", True)
            mark(self.high, "wrong", True)
            self._note.setText(words)
            self._note.show()
            return
        self._runs.set_zones(replace(zones, low_end=low, high_start=high, end=max(zones.end, high)))
        self.refresh()

    def _nudge(self, decades: float) -> None:
        lr = self._runs.selection
        if lr is not None:
            self._runs.select(lr * 10**decades, nudge=True)
