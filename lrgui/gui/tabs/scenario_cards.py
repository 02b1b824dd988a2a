"""Cards beside the scenarios: a game of picking, how to read a curve, and what the terms mean."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTableWidget

from lrgui.core.curve.scenarios import Scenario
from lrgui.core.curve.sweep_reading import SweepReading
from lrgui.core.formats import format_factor
from lrgui.core.learning_rate import format_lr
from lrgui.gui.cards import Card, muted, small_button
from lrgui.gui.rate_table import RateTable

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
        self.answers = RateTable(["Rule", "LR", "from yours"], "What the rules say", 25)
        self.answers.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.answers.setFocusPolicy(Qt.FocusPolicy.NoFocus)
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
        said = [("★ recommended", reading.recommendation.lr, reading.recommendation.reason)]
        said += [(s.label, s.lr, s.reason) for s in reading.suggestions.values()]
        rows = []
        for label, lr, reason in said:
            away = "" if lr is None or pick is None else distance(lr, pick)
            rows.append(((label, "–" if lr is None else format_lr(lr), away), reason))
        self.answers.fill(rows)


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
