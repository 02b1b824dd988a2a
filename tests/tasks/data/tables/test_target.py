"""What a target column asks for."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.tasks.data.tables.reading import Column
from lrgui.tasks.data.tables.target import answers

NAN = float("nan")


def test_words_are_classes_in_the_order_in_which_they_come() -> None:
    codes = np.array([2, 1, 0, 2, 1, 2], np.int32)
    found = answers(Column("kind", np.full(6, NAN), codes, ("b", "a", "never")), "auto", "f.csv")
    assert found.codes is not None
    assert found.known.tolist() == [True, True, False, True, True, True]
    assert found.codes[found.known].tolist() == [1, 0, 1, 0, 1]
    assert (found.classes, found.note) == (("b", "a"), "")


def test_few_whole_numbers_are_classes_in_their_own_order() -> None:
    found = answers(Column("stars", np.array([3.0, 1, 3, 1, 3, NAN]), None), "auto", "f.csv")
    assert found.codes is not None
    assert found.codes[found.known].tolist() == [1, 0, 1, 0, 1]
    assert (found.classes, found.note) == (("1", "3"), "")


def test_other_numbers_are_a_regression() -> None:
    found = answers(Column("price", np.array([1.5, 2.5, NAN, 3, 4, 4]), None), "auto", "f.csv")
    assert found.codes is None
    assert found.values.shape == (6, 1)
    assert found.note == "Target “price” treated as numeric (mean 3, standard deviation 0.9487)."


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_a_person_may_know_better(kind: str) -> None:
    found = answers(Column("n", np.arange(20) / 2 % 5, None), kind, "f.csv")
    assert (found.codes is None) == (kind == "regression")
    assert len(found.classes) == (0 if kind == "regression" else 10)


def test_what_cannot_be_read_is_refused() -> None:
    column = Column("blob", np.full(9, NAN), None, readable=False)
    with pytest.raises(ValueError, match=r"The target column blob of f\.csv cannot be predicted: it is neither"):
        answers(column, "auto", "f.csv")
