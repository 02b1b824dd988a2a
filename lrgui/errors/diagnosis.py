"""What is wrong with the person's code: one sentence with the probable cause, and the line it belongs to."""

from __future__ import annotations

import errno
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lrgui.errors.causes import CAUSES
from lrgui.errors.causes.files import too_many_files
from lrgui.errors.causes.loader_workers import is_loader_death
from lrgui.errors.missing_modules import missing_module
from lrgui.errors.origins import chain_of, death_words, original, text_of
from lrgui.errors.out_of_memory import is_out_of_memory, memory_words
from lrgui.errors.traces import place_of, raised_by_us

_NO_MODULE = re.compile(r"No module named '([\w.]+)'")


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
    error = original(error)
    file, line = ("", 0) if is_loader_death(error) else place_of(error)
    told = _told(error)
    if told is not None:
        return Diagnosis(told, file, line)
    return Diagnosis(f"{type(error).__name__}: {message_line(error).rstrip('.')}.", file, line, known=False)


def message_line(error: BaseException) -> str:
    """The first line of an error's message, cut where it is long; "no message" where there is none."""
    lines = text_of(original(error)).splitlines()
    text = lines[0] if lines else "no message"
    return text if len(text) <= 300 else text[:299] + "…"


def place_words(file: str, line: int) -> str:
    """What a sentence about a line begins with: "model.py, line 12: "; empty without a file."""
    if not file:
        return ""
    return f"{Path(file).name}, line {line}: " if line else f"{Path(file).name}: "


def kind_and_message(error: BaseException) -> tuple[str, str]:
    """The class and the message of an error; of one in a process that loads batches, those that it had there."""
    there = original(error)
    return type(there).__name__, text_of(there)


def _told(error: BaseException) -> str | None:
    """The sentence about what is known, None for an error that no row explains."""
    kind, message = kind_and_message(error)
    if raised_by_us(error) and message.endswith((".", "!", "?")):
        return " ".join(message.split())
    if is_loader_death(error):
        message = death_words(error)
        return next((words for cause in CAUSES if (words := cause.told("RuntimeError", message))), None)
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
        named = _NO_MODULE.match(text_of(error))
        name = error.name or (named[1] if named else "")
        return (
            missing_module(name) if name else None
        )  # one that a package raises itself says what to do in its own words
    if isinstance(error, OSError) and error.filename is not None:
        return _file_trouble(error)
    if isinstance(error, SystemExit):
        return _ended(error)
    if is_out_of_memory(error):
        return memory_words(error)
    if isinstance(error, KeyboardInterrupt):
        return "The run was interrupted, by a signal from outside (SIGINT) or by code that raises KeyboardInterrupt."
    if isinstance(error, RecursionError):
        return (
            "A function calls itself endlessly, for example a forward that calls self(x), or a property that reads "
            "itself."
        )
    return None


def _ended(error: SystemExit) -> str:
    frames = traceback.walk_tb(error.__traceback__)
    if any(frame.f_globals.get("__name__") == "argparse" for frame, _ in frames):
        return (
            "The task's code parses a command line: pass its arguments (after “--” on the command line, under "
            "Arguments in the window), or give each a default."
        )
    if error.code is None or isinstance(error.code, int):
        status = "" if error.code is None else f" (exit status {int(error.code)})"
        return f"The task's code ended the program{status}. Remove its call of exit()."
    return f"The task's code ended the program: {message_line(error).rstrip('.')}. Remove its call of exit()."


def _file_trouble(error: OSError) -> str:
    name = error.filename if isinstance(error.filename, str) else str(error.filename)
    if error.errno == errno.ENOSPC:
        return f"{name} cannot be written: the disk is full. Free some space, or write to another disk."
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return too_many_files()
    if isinstance(error, FileNotFoundError):
        where = "" if Path(name).is_absolute() else f" in {_current_folder()}"
        return f"There is no file {name}{where}. Correct the path, or put the file there."
    if isinstance(error, PermissionError):
        return f"{name} cannot be read (permission denied): change its permissions, or choose another file."
    return f"{name} cannot be read ({error.strerror or 'no reason given'}): choose another file."


def _current_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "the current folder, which was deleted"


@contextmanager
def explaining() -> Iterator[None]:
    """Inside, the caller's exceptions get such a note."""
    try:
        yield
    except Exception as error:
        explain_in(error)
        raise


def explain_in(error: BaseException) -> None:
    """Add to `error` a note with its probable cause, where one is known; Python 3.10 has no notes and prints it."""
    if raised_by_us(error):
        return  # it is such a sentence itself
    found = diagnose(error)
    note = f"LR Finder: {found.sentence}"
    if not found.known or note in getattr(error, "__notes__", ()):
        return
    if sys.version_info >= (3, 11):
        error.add_note(note)
    else:
        print(note, file=sys.stderr)
