"""What is common to all snippets; those for LR Finder's own task files and for programs."""

from __future__ import annotations

import ast
import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from snippet_facts import LR, event, facts, planned

from lrgui.core.learning_rate import format_lr
from lrgui.export.snippets import SNIPPETS, Facts, SnippetError, facts_of_job, snippet
from lrgui.export.snippets.code import literal, rate
from lrgui.runs.defaults import apply_defaults
from lrgui.runs.job import Job, switched
from lrgui.runs.record import Record
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.rows import OWN, TASK


def test_the_task_file_opens_with_the_rate(tmp_path: Path) -> None:
    file = tmp_path / "my task.py"
    body = "import torch\ndef model(): return torch.nn.Linear(4, 2)\ndef train_loader(batch_size): return []\n"
    body += "def loss(output, target): return output.mean()\n"
    body += "def optimizer(params, lr):\n    return torch.optim.Adam(params)\n"
    file.write_text(body + 'defaults = {"batch_size": 16, "max_lr": 1e-5, "device": "cpu"}\n')
    job = switched(Job(), TASK, str(file))
    text = snippet(facts_of_job(LR, job, None), "task")
    assert str(file) in text
    assert "line 5" in text
    file.write_text(f"{body}{text}")
    found = outline(str(file))
    opened, sentences = apply_defaults(job, found)
    assert sentences == []
    assert opened.train.max_lr == LR
    assert (opened.task.batch_size, opened.task.device) == (16, "cpu")


def test_the_max_lr_of_a_task_file_is_that_of_a_onecycle_whatever_is_planned(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text("def model(): ...\n")
    said = planned(facts_of_job(LR, switched(Job(), TASK, str(file)), None), schedule="constant")
    text = snippet(said, "task")
    assert f'"max_lr": {format_lr(said.plan.as_one_cycle(LR))},' in text
    assert f"\nlr = {format_lr(LR)}\n" in text


def test_json_says_what_is_known_and_null_for_the_rest() -> None:
    document = json.loads(snippet(facts(known=False), "json"))
    assert document["learning_rate"] == LR
    assert document["optimizer"] == "torch.optim.SGD"
    assert document["optimizer_arguments"] == {"momentum": 0.9, "weight_decay": 1e-4}
    assert document["schedule"]["total_steps"] is None
    unknown = json.loads(snippet(Facts(LR), "json"))
    assert (unknown["optimizer"], unknown["batch_size"], unknown["task"]) == (None, None, None)


@pytest.mark.parametrize("key", SNIPPETS)
def test_where_there_is_no_snippet_a_sentence_says_why(key: str) -> None:
    for said in (
        Facts(LR),
        facts(known=False),
        facts("muon"),
        replace(facts(), several_groups=True),
        planned(facts("adafactor"), schedule="step"),
        facts(loop={"accumulation": 4}),
    ):
        text = why = ""
        try:
            text = snippet(said, key)
        except SnippetError as error:
            why = str(error)
        assert bool(text) is not bool(why)
        assert not text or text.startswith(("import ", "from ", "# Learning rate ", "{"))
        assert not why or (why.endswith(".") and len(why) > 40)
        assert all(len(line) <= 120 for line in text.splitlines())


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"Unknown snippet “keras”. Choose one of: pytorch, lightning"):
        snippet(facts(), "keras")


def test_a_rate_is_written_as_it_is_shown_or_as_it_was_typed() -> None:
    assert [rate(lr) for lr in (0.0316227766, 1.25e-3, 2e-3, 1.0, 25.0, 1e-10)] == [
        "3.2e-2",
        "1.25e-3",
        "2e-3",
        "1.0",
        "25.0",
        "1e-10",
    ]


def test_values_stay_what_they_are() -> None:
    for value in (0.9, 10.0, 1e12, 1e-8, True, None, 5, "a “b” \\", (0.9, 0.999), (1,), ()):
        assert eval(literal(value)) == value
        assert type(eval(literal(value))) is type(value)


EVIL = "x\nimport os #'; touch evil $(touch evil)"


@pytest.mark.parametrize("key", SNIPPETS)
def test_a_run_file_cannot_put_code_into_a_snippet(key: str) -> None:
    own = Job(task=TaskSpec(source=TASK, optimizer=OWN, path=EVIL))
    events = [
        event(optimizer_class="os; import os"),
        event(optimizer_class="a.b\nimport os"),
        event(optimizer_class="torch.optim.SGD", optimizer_arguments={"lr": "__import__('os')"}),
        event(optimizer_class="torch.optim.SGD", optimizer_arguments={"x=1)\nimport os": "1", "momentum": "'\\n'"}),
    ]
    library = TaskSpec(optimizer="timm", optimizer_options={"name": EVIL}, model="timm", model_options={"name": EVIL})
    images = replace(library, source="folder")
    jobs = [*((own, said) for said in events), (Job(task=library), event()), (Job(task=images), event())]
    for job, said in jobs:
        try:
            text = snippet(facts_of_job(LR, job, Record.of([said])), key)
        except SnippetError:
            continue
        assert not any(line.strip().startswith("import os") for line in text.splitlines())
        assert "__import__" not in text
        assert key != "timm" or "evil" not in text or EVIL.splitlines()[1] not in shlex.split(text, comments=True)
        if key in ("pytorch", "lightning", "huggingface", "fastai", "ignite", "skorch"):
            ast.parse(text)


def test_names_in_commands_are_quoted() -> None:
    said = facts("timm", optimizer_options={"name": "lion; touch evil"})
    assert "lion; touch evil" in shlex.split(snippet(said, "timm"), comments=True)
