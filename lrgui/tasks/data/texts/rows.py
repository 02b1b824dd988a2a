"""The rows of text files and of the models for them. No torch."""

from __future__ import annotations

from lrgui.core.options import Option
from lrgui.tasks.catalog_rows import ModelRow, PathRow, SourceRow, by_key

WIDTH = Option("width", "Width", "whole", 128, "Embedding size of one character", minimum=4, maximum=8192)
DROPOUT = Option(
    "dropout",
    "Dropout",
    "number",
    0.0,
    "Dropout: share of units dropped at random during training",
    minimum=0,
    maximum=0.95,
)

TEXT_MODELS = by_key(
    ModelRow(
        "gru",
        "GRU",
        "GRU",
        "lrgui.tasks.data.texts.models.gru",
        options=(
            WIDTH,
            Option("layers", "Layers", "whole", 1, "Number of stacked GRU layers", minimum=1, maximum=16),
            DROPOUT,
        ),
        detail="A recurrent network that reads character by character",
    ),
    ModelRow(
        "transformer",
        "Small transformer",
        "transformer",
        "lrgui.tasks.data.texts.models.transformer",
        options=(
            WIDTH,
            Option("layers", "Layers", "whole", 2, "Blocks of attention and MLP", minimum=1, maximum=64),
            Option(
                "heads", "Heads", "whole", 4, "Attention heads; the width must be a multiple", minimum=1, maximum=64
            ),
            DROPOUT,
        ),
        detail="A decoder as in GPT: each character looks at those before it",
    ),
)
"""For rows of character numbers, of which the next one is learned."""

TEXT = SourceRow(
    key="text",
    label="Text file",
    short="text",
    detail="Predicts the next character from those before it",
    dotted="lrgui.tasks.data.texts.loading.load",
    models=TEXT_MODELS,
    train_size=None,
    val_size=None,
    group="Your files",
    path=PathRow("Text", "file", "A text file in any language, at least a few thousand characters"),
    options=(
        Option(
            "length", "Sequence length", "whole", 64, "Length of the context in characters", minimum=2, maximum=65_536
        ),
        Option(
            "stride",
            "Stride",
            "whole",
            None,
            "Characters from the start of one sequence to the start of the next; automatic uses the sequence length",
            minimum=1,
            maximum=1_000_000,
            optional=True,
        ),
        Option(
            "level",
            "Characters",
            "choice",
            "all",
            "What counts as one character; bytes work with any file",
            choices=(("all", "All as they are"), ("lower", "Lower case only"), ("bytes", "Bytes")),
        ),
        Option(
            "validation",
            "Validation share",
            "number",
            0.1,
            "Share of the text, from its end, used for validation, 0 to 0.9; 0 for none",
            minimum=0,
            maximum=0.9,
        ),
    ),
    defaults={"optimizer": "adamw", "batch_size": 32},
)
