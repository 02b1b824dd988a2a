"""What columns mean, and the numbers they become."""

from __future__ import annotations

import numpy as np
import pytest

from lrgui.tasks.data.tables.columns import (
    MOST_HOT,
    Category,
    Number,
    encode,
    looks_like_classes,
    mean_and_deviation,
    meaning,
    plain,
)
from lrgui.tasks.data.tables.reading import Column

NAN = float("nan")


def numbers(*values: float, name: str = "n") -> Column:
    return Column(name, np.array(values, float), None)


def words(*cells: str, name: str = "w") -> Column:
    """A column as it is read: numbers as such, "" for nothing."""
    values, codes, known = [], [], {}
    for cell in cells:
        try:
            values.append(float(cell))
            codes.append(0)
        except ValueError:
            values.append(NAN)
            codes.append(known.setdefault(cell, len(known) + 1) if cell else 0)
    return Column(name, np.array(values), np.array(codes, np.int32), tuple(known))


def everything(count: int) -> np.ndarray:
    return np.arange(count)


def test_kinds() -> None:
    assert isinstance(meaning(numbers(1, 2, NAN)), Number)
    assert meaning(numbers(NAN, NAN)) == "empty"
    assert isinstance(meaning(words("a", "b", "")), Category)
    assert meaning(Column("x", np.array([NAN]), None, readable=False)) == "neither numbers nor categories"


def test_a_number_too_large_is_missing() -> None:
    found = meaning(numbers(1, float("inf"), 1e300, 2))
    assert isinstance(found, Number)
    np.testing.assert_equal(found.values, [1, NAN, NAN, 2])


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (("1970-01-02", "1970-01-11", ""), (1, 10, NAN)),
        (("1970-01-02 12:00:00", "1970-01-01T06:00:00Z"), (1.5, 0.25)),
        (("02.01.1970", "31.12.1969"), (1, -1)),
        (("1970/01/03", "1970/01/03"), (2, 2)),
    ],
)
def test_dates_are_days(cells: tuple[str, ...], days: tuple[float, ...]) -> None:
    found = meaning(words(*cells))
    assert isinstance(found, Number)
    np.testing.assert_allclose(found.values, days)


def test_dates_that_can_be_read_in_two_ways_are_words_and_told() -> None:
    column = words("01/02/1970", "01/03/1970", "01/02/1970", "01/03/1970", name="born")
    assert isinstance(meaning(column), Category)
    assert encode([column], everything(4), one_hot=True).notes == (
        "Dates in which day or month may come first were treated as words: born (01/02/1970). "
        "Write them as 2024-12-31 to use them as numbers.",
    )


@pytest.mark.parametrize("name", ["ID", "PassengerId", "user_id", "customer ID", "uuid"])
def test_a_column_that_names_the_rows_is_left_out(name: str) -> None:
    encoded = encode([numbers(7, 3, 9, 100, name=name), numbers(1, 2, 2, 1)], everything(4), one_hot=True)
    assert encoded.notes == (f"Columns left out: {name} (numbers the rows).",)


@pytest.mark.parametrize("name", ["paid", "Grid", "PassengerId of the first"])
def test_a_column_that_only_ends_like_one_stays(name: str) -> None:
    assert encode([numbers(7, 3, 9, 100, name=name)], everything(4), one_hot=True).used == 1


def test_the_index_that_pandas_writes_without_a_name_is_left_out() -> None:
    assert encode([numbers(0, 1, 2, 3, name="column 1")], everything(4), one_hot=True).used == 0
    assert encode([numbers(0, 1, 3, 2, name="column 1")], everything(4), one_hot=True).used == 1
    assert encode([numbers(0, 1, 2, 3, name="t")], everything(4), one_hot=True).used == 1


def test_a_word_among_dates_makes_a_category() -> None:
    assert isinstance(meaning(words("1970-01-02", "soon")), Category)


def test_a_rare_word_among_numbers_is_missing() -> None:
    found = meaning(words(*map(str, range(40)), "oops"))
    assert isinstance(found, Number)
    assert found.words == ("oops",)
    assert np.isnan(found.values[-1]) and found.values[39] == 39


def test_words_for_nothing_among_numbers_are_missing_and_elsewhere_words() -> None:
    found = meaning(words("1", "-", "None", "1"))
    assert isinstance(found, Number)
    np.testing.assert_equal(found.values, [1, NAN, NAN, 1])
    assert found.words == ()
    found = meaning(words("+", "-", "none"))
    assert isinstance(found, Category)
    assert found.words == ("+", "-", "none")


