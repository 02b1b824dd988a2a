"""Which option of a script sets its rate."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Any

import pytest

from lrgui.script.options import OptionsSeen, with_rate


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[OptionsSeen]:
    monkeypatch.setattr(sys, "argv", ["train.py"])
    watched = OptionsSeen()
    watched.install()
    yield watched
    watched.remove()


def parse(**defaults: Any) -> None:
    parser = argparse.ArgumentParser()
    for name, value in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=value)
    parser.parse_args([])


@pytest.mark.parametrize("name", ["lr", "learning_rate", "base_lr", "max_lr", "rate", "eta", "learningRate", "lr_g"])
def test_what_is_called_like_a_rate(seen: OptionsSeen, name: str) -> None:
    parse(**{name: 0.1, "dropout": 0.1})
    assert seen.setting(0.1) == f"--{name.replace('_', '-')}"
    assert seen.setting(0.2) == ""


@pytest.mark.parametrize(
    "name", ["dropout", "dropout_rate", "momentum", "alpha", "lr_decay", "min_lr", "lr_gamma", "weight_decay", "clr"]
)
def test_a_number_that_happens_to_be_the_same_is_no_rate(seen: OptionsSeen, name: str) -> None:
    parse(**{name: 0.1})
    assert seen.setting(0.1) == ""


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["optimizer.lr=0.1"], "optimizer.lr="),
        (["model.dropout=0.1"], ""),
        (["--learning_rate", "0.1", "--lr-decay", "0.1"], "--learning_rate"),
        (["--opt.base-lr=0.1"], "--opt.base-lr"),
        (["--mixup", "0.1"], ""),
    ],
)
def test_options_as_they_were_typed(
    seen: OptionsSeen, monkeypatch: pytest.MonkeyPatch, words: list[str], option: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", *words])
    assert seen.setting(0.1) == option


@pytest.mark.parametrize("main", [False, True])
def test_what_torch_reads_for_itself_is_not_the_scripts(seen: OptionsSeen, main: bool) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    run = "torch.distributed.run"
    torchs = {"__name__": "__main__" if main else run, "__spec__": ModuleSpec(run, None), "parser": parser}
    exec("parser.parse_args([])", torchs)
    assert seen.setting(0.1) == ""
    parser.parse_args([])
    assert seen.setting(0.1) == "--lr"


def test_a_rate_in_a_command_line() -> None:
    assert with_rate(["--lr", "0.1", "a"], "--lr", "1e-3") == ["--lr", "1e-3", "a"]
    assert with_rate(["optim.lr=0.1"], "optim.lr=", "1e-3") == ["optim.lr=1e-3"]
    assert with_rate([], "--lr", "1e-3") == ["--lr", "1e-3"]
