"""The rows of tables and arrays: the person's own, and two tables that come with the program. No torch."""

from __future__ import annotations

from lrgui.core.options import Option
from lrgui.tasks.catalog_rows import PathRow, SourceRow
from lrgui.tasks.data.tables.formats import PARQUET, SEPARATORS
from lrgui.tasks.data.tables.model_rows import TABLE_MODELS
from lrgui.tasks.models.rows import IMAGE_MODELS

KIND = Option(
    "kind",
    "Kind",
    "choice",
    "auto",
    "Whether the target is a class or a number; automatic decides by its values",
    choices=(("auto", "Automatic"), ("classification", "Classification"), ("regression", "Regression")),
)
VALIDATION = Option(
    "validation",
    "Validation share",
    "number",
    0.2,
    "Share of the rows used for validation, 0 to 0.9; 0 for none",
    minimum=0,
    maximum=0.9,
)

BREAST_CANCER = SourceRow(
    key="breast_cancer",
    label="Breast cancer",
    short="breast cancer",
    detail="569 rows, 30 columns · 2 classes",
    dotted="lrgui.tasks.data.tables.loading.load_breast_cancer",
    models=TABLE_MODELS,
    train_size=427,
    val_size=142,
    defaults={"batch_size": 32},
)
DIABETES = SourceRow(
    key="diabetes",
    label="Diabetes",
    short="diabetes",
    detail="442 rows, 10 columns · regression",
    dotted="lrgui.tasks.data.tables.loading.load_diabetes",
    models=TABLE_MODELS,
    train_size=332,
    val_size=110,
    defaults={"batch_size": 32},
)
TABLE = SourceRow(
    key="table",
    label="Table (CSV, Parquet)",
    short="table",
    detail="Rows and columns; one column is predicted from the others",
    dotted="lrgui.tasks.data.tables.loading.load",
    models=TABLE_MODELS,
    train_size=None,
    val_size=None,
    group="Your files",
    path=PathRow(
        "Table",
        "file",
        "A text file with one row per line, or a Parquet file",
        suffixes=(".csv", ".tsv", ".tab", ".txt", ".data", ".csv.gz", ".tsv.gz", *PARQUET),
    ),
    needs=("pandas",),
    options=(
        Option("target", "Target column", "text", "", "The column to predict; empty uses the last one", optional=True),
        KIND,
        Option(
            "categories",
            "Categories",
            "choice",
            "one-hot",
            "One-hot gives each word a column; an embedding learns a vector for each, better for many words",
            choices=(("one-hot", "One-hot"), ("embedding", "Embedding")),
        ),
        VALIDATION,
        Option(
            "separator",
            "Separator",
            "choice",
            "auto",
            "The character between cells; automatic detects it",
            choices=(("auto", "Automatic"), *((key, key) for key in SEPARATORS)),
            rare=True,
        ),
        Option(
            "header",
            "Names in first row",
            "choice",
            "auto",
            "Whether the first row names the columns; automatic detects it",
            choices=(("auto", "Automatic"), ("yes", "Yes"), ("no", "No")),
            rare=True,
        ),
    ),
)


#: Models that take examples of any shape go by the name that they have for tables, all others are for images.
ARRAY_MODELS = {**TABLE_MODELS, **{key: row for key, row in IMAGE_MODELS.items() if key not in TABLE_MODELS}}

ARRAYS = SourceRow(
    key="arrays",
    label="Arrays (NumPy .npz)",
    short="arrays",
    detail="Inputs x and targets y, saved with numpy.savez",
    dotted="lrgui.tasks.data.tables.arrays.load",
    models=ARRAY_MODELS,
    train_size=None,
    val_size=None,
    group="Your files",
    path=PathRow("Arrays", "file", "A file saved with numpy.savez(file, x=…, y=…)", suffixes=(".npz",)),
    options=(
        Option("x", "Inputs", "text", "", "Name of the input array; empty tries the usual names", optional=True),
        Option("y", "Targets", "text", "", "Name of the target array; empty tries the usual names", optional=True),
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
