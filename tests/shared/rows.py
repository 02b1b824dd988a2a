"""A table of cases as one test: to tell a test apart costs pytest several milliseconds, more than most cases take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def each_row(rows: Iterable[tuple[Any, ...]]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """`@each_row([(1, "a"), (2, "b")])` above `def test_x(number, letter)`; the row that fails is shown as arguments.

    For cases of microseconds without fixtures; others are better with `pytest.mark.parametrize`.
    """
    table = list(rows)
    assert table

    def of(check: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            for row in table:
                check(*row)

        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        return test

    return of
