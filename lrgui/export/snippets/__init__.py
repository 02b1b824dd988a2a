"""Code that puts a learning rate to use: one row for each package, script or file that it is for. No torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lrgui.export.snippets.command_lines import nanogpt, timm
from lrgui.export.snippets.facts import Facts, SnippetError, facts_of_call, facts_of_job, facts_of_sweep
from lrgui.export.snippets.pytorch import ignite, lightning, pytorch
from lrgui.export.snippets.task_file import json_text, task_file
from lrgui.export.snippets.trainers import fastai, huggingface, skorch
from lrgui.runs.task_files import visible


@dataclass(frozen=True)
class SnippetRow:
    """One kind of snippet."""

    key: str
    """Also the command line's word for it."""
    label: str
    write: Callable[[Facts], list[str]]
    """The lines. Raises SnippetError, with a sentence, where there is none for these facts."""


SNIPPETS: dict[str, SnippetRow] = {
    row.key: row
    for row in (
        SnippetRow("pytorch", "PyTorch", pytorch),
        SnippetRow("lightning", "Lightning", lightning),
        SnippetRow("huggingface", "Hugging Face Trainer", huggingface),
        SnippetRow("fastai", "fastai", fastai),
        SnippetRow("ignite", "Ignite", ignite),
        SnippetRow("skorch", "skorch", skorch),
        SnippetRow("timm", "timm (train.py)", timm),
        SnippetRow("nanogpt", "nanoGPT (train.py)", nanogpt),
        SnippetRow("task", "My task file", task_file),
        SnippetRow("json", "JSON", json_text),
    )
}


def snippet(facts: Facts, key: str) -> str:
    """The code for `key`, one of `SNIPPETS`, ending in a line end.

    Raises SnippetError, with a sentence, where there is none for these facts, ValueError for an unknown key.
    """
    row = SNIPPETS.get(key)
    if row is None:
        raise ValueError(f"Unknown snippet “{key}”. Choose one of: {', '.join(SNIPPETS)}.")
    # A run file can say anything: what it holds is not to become a line of its own.
    return "".join(visible(line).replace("\n", "\\n") + "\n" for line in row.write(facts))


__all__ = [
    "SNIPPETS",
    "Facts",
    "SnippetError",
    "SnippetRow",
    "facts_of_call",
    "facts_of_job",
    "facts_of_sweep",
    "snippet",
]
