"""Which way a metric goes, by its name."""

from __future__ import annotations

import pytest

from lrgui.core.metrics import higher_is_better


@pytest.mark.parametrize(
    ("name", "higher"),
    [
        ("accuracy", True),
        ("val_acc", True),
        ("MulticlassF1Score", True),
        ("ROC AUC", True),
        ("R2", True),
        ("val/top5", True),
        ("mean_IoU", True),
        ("rmse", False),
        ("val_loss", False),
        ("MeanSquaredError", False),
        ("WER", False),
        ("perplexity", False),
        ("accuracy loss", None),
        ("mapping", None),
        ("metric", None),
        ("", None),
    ],
)
def test_the_words_of_a_name_say_it(name: str, higher: bool | None) -> None:
    assert higher_is_better(name) is higher
