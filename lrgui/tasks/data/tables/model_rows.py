"""The models on offer for tables: rows with dotted names, no torch."""

from __future__ import annotations

from lrgui.core.options import Option
from lrgui.tasks.catalog_rows import ModelRow, by_key

TABLE_MODELS = by_key(
    ModelRow(
        "mlp",
        "MLP",
        "MLP",
        "lrgui.tasks.data.tables.models.mlp",
        options=(
            Option(
                "width",
                "Width",
                "whole",
                None,
                "Units in each hidden layer; automatic depends on rows, columns and classes",
                minimum=1,
                maximum=65_536,
                optional=True,
            ),
            Option(
                "depth",
                "Hidden layers",
                "whole",
                None,
                "0 is a linear model; automatic is 2, and 3 from 20,000 rows on",
                minimum=0,
                maximum=64,
                optional=True,
            ),
            Option(
                "dropout",
                "Dropout",
                "number",
                0.0,
                "Dropout: share of each hidden layer's units dropped at random during training",
                minimum=0,
                maximum=0.95,
            ),
        ),
        detail="Linear layers with ReLU between them; inputs of any shape are flattened",
    ),
    ModelRow(
        "linear",
        "Linear model",
        "linear",
        "lrgui.tasks.data.tables.models.linear",
        detail="One linear layer: logistic or linear regression",
    ),
)
"""For examples that are flattened into one row of numbers."""
