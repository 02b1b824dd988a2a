"""The rows of the task's card. Those of a data set, a model or an optimizer come and go within their groups."""

from __future__ import annotations

from collections.abc import Callable

from lrgui.core.formats import exact_number
from lrgui.core.options import read_number, read_whole
from lrgui.gui.fields import Form
from lrgui.gui.form_choices import AUTOMATIC, device_lines, optimizer_lines, source_lines
from lrgui.gui.form_row import AUTO
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.spec import LABELS

PINNED = {None: "Automatic", True: "Yes", False: "No"}


def fill_main(form: Form, browse: Callable[[], object]) -> None:
    """What everybody sees; `browse` asks for the file or folder."""
    form.add_choice("source", "Data", source_lines(SOURCES), "The data set to train on, or your own code")
    form.add_path("path", "File", "The file or folder to read", browse)
    form.add_text("arguments", "Arguments", str.strip, str, "Arguments after the script's name, such as --epochs 10")
    form.add_group("options")
    form.add_choice("model", "Model", {}, "The network; its weights are fresh unless set to pretrained")
    form.add_group("model_options")
    form.add_choice(
        "optimizer",
        "Optimizer",
        optimizer_lines(None, "", None),
        "The optimizer you train with; a learning rate applies only to it",
    )
    form.add_group("optimizer_options")
    form.add_text(
        "batch_size", "Batch size", read_whole, str, "Examples per step; a learning rate applies only to this size"
    )
    form.add_choice(
        "device",
        "Device",
        device_lines(None, AUTOMATIC.value),
        "Compute device; automatic uses the best available",
    )
    form.add_choice("python", "Python", {"": ""}, "Python interpreter for runs, with its packages")


def fill_more(form: Form) -> None:
    """What most people don't need. The optimizer's own settings are here, but for its name."""
    form.add_group("options")
    form.add_text("momentum", "Momentum", read_number, exact_number, "Momentum of the optimizer; 0 for none")
    form.add_text("weight_decay", "Weight decay", read_number, exact_number, "Shrinks weights towards zero")
    form.add_group("optimizer_options")
    form.add_text(
        "subset",
        LABELS["subset"],
        _subset,
        lambda value: "all" if value is None else str(value),
        "Train on only this many examples from the start, or “all”",
    )
    words = "Processes that load batches; 0 is safest"
    form.add_text("loader_workers", LABELS["loader_workers"], read_whole, str, words)
    form.add_choice(
        "pin_memory",
        LABELS["pin_memory"],
        PINNED,
        "Load batches into page-locked memory, which a CUDA device copies faster; automatic: on for CUDA",
    )
    form.add_text(
        "threads",
        "Threads",
        _threads,
        lambda value: AUTO if value is None else str(value),
        "CPU threads; “auto” leaves one core for the window",
    )
    form.add_text(
        "arguments", "Arguments", str.strip, str, "Command-line arguments (sys.argv) for your code, such as --scale 2"
    )
    form.add_text("seed", "Seed", read_whole, str, "Seed of weights and batches")


def _subset(text: str) -> int | None:
    return None if text.strip().lower() in ("", "all") else read_whole(text)


def _threads(text: str) -> int | None:
    return None if text.strip().lower() in ("", AUTO) else read_whole(text)
