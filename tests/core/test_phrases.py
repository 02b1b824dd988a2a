"""Names in sentences."""

from __future__ import annotations

import pytest

from lrgui.core.phrases import any_of, first_sentence, listed, with_article


def test_a_few_names_are_listed() -> None:
    assert listed([]) == ""
    assert listed(["a", "b"]) == "a, b"
    assert listed(("a", "b", "c", "d", "e"), 3) == "a, b, c and 2 more"
    assert listed([str(n) for n in range(1234)], 1) == "0 and 1,233 more"


def test_an_article_is_what_the_name_sounds_like() -> None:
    assert [with_article(name) for name in ("list", "int", "OrderedDict")] == ["a list", "an int", "an OrderedDict"]


@pytest.mark.parametrize(
    ("text", "first", "others"),
    [
        ("The middle, 1.5e-1, 2 steps back. Verify it. So.", "The middle, 1.5e-1, 2 steps back.", "Verify it. So."),
        ("One only.", "One only.", ""),
        ("Near avg. minimum. 300 steps are few.", "Near avg. minimum.", "300 steps are few."),
        ("", "", ""),
    ],
)
def test_the_first_sentence_stands_alone(text: str, first: str, others: str) -> None:
    assert first_sentence(text) == (first, others)


@pytest.mark.parametrize(
    ("names", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_any_of_several_will_do(names: list[str], words: str) -> None:
    assert any_of(names) == words
