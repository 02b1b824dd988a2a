"""A program that runs by itself is told from a task."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from lrgui.tasks.user.module_syntax import ModuleSyntax
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.own_loop import only_runs, trains_at_import, trains_itself

LOOP = "for x in data:\n    loss(x).backward()\n"
ROLES = "def model():\n    return Net()\ndef train_loader(batch_size):\n    return []\ndef loss(o, t):\n    pass\n"
NEIGHBOUR = "import torch\nx = torch.zeros(1)\ndef net():\n    return Net()\n"


def _module(folder: Path, text: str) -> ModuleSyntax:
    return ModuleSyntax(ast.parse(text), folder / "file.py", folder)


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
    ],
)
def test_by_what_it_calls(tmp_path: Path, text: str, trains: bool) -> None:
    assert trains_itself(_module(tmp_path, text)) == trains


@pytest.mark.parametrize(
    ("text", "trains"),
    [
        (LOOP, True),
        (f"def main():\n    {LOOP.replace(chr(10), chr(10) + '    ')}\nmain()", True),
        ("from loop import train\nif data:\n    train()", True),
        (f"def main():\n    {LOOP.replace(chr(10), chr(10) + '    ')}\nif __name__ == '__main__':\n    main()", False),
        ("class Net:\n    def step(self, loss):\n        loss.backward()", False),
        ("scaler = StandardScaler().fit(x)", False),
        ("def again():\n    again()\nagain()", False),
    ],
)
def test_what_trains_when_it_is_imported(tmp_path: Path, text: str, trains: bool) -> None:
    (tmp_path / "loop.py").write_text("def train():\n    step()\ndef step():\n    loss.backward()\n")
    assert trains_at_import(_module(tmp_path, text)) == trains


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("from train_lib import main\nmain()", True),
        ("from helpers import step\nfor i in range(300):\n    step(net, opt)", True),
        ("from train_lib import main\nif __name__ == '__main__':\n    main()", True),
        ("import train_lib", True),
        ("import torch\ntorch.manual_seed(0)\ndef model():\n    return Net()", False),
        ("import lightning as L\nL.seed_everything(1)\nclass Net(L.LightningModule):\n    pass", False),
        ("import torch\ndef net():\n    return print(1)", False),
        ("'''Only words.'''", False),
    ],
)
def test_what_only_runs(tmp_path: Path, text: str, runs: bool) -> None:
    assert only_runs(_module(tmp_path, text)) == runs


@pytest.mark.parametrize(
    ("text", "program"),
    [
        (f"from neighbour import *\n{LOOP}", True),
        (f"from torch import *\n{LOOP}", True),
        (f"{ROLES}{LOOP}", True),  # to import it would train
        ("from parts import *\nimport torch\ntorch.manual_seed(0)", False),
        ("from somewhere_else import *\ndef model():\n    return Net()", False),
        (f"{ROLES}if __name__ == '__main__':\n    {LOOP.replace(chr(10), chr(10) + '    ')}", False),
    ],
)
def test_in_the_outline(tmp_path: Path, text: str, program: bool) -> None:
    (tmp_path / "neighbour.py").write_text(NEIGHBOUR)
    (tmp_path / "parts.py").write_text(ROLES)
    file = tmp_path / "file.py"
    file.write_text(text)
    assert outline(str(file)).runs_by_itself == program


def test_a_task_that_is_named_is_one(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(f"{ROLES}task = make()\n{LOOP}")
    assert not outline(f"{file}:task").runs_by_itself


def test_star_imports_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from b import *\ndef model():\n    return Net()\n")
    (tmp_path / "b.py").write_text(f"from a import *\n{ROLES}")
    assert outline(str(tmp_path / "a.py")).problem is None
