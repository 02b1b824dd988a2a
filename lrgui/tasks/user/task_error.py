"""What is wrong with a task that a person wrote."""

from __future__ import annotations


class TaskError(ValueError):
    """A task that cannot be used: a sentence, with the person's file and the line that it is about."""

    def __init__(self, sentence: str, file: str = "", line: int = 0) -> None:
        super().__init__(sentence)
        self.file = file
        self.line = line
