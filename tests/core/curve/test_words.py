"""What is said beside every curve."""

from __future__ import annotations

from lrgui.core.curve.words import TIPS


def test_the_tips_are_sentences() -> None:
    assert len(TIPS) >= 4
    assert all(tip.endswith(".") for tip in TIPS)
