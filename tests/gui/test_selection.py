"""What is chosen, and steps between choices: back, forth, small ones as one, and a drag as one."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QUndoStack

from lrgui.core.curve.zones import Zones
from lrgui.gui.selection import Choices, ChoiceStep, Selection

ZONES = Zones(1e-6, 1e-3, 1e-1, 1.0)
NONE, ONE, TWO, THREE = (Choices(lr, ZONES) for lr in (None, 1e-3, 2e-3, 3e-3))


@pytest.fixture
def stack(qtbot):
    return QUndoStack()


def test_a_step_goes_both_ways(stack):
    shown: list[Choices] = []
    stack.push(ChoiceStep(shown.append, "pick", NONE, ONE))
    assert shown == [ONE] and stack.undoText() == "pick"
    stack.undo()
    stack.redo()
    assert shown == [ONE, NONE, ONE]


def test_steps_stand_alone(stack):
    shown: list[Choices] = []
    for before, after in ((NONE, ONE), (ONE, TWO)):
        stack.push(ChoiceStep(shown.append, "pick", before, after))
    assert stack.count() == 2
    stack.undo()
    assert shown[-1] == ONE


def test_small_steps_that_follow_each_other_are_one(stack):
    shown: list[Choices] = []
    stack.push(ChoiceStep(shown.append, "pick", NONE, ONE))
    for before, after in ((ONE, TWO), (TWO, THREE)):
        stack.push(ChoiceStep(shown.append, "nudge", before, after, nudge=True))
    assert stack.count() == 2
    stack.undo()
    assert shown[-1] == ONE
    stack.redo()
    assert shown[-1] == THREE


def test_a_choice_can_be_compared_and_not_changed():
    assert Choices(1e-3, ZONES) == ONE != TWO
    with pytest.raises(AttributeError):
        ONE.selection = 1.0  # type: ignore[misc]


def test_a_drag_is_one_step_back_to_where_it_began(stack):
    shown: list[Choices] = []
    chosen = Selection(shown.append, stack, ONE)
    for lr in (1.5e-3, 1.8e-3):
        chosen.preview(selection=lr)
    assert stack.count() == 0 and shown[-1].selection == 1.8e-3
    chosen.commit("pick", "selection", 9.0, 2e-3)  # the plot began elsewhere: its axis does not reach so far
    assert (stack.count(), chosen.now) == (1, TWO)
    stack.undo()
    assert chosen.now == shown[-1] == ONE


def test_a_drag_that_nobody_followed_began_where_the_plot_says(stack):
    chosen = Selection(lambda _choices: None, stack, ONE)
    chosen.commit("pick", "selection", 2e-3, 3e-3)
    stack.undo()
    assert chosen.now == TWO


def test_what_does_not_change_is_no_step(stack):
    chosen = Selection(lambda _choices: None, stack, ONE)
    chosen.change("pick", selection=1e-3)
    assert stack.count() == 0


def test_a_drag_is_forgotten_where_another_curve_begins(stack):
    chosen = Selection(lambda _choices: None, stack, ONE)
    chosen.preview(selection=5e-3)
    chosen.forget_drag()
    chosen.commit("pick", "selection", 2e-3, 3e-3)
    stack.undo()
    assert chosen.now == TWO


def test_a_drag_is_one_from_its_first_move_to_its_end() -> None:
    seen: list[bool] = []
    selection = Selection(lambda _choices: seen.append(selection.dragging), QUndoStack(), Choices(1e-3, None))
    selection.preview(selection=2e-3)
    selection.preview(selection=3e-3)
    assert seen == [True, True] and selection.dragging
    selection.commit("selection", "selection", 1e-3, 3e-3)
    assert seen[-1] is False and not selection.dragging and selection.now.selection == 3e-3
