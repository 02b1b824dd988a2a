"""Out of memory: what took it (the data, the model, a batch), and what helps against that."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from lrgui.core.formats import format_bytes
from lrgui.errors.origins import frames_there, original, text_of
from lrgui.errors.traces import PACKAGE

_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory")

#: What numpy and torch say of what they asked for.
_ARRAY = re.compile(
    r"Unable to allocate (?P<size>[\d.]+ \w+) for an array with shape \((?P<shape>[^)]*)\) and data type (?P<dtype>\w+)"
)
_AMOUNT = re.compile(r"[Tt]ried to allocate (?P<size>[\d.,]+ ?\w+)")
#: Units in which they tell amounts, as powers of 1,024.
_UNITS = {"byte": 0, "bytes": 0, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4, "PiB": 5}

#: What the error came in; the sentence about each.
_SENTENCES = {
    "data": (
        "Out of memory while loading the data{amount}. Load part of it, or only what each batch needs "
        '(numpy.load with mmap_mode="r", files opened in __getitem__); the batch size makes no difference here.'
    ),
    "model": "Out of memory while creating the model{amount}. Use a smaller model, or another device.",
    "task": "Out of memory while creating data and model{amount}. Load less of the data, or use a smaller model.",
    "examples": (
        "Out of memory while loading a batch{amount}. Use fewer DataLoader workers, or smaller examples, each loaded "
        "on demand."
    ),
}


def is_out_of_memory(error: BaseException) -> bool:
    """True for an error that says that memory ran out, of the computer or of a device."""
    error = original(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    low = text_of(error).lower()
    return any(words in low for words in _WORDS)


def is_of_batches(error: BaseException) -> bool:
    """True where memory ran out in a training step, so that smaller batches help."""
    return _stage(error) == "batch"


def memory_words(error: BaseException, batch_size: int | None = None, accumulation: int = 1) -> str:
    """The sentence about an error of which `is_out_of_memory` is true.

    `batch_size` is the run's, where it is known; `accumulation` its batches per step.
    """
    stage = _stage(error)
    if stage != "batch":
        return _SENTENCES[stage].replace("{amount}", _amount(text_of(original(error))))
    alike = f" and an accumulation of {2 * accumulation:,} (same effective batch size)"
    if batch_size is None:
        return f"Out of memory. Use half the batch size{alike}, or close other programs."
    if batch_size < 2:
        return "Out of memory even with batches of 1. Use a smaller model, or another device."
    half = f"half the batch size ({batch_size // 2:,}){alike}"
    return f"Out of memory with batches of {batch_size:,}. Use {half}, or another device."


def _stage(error: BaseException) -> str:
    """What was going on: making "data", "model" or the whole "task", loading "examples", or a step with a "batch"."""
    there = original(error)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    files = [Path(frame.f_code.co_filename) for frame in frames]
    ours = {str(file.relative_to(PACKAGE).as_posix()) for file in files if file.is_relative_to(PACKAGE)}
    rest = [*(file.as_posix() for file in files), *(file for file, _ in frames_there(there))]
    layers = any("torch/nn/modules" in file for file in rest)
    if any(name in ours for name in ("tasks/build.py", "tasks/user/code.py")):
        roles = {
            getattr(frame.f_locals.get("part"), "role", "") for frame in frames if frame.f_code.co_name == "made"
        } - {""}
        if "model" in roles or layers or any(name.startswith("tasks/models/") for name in ours):
            return "model"
        own_data = any(
            name.startswith(("tasks/data/images/", "tasks/data/tables/", "tasks/data/texts/")) for name in ours
        )
        if own_data or any("loader" in role for role in roles) or _ARRAY.search(text_of(there)):
            return "data"
        return "task"
    loading = any("torch/utils/data" in file or "torch\\utils\\data" in file for file in rest)
    if loading and not any("collate" in file for file in rest):
        return "examples"
    return "batch"


def _amount(message: str) -> str:
    array = _ARRAY.search(message)
    if array is not None:
        shape = "×".join(f"{int(n):,}" if n.isdigit() else n for n in re.split(r", *", array["shape"].rstrip(", ")))
        return f": an array of {_amount_of(array['size'])} ({shape}, {array['dtype']})"
    found = _AMOUNT.search(message)
    if found is None:
        return ""
    return f": {_amount_of(found['size'])} were requested"


def _amount_of(text: str) -> str:
    """An amount that numpy or torch told, "2.00 GiB" or "4096 bytes", as this program writes it."""
    number, unit = re.fullmatch(r"([\d.,]+) ?(\w+)", text).groups()  # type: ignore[union-attr]
    power = _UNITS.get(unit)
    return text if power is None else format_bytes(float(number.replace(",", "")) * 1024**power)
