from __future__ import annotations

import builtins
import json

import pytest

from lrgui.runs.kept import KeptModules, replaced_words


def test_what_was_replaced_is_put_back_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, before = KeptModules(), json.dumps
    monkeypatch.setattr(json, "dumps", None)
    monkeypatch.setattr(builtins, "print", None)
    monkeypatch.setattr(builtins, "an_addition", 1, raising=False)
    assert kept.put_back() == ["json.dumps"], "a print of one's own is usual"
    assert json.dumps is before and print is not None
    assert kept.put_back() == []


def test_the_sentence_names_the_first_three() -> None:
    assert replaced_words([]) == ""
    assert "replaces Python's own json.dumps" in replaced_words(["json.dumps"])
    assert "replaces Python's own a, b, c and 2 more" in replaced_words(["a", "b", "c", "d", "e"])
