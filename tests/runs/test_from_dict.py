from __future__ import annotations

from dataclasses import dataclass

import pytest

from lrgui.runs.from_dict import from_plain


@dataclass(frozen=True)
class Inner:
    width: float = 1.0


@dataclass(frozen=True)
class Outer:
    name: str
    count: int = 3
    limit: int | None = None
    on: bool = False
    inner: Inner = Inner()


def test_defaults_unknown_keys_and_harmless_number_forms() -> None:
    assert from_plain(Outer, {"name": "x", "colour": "red"}, "It") == Outer("x")
    data = {"name": "x", "count": 7.0, "limit": 2, "on": True, "inner": {"width": 4}}
    made = from_plain(Outer, data, "It")
    assert made == Outer("x", 7, 2, True, Inner(4.0))
    assert type(made.count) is int and type(made.inner.width) is float


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], "It must be an object with named fields, not []."),
        ({}, "It has no name."),
        ({"name": 3}, "It's name must be a text, not 3."),
        ({"name": "x", "count": 1.5}, "It's count must be an integer, not 1.5."),
        ({"name": "x", "count": True}, "It's count must be an integer, not True."),
        ({"name": "x", "count": None}, "It's count must be an integer, not nothing."),
        ({"name": "x", "limit": "all"}, "It's limit must be an integer or nothing, not 'all'."),
        ({"name": "x", "on": 1}, "It's on must be true or false, not 1."),
        ({"name": "x", "inner": {"width": "wide"}}, "It's inner's width must be a number, not 'wide'."),
        ({"name": "x", "inner": {"width": 10**400}}, "It's inner's width must be a number, not 1000"),
    ],
)
def test_wrong_types_are_told_in_a_sentence(data: object, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        from_plain(Outer, data, "It")
    assert str(caught.value).startswith(sentence)
