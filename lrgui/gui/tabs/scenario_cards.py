"""Cards beside the scenarios: a game of picking, how to read a curve, and what the terms mean."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from lrgui.core.curve.scenarios import Scenario
from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.formats import format_factor
from lrgui.core.learning_rate import format_lr
from lrgui.gui.cards import Card, muted, small_button
from lrgui.gui.labels import with_tabular_figures

ASK = "Double-click the plot (or drag the line) where you would set the learning rate."
READING = (
    "1.  Skip the flat part on the left: these rates train, but very slowly.",
    "2.  Pick a rate in the steep descent, just before the minimum: fast and still stable.",
    "3.  Stay away from the divergence on the right, where each step overshoots.",
)
TERMS = (
    ("Learning rate", "The size of the optimizer's steps. Too small: very slow. Too large: unstable."),
    ("Loss", "One number for how wrong the model is; lower is better."),
    ("Optimal window", "The rates just before the lowest point of the curve: the steepest fall that is still stable."),
    ("Divergence", "Beyond the window the steps overshoot and the loss rises sharply."),
    ("Log axis", "Good rates span several orders of magnitude; only a logarithmic axis shows them all."),
    ("Batch noise", "Each batch is a different sample of the data, so its loss varies; use the smoothed line."),
)


class GameCard(Card):
    """Asks where the person would pick, and compares that with what the rules say."""

    asked = Signal()
    """The answers are to be shown, or hidden again."""

    def __init__(self) -> None:
        super().__init__("Where would you pick?")
        self.question = muted(ASK)
        self.body.addWidget(self.question)
        self.answer = small_button(
            "Reveal the answers", "Show each rule's rate and its distance from yours", self.asked.emit
        )
        self.body.addWidget(self.answer)
        self.answers = QTableWidget(0, 3)
        with_tabular_figures(self.answers)
        self.answers.setHorizontalHeaderLabels(["Rule", "LR", "from yours"])
        self.answers.setAccessibleName("What the rules say")
        self.answers.verticalHeader().hide()
        self.answers.verticalHeader().setDefaultSectionSize(25)
        self.answers.setShowGrid(False)
        self.answers.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.answers.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.answers.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.answers.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.answers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.answers.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self.answers.hide()
        self.body.addWidget(self.answers)

    def show_answers(self, pick: float | None, scenario: Scenario, reading: SweepReading | None) -> None:
        """Say how good the pick is; `reading` has the answers, None while they are not to be seen."""
        self.answer.setText("Reveal the answers" if reading is None else "Hide the answers")
        if pick is None:
            question = ASK
        elif reading is None:
            question = f"You picked {format_lr(pick)}. Now reveal the answers."
        else:
            where = distance(scenario.optimum, pick)
            question = (
                f"You picked {format_lr(pick)}: {verdict(scenario, pick)} "
                f"The lowest point is at {format_lr(scenario.optimum)}, {where}."
            )
        self.question.setText(question)
        self.answers.setVisible(reading is not None)
        if reading is None:
            return
        rows = [("★ recommended", reading.recommendation.lr, reading.recommendation.reason)]
        rows += [(s.label, s.lr, s.reason) for s in reading.suggestions.values()]
        self.answers.setRowCount(len(rows))
        for row, (label, lr, reason) in enumerate(rows):
            texts = (
                label,
                "–" if lr is None else format_lr(lr),
                "" if lr is None or pick is None else distance(lr, pick),
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(reason)
                self.answers.setItem(row, column, item)
        self.answers.setFixedHeight(self.answers.horizontalHeader().sizeHint().height() + 25 * len(rows) + 4)


def lesson_card() -> Card:
    """How to read a curve."""
    card = Card("How to read it")
    for line in READING:
        card.body.addWidget(muted(line))
    return card


def terms_card() -> Card:
    """What the terms mean."""
    card = Card("Terms")
    for term, meaning in TERMS:
        words = muted(f"<b>{term}</b>: {meaning}")
        words.setTextFormat(Qt.TextFormat.RichText)
        card.body.addWidget(words)
    return card


def verdict(scenario: Scenario, pick: float) -> str:
    """What a pick would do, judged by the documented zones and the place of the minimum."""
    zones = scenario.zones
    if pick < zones.low_end:
        return "safe, but slow."
    if pick <= scenario.optimum:
        return "inside the steep descent: well done."
    return "past the minimum, on the edge." if pick <= zones.high_start else "too high, it would diverge."


def distance(lr: float, pick: float) -> str:
    """How far `lr` lies from the pick, as a factor: "×2.1 higher"."""
    factor = lr / pick
    if max(factor, 1 / factor) < 1.05:
        return "the same"
    return f"{format_factor(factor)} higher" if factor > 1 else f"{format_factor(1 / factor)} lower"
