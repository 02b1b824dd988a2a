"""Names in sentences."""

from __future__ import annotations

from lrgui.core.phrases import listed, with_article


def test_a_few_names_are_listed() -> None:
    assert listed([]) == ""
    assert listed(["a", "b"]) == "a, b"
    assert listed(("a", "b", "c", "d", "e"), 3) == "a, b, c and 2 more"
    assert listed([str(n) for n in range(1234)], 1) == "0 and 1,233 more"


def test_an_article_is_what_the_name_sounds_like() -> None:
    assert [with_article(name) for name in ("list", "int", "OrderedDict")] == ["a list", "an int", "an OrderedDict"]
