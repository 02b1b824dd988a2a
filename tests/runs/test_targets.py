from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lrgui.json_file import damaged
from lrgui.runs.ray_settings import RayResources
from lrgui.runs.targets import (
    Target,
    TargetsError,
    load_targets,
    save_targets,
    target_named,
    targets_file,
    with_target,
)
from lrgui.tasks.launchers import Team

BOX = Target("box", host="me@gpu:22", python="~/venv/bin/python", folder="~/work")


def test_targets_are_kept_by_name() -> None:
    save_targets([BOX, Target("q", "slurm", options="--gpus=1")])
    assert load_targets() == [BOX, Target("q", "slurm", options="--gpus=1")]
    again = Target("box", host="other")
    assert with_target(load_targets(), again)[-1] == again and len(with_target(load_targets(), again)) == 2
    assert target_named("q").options == "--gpus=1"
    with pytest.raises(TargetsError, match=r"no target x. There are: box, q. To add one: lrgui targets add x"):
        target_named("x")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target("a b", host="gpu"), "cannot be the name of a target"),
        (Target("", host="gpu"), "A target needs a name: use letters"),
        (Target("--on", host="gpu"), "cannot be the name of a target"),
        (Target("a"), "needs a host"),
        (Target("a", "torchrun"), "needs the number of processes"),
        (Target("a", "torchrun", processes="many"), "not a number from 1 to 64"),
        (Target("a", "slurm", nodes="0"), "Nodes: 0 is not a number from 1 to 1024"),
        (Target("a", host="gpu1,gpu2"), "has one host: several need torchrun or accelerate"),
        (Target("a", "accelerate", "gpu1,-x", processes="2"), "is not a host"),
        (Target("a", "torchrun", "gpu1", processes="2", endpoint="gpu1:29500"), "name them, separated by commas"),
        (Target("a", "cloud"), "no kind of target"),
        (Target("a", host="-oProxyCommand=x"), "is not a host"),
        (Target("a", host="gpu", options="--gpus=1"), "has no options"),
        (Target("a", host="gpu", folder="data"), "must begin with / or ~/"),
        (Target("a", "python", python="/no/python"), "no program /no/python"),
        (Target("a", "ray", address="head:6379"), "not a Ray cluster: write ray://HOST:PORT, auto or ray"),
        (Target("a", "ray", gpus="some"), "CPUs and GPUs are numbers"),
        (Target("a", "ray", cpus="-1"), "CPUs"),
        (Target("a", "ray", processes="2"), "A target of the kind ray has no processes"),
        (Target("a", host="gpu", gpus="1"), "A target of the kind ssh has no gpus"),
        (Target("ray", host="gpu"), "“ray” means a Ray cluster"),
    ],
)
def test_what_is_wrong_with_a_target_is_said(target: Target, said: str) -> None:
    assert any(said in sentence for sentence in target.validate())


def test_good_targets_have_nothing_wrong() -> None:
    for target in (
        BOX,
        Target("q", "slurm"),
        Target("t", "torchrun", processes="4"),
        Target("t", "accelerate", "me@gpu1, me@gpu2:2222", processes="4", endpoint="10.0.0.1:29500"),
        Target("q", "slurm", nodes="2", processes="4"),
        Target("p", "python", python=sys.executable),
        Target("r", "ray"),
        Target("r", "ray", address="ray://head:10001", cpus="2", gpus="0.25", python=sys.executable, folder="~/work"),
    ):
        assert target.validate() == []


def test_a_team_is_all_processes_of_all_machines() -> None:
    team = Target("t", "torchrun", "me@gpu1, gpu2", processes="4")
    assert team.team == Team(4, 2) and "8 processes" in team.words
    assert [str(host) for host in team.hosts] == ["me@gpu1", "gpu2"]
    assert Target("q", "slurm", nodes="3").team.size == 3
    assert BOX.team.size == 1 and "processes" not in BOX.words


def test_ray_needs_no_saved_target() -> None:
    assert target_named("auto") == Target("auto", "ray", address="auto")
    target = Target("r", "ray", address="ray://head:10001", gpus="0.25")
    assert target.resources == RayResources(gpus=0.25) and target.words == "Ray · ray://head:10001 · 0.25 GPUs"


def test_a_file_that_others_can_write_is_not_used() -> None:
    """It says what is started."""
    save_targets([BOX])
    os.chmod(targets_file(), 0o666)
    with pytest.raises(TargetsError, match="can be written by others"):
        load_targets()


def test_a_damaged_file_is_told_and_unknown_targets_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    file.write_text("{")
    file.chmod(0o600)
    with pytest.raises(TargetsError, match="cannot be read"):
        load_targets(file)
    file.write_text('{"targets": [{"name": "a", "kind": "teleport"}, 3, {"name": 4}, {"name": "b", "host": "gpu"}]}')
    assert load_targets(file) == [Target("b", host="gpu")]


@pytest.mark.parametrize("text", ["[]", '{"targets": 3}', '{"targets": {}}'])
def test_a_file_that_lists_no_targets_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "targets.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(TargetsError, match="it lists no targets"):
        load_targets(file)
    save_targets([BOX], file)
    assert load_targets(file) == [BOX] and damaged(file).read_text() == text


def test_targets_that_are_left_out_stay_beside_those_that_are_kept_next(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    save_targets([BOX], file)
    save_targets([BOX, Target("q", "slurm")], file)
    assert not damaged(file).exists()
    text = '{"targets": [{"name": "a", "kind": "of a newer version"}, {"name": "b", "host": "gpu"}]}'
    file.write_text(text)
    save_targets([*load_targets(file), BOX], file)
    assert load_targets(file) == [Target("b", host="gpu"), BOX] and damaged(file).read_text() == text
