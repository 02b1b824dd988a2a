"""The data sources on offer: rows with dotted names, so that this file needs no torch.

It stands above the rows of all folders, which are made of the classes in `catalog_rows.py`.
"""

from __future__ import annotations

from lrgui.tasks.catalog_rows import SourceRow
from lrgui.tasks.data.images.rows import IMAGE_FOLDER, IMAGE_SETS
from lrgui.tasks.data.tables.rows import ARRAYS, BREAST_CANCER, DIABETES, TABLE
from lrgui.tasks.data.texts.rows import TEXT
from lrgui.tasks.models.rows import IMAGE_MODELS
from lrgui.tasks.user.rows import USER_SCRIPT, USER_TASK

DIGITS = SourceRow(
    key="digits",
    label="Digits",
    short="digits",
    detail="1,797 images 8×8 · 10 classes",
    dotted="lrgui.tasks.data.digits.load",
    models=IMAGE_MODELS,
    train_size=1347,
    val_size=450,
    defaults={"batch_size": 64, "subset": None},
)

#: Those of a group stand together, in the order of `catalog_rows.GROUPS`.
SOURCES: dict[str, SourceRow] = {
    row.key: row
    for row in (
        DIGITS,
        BREAST_CANCER,
        DIABETES,
        USER_TASK,
        USER_SCRIPT,
        IMAGE_FOLDER,
        TABLE,
        TEXT,
        ARRAYS,
        *IMAGE_SETS,
    )
}
