"""A program that trains by itself is told from a task."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrgui.tasks.user.own_loop import trains_itself


@pytest.mark.parametrize(
    ("text", "trains"),
    [
        ("for x in data:\n    loss(x).backward()", True),
        ("def main():\n    accelerator.backward(loss)", True),
        ("import lightning as L\nL.Trainer().fit(net)", True),
        ("from transformers import Trainer\nTrainer(model).train()", True),
        ("learn.fit_one_cycle(3)", True),
        ("engine = create_supervised_trainer(model, optimizer, loss)", True),
        ("def model():\n    return Net()\ndef train_loader():\n    return []", False),
        ("scaler.transform(x)", False),
        ("broken (", False),
    ],
)
def test_by_what_it_calls(tmp_path: Path, text: str, trains: bool) -> None:
    file = tmp_path / "file.py"
    file.write_text(text)
    assert trains_itself(file) == trains


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert not trains_itself(tmp_path / "none.py")
