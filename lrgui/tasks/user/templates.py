"""Task files to begin with: commented, and each runs as it is, on data that it makes up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lrgui.resources import resource


@dataclass(frozen=True)
class TemplateRow:
    """One template."""

    key: str
    label: str
    detail: str
    file_name: str
    """In `resources/templates`, and what a new task is called at first."""
    needs: tuple[str, ...] = ()
    """Modules that must be installed beside torch and numpy."""


TEMPLATES: dict[str, TemplateRow] = {
    row.key: row
    for row in (
        TemplateRow(
            "images",
            "Image folder",
            "One sub-folder of pictures for each class, a small convolutional network",
            "image_folder.py",
            ("torchvision",),
        ),
        TemplateRow("table", "Table", "Columns of numbers and categories, a network sized to them", "tabular.py"),
        TemplateRow("text", "Text", "Sentences and their class: words, embeddings, a GRU", "text.py"),
        TemplateRow(
            "loop",
            "Custom loop",
            "A training step of your own: several losses, batches of any kind, your optimizer",
            "custom_loop.py",
        ),
        TemplateRow(
            "huggingface",
            "Hugging Face",
            "A transformers model that computes its loss itself, batches as dictionaries",
            "hugging_face.py",
            ("transformers",),
        ),
        TemplateRow(
            "lightning",
            "Lightning",
            "A LightningModule and its DataModule, as they are",
            "lightning_module.py",
            ("lightning",),
        ),
    )
}


def template_text(key: str, file: str = "") -> str:
    """The text of a template, with the commands for `file`, as a shell wants it (empty: the template's own name).

    Raises KeyError for an unknown one.
    """
    name = TEMPLATES[key].file_name
    text = resource("templates", name).read_text(encoding="utf-8")
    return re.sub(rf"(?m)^((?:Try|Sweep) it: .*){re.escape(name)}$", lambda line: line[1] + (file or name), text)
