"""Confidence as people read it."""

from __future__ import annotations

from lrgui.core.confidence_words import confidence_words, pick_label
from lrgui.core.recommend import Recommendation


def test_word_and_factor() -> None:
    assert confidence_words(Recommendation(0.1, 0.1, "", "high", 1.414)) == "confidence high · within ×1.4"
    assert confidence_words(Recommendation(0.1, 0.1, "", "low", 12.3)) == "confidence low · within ×12"


def test_without_a_pick_there_is_no_factor() -> None:
    assert confidence_words(Recommendation(None, 0.1, "Why.")) == "no confidence"


def test_a_factor_at_its_limit_says_so() -> None:
    assert confidence_words(Recommendation(0.1, 0.1, "", "low", 1000.0)) == "confidence low · within more than ×1000"


def test_a_guess_is_called_one() -> None:
    assert pick_label(Recommendation(0.1, 0.1, "", "high", 1.4)) == "★ recommended"
    assert pick_label(Recommendation(None, 0.1, "Why.")) == "☆ guess (no confidence)"
    assert pick_label(Recommendation(None, None, "Why.")) == "★ recommended"
