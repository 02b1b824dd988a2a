"""The row of arrays in an .npz file. No torch."""

from __future__ import annotations

from lrgui.core.options import Option
from lrgui.tasks.data.tables.model_rows import TABLE_MODELS
from lrgui.tasks.data.tables.rows import KIND, VALIDATION
from lrgui.tasks.models.rows import IMAGE_MODELS
from lrgui.tasks.rows import PathRow, SourceRow

#: Models that take examples of any shape go by the name that they have for tables, all others are for images.
ARRAY_MODELS = {**TABLE_MODELS, **{key: row for key, row in IMAGE_MODELS.items() if key not in TABLE_MODELS}}

ARRAYS = SourceRow(
    key="arrays",
    label="Arrays (NumPy .npz)",
    short="arrays",
    detail="Inputs x and targets y, made with numpy.savez",
    dotted="lrgui.tasks.data.tables.arrays.load",
    models=ARRAY_MODELS,
    train_size=None,
    val_size=None,
    group="Your files",
    path=PathRow("Arrays", "file", "A file made with numpy.savez(file, x=…, y=…)", suffixes=(".npz",)),
    options=(
        Option(
            "x", "Inputs", "text", "", "Name of the array of inputs; empty looks for the usual names", optional=True
        ),
        Option(
            "y", "Targets", "text", "", "Name of the array of targets; empty looks for the usual names", optional=True
        ),
        KIND,
        Option(
            "normalise",
            "Standardise inputs",
            "flag",
            True,
            "Scale to mean 0 and standard deviation 1 over the training examples, per column or image channel",
        ),
        VALIDATION,
    ),
)
