"""What is wrong with the person's code: one sentence with the probable cause, and the line it belongs to."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from pathlib import Path

from lrgui.tasks.checks.causes import CAUSES, missing_module
from lrgui.tasks.checks.traces import chain_of, place_of, raised_by_us

_IN_WORKER = re.compile(r"^Caught (\w+) in DataLoader worker process")


@dataclass(frozen=True)
class Diagnosis:
    """An error of the person's code, explained."""

    sentence: str
    """What is wrong, its probable cause and the way out."""
    file: str = ""
    """The person's file; empty where the error has no line of theirs."""
    line: int = 0
    """From 1; 0 where there is no line."""
    known: bool = True
    """False where the sentence only repeats what the error says."""

    @property
    def words(self) -> str:
        """The sentence behind its place: "model.py, line 12: A linear layer wants …"; one that names it has it."""
        if self.file and Path(self.file).name in self.sentence:
            return self.sentence
        return f"{place_words(self.file, self.line)}{self.sentence}"


def diagnose(error: BaseException) -> Diagnosis:
    """Where `error` came from in the person's code, and what it probably means. Never raises."""
    file, line = place_of(error)
    told = _told(error)
    if told is not None:
        return Diagnosis(told, file, line)
    kind, message = kind_and_message(error)
    text = message.splitlines()[0] if message else "no message"
    text = text if len(text) <= 300 else text[:299] + "…"
    return Diagnosis(f"{kind}: {text.rstrip('.')}.", file, line, known=False)


def place_words(file: str, line: int) -> str:
    """What a sentence about a line begins with: "model.py, line 12: "; empty without a file."""
    if not file:
        return ""
    return f"{Path(file).name}, line {line}: " if line else f"{Path(file).name}: "


def kind_and_message(error: BaseException) -> tuple[str, str]:
    """The class and the message of an error; of one in a process that loads batches, those that it had there."""
    text = str(error).strip()
    there = _IN_WORKER.match(text)
    if there is None:
        return type(error).__name__, text
    kind = there[1]
    # The traceback's last line that begins with the class; a message of several lines goes on behind it.
    _, found, message = text.rpartition(f"\n{kind}: ")
    return kind, message.strip() if found else ""


def _told(error: BaseException) -> str | None:
    """The sentence about what is known, None for an error that no row explains."""
    kind, message = kind_and_message(error)
    if raised_by_us(error) and message.endswith((".", "!", "?")):
        return " ".join(message.split())
    own = _of_python(error, kind)
    if own is not None:
        return own
    for part in chain_of(error):
        kind, message = kind_and_message(part)
        for cause in CAUSES:
            sentence = cause.told(kind, message)
            if sentence is not None:
                return sentence
    return None


def _of_python(error: BaseException, kind: str) -> str | None:
    """Sentences about errors that say more in their fields than in their message."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__.replace('Error', ' error')}: {error.msg}."
    if isinstance(error, ModuleNotFoundError):
        return missing_module(error.name or "")
    if isinstance(error, OSError) and error.filename is not None:
        return _file_trouble(error)
    if isinstance(error, SystemExit):
        return _ended(error)
    if kind in ("MemoryError", "OutOfMemoryError"):
        return "The memory is not enough. Use half the batch size, or a smaller model."
    if isinstance(error, RecursionError):
        return "A function calls itself without end: a forward that calls self(x), or a property that asks for itself."
    return None


def _ended(error: SystemExit) -> str:
    frames = traceback.walk_tb(error.__traceback__)
    if any(frame.f_globals.get("__name__") == "argparse" for frame, _ in frames):
        return (
            "The task's code reads a command line, and a task has none: give every argument a default, or make them "
            "arguments of model() and train_loader(), which become fields."
        )
    status = "" if error.code is None else f" (exit status {error.code})"
    return f"The task's code ended the program{status}. Remove its call of exit()."


def _file_trouble(error: OSError) -> str:
    name = error.filename if isinstance(error.filename, str) else str(error.filename)
    if isinstance(error, FileNotFoundError):
        where = "" if Path(name).is_absolute() else f" in {Path.cwd()}"
        return f"There is no file {name}{where}. Correct the path, or put the file there."
    if isinstance(error, PermissionError):
        return f"{name} may not be read: change its permissions, or choose another file."
    return f"{name} cannot be read ({error.strerror or 'no reason given'}): choose another file."
