"""Which folds are open: kept with the settings."""

from __future__ import annotations


class OpenFolds:
    """The keys of open folds, in a list that belongs to the settings of the window that was made last."""

    def __init__(self) -> None:
        self._kept: list[str] = []

    def keep_in(self, kept: list[str]) -> None:
        """Look there from now on, and note changes there."""
        self._kept = kept

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def note(self, key: str, shown: bool) -> None:
        """The person opened or folded it."""
        if shown and key not in self._kept:
            self._kept.append(key)
        elif not shown and key in self._kept:
            self._kept.remove(key)


OPEN_FOLDS = OpenFolds()