def test_numbers_among_words_are_words() -> None:
    found = meaning(words("1", "2", "A", "1", ""))
    assert isinstance(found, Category)
    assert [found.words[code - 1] if code else "" for code in found.codes] == ["1", "2", "A", "1", ""]


def test_plain_numbers() -> None:
    assert [plain(3.0), plain(2.5), plain(-0.1)] == ["3", "2.5", "-0.1"]


def test_which_numbers_look_like_classes() -> None:
    assert looks_like_classes(np.array([0.0, 1, 1, 0]))
    assert looks_like_classes(np.repeat(np.arange(10.0), 5))
    assert not looks_like_classes(np.arange(10.0))
    assert not looks_like_classes(np.array([0.5, 1, 0.5, 1]))
    assert not looks_like_classes(np.repeat(np.arange(30.0), 10))


def test_numbers_are_standardised_with_the_training_part() -> None:
    column = numbers(1, 3, NAN, 3, 1, 100)
    encoded = encode([column], np.arange(5), one_hot=True)
    assert encoded.inputs.shape == (6, 2)
    part = encoded.inputs[:5, 0]
    assert part.mean() == pytest.approx(0, abs=1e-6) and part.std() == pytest.approx(1, abs=1e-6)
    filled = np.array([1, 3, 2, 3, 1.0])  # the median of 1, 3, 3, 1
    np.testing.assert_allclose(encoded.inputs[:, 0], (np.array([*filled, 100]) - 2) / filled.std(), rtol=1e-6)
    np.testing.assert_equal(encoded.inputs[:, 1], [0, 0, 1, 0, 0, 0])
    assert encoded.notes == ("The column's median replaced missing numbers, and an extra column marks them: n (1).",)


def test_huge_numbers_stay_finite() -> None:
    encoded = encode([numbers(1e90, -1e90, 3e90, 0, 1e99)], np.arange(4), one_hot=True)
    assert np.isfinite(encoded.inputs).all()
    assert encoded.inputs[:4].std() == pytest.approx(1, rel=1e-5)


def test_one_hot() -> None:
    encoded = encode([words("a", "b", "a", "", "c", "a")], np.arange(5), one_hot=True)
    assert encoded.inputs[:5].sum(axis=1).tolist() == [1] * 5
    assert encoded.inputs.shape[1] == 4  # a, b, c and the missing one
    assert encoded.inputs[0].tolist() == encoded.inputs[5].tolist()


def test_a_word_that_no_training_row_has_is_nothing() -> None:
    encoded = encode([words("a", "b", "a", "b", "new")], np.arange(4), one_hot=True)
    assert encoded.inputs[4].tolist() == [0, 0]


def test_rare_words_share_a_column() -> None:
    cells = [f"w{i}" for i in range(40) for _ in range(40 - i)]
    encoded = encode([words(*cells)], everything(len(cells)), one_hot=True)
    assert encoded.inputs.shape[1] == MOST_HOT
    assert (encoded.inputs.sum(axis=1) == 1).all()


def test_embeddings_get_codes_behind_the_numbers() -> None:
    columns = [words("a", "b", "a", "", "new"), numbers(1, 2, 3, 4, 5)]
    encoded = encode(columns, np.arange(4), one_hot=False)
    assert encoded.categories == (4,)
    assert encoded.inputs.shape == (5, 2)
    assert encoded.inputs[:, 1].tolist()[0] == encoded.inputs[2, 1] == 1
    assert encoded.inputs[4, 1] == 0
    assert encoded.inputs[:, 1].max() < 4


def test_what_tells_nothing_is_left_out_and_told() -> None:
    count = 120
    columns = [
        numbers(*range(count), name="id"),
        numbers(*range(count), name="x"),
        numbers(*[7.0] * count, name="seven"),
        words(*["same"] * count, name="same"),
        words(*(f"name {i}" for i in range(count)), name="name"),
        words(*(f"text {i // 1.5}" for i in range(count)), name="text"),
        numbers(*[NAN] * count, name="void"),
    ]
    encoded = encode(columns, everything(count), one_hot=True)
    assert encoded.used == 1
    assert encoded.inputs.shape == (count, 1)
    assert encoded.notes == (
        "Columns left out: id (numbers the rows), seven (always the same), same (always the same), "
        "name (different in every row), text (nearly all different), void (empty).",
    )


def test_mean_and_deviation() -> None:
    assert mean_and_deviation(np.array([2.0, 4.0])) == (3.0, 1.0)
    assert mean_and_deviation(np.array([0.1, 0.1, 0.1])) == (0.1, 0.0)
