from __future__ import annotations

import importlib.util

import pytest

from lrgui.tasks.launchers import LAUNCHERS, Team, filled, srun_command, team_command


def words(key: str, team: Team) -> str:
    return " ".join(filled(team_command(key, team), "py", "first", 295))


def test_torchrun_on_one_machine_and_on_several() -> None:
    assert words("torchrun", Team(4)) == "py -m torch.distributed.run --standalone --nproc-per-node 4"
    assert words("torchrun", Team(4, 2, 1)) == (
        "py -m torch.distributed.run --nnodes 2 --nproc-per-node 4 --node-rank 1 --master-addr first --master-port 295"
    )


def test_accelerate_counts_the_processes_of_all_machines() -> None:
    assert words("accelerate", Team(4, 2, 1)) == (
        "py -m accelerate.commands.launch --multi_gpu --num_processes 8 --num_machines 2 --machine_rank 1 "
        "--same_network --main_process_ip first --main_process_port 295"
    )


def test_srun_starts_one_torchrun_on_each_node_which_gets_its_number_there() -> None:
    command = srun_command(Team(4, 2))
    assert command[:4] == ["srun", "--nodes=2", "--ntasks=2", "--ntasks-per-node=1"]
    assert '--node-rank "$SLURM_NODEID"' in command[7] and "--node-rank" not in command[8:]


@pytest.mark.parametrize("key", LAUNCHERS)
def test_the_launchers_understand_their_words(key: str) -> None:
    """Where they are installed."""
    module = LAUNCHERS[key].module
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        pytest.skip("not installed")
    if key == "torchrun":
        from torch.distributed.run import get_args_parser as parser
    else:
        from accelerate.commands.launch import launch_command_parser as parser
    for team in (Team(2), Team(2, 2, 1)):
        read = parser().parse_args([*filled(LAUNCHERS[key].words(team), "py", "first", 295), "program.py", "--own"])
        assert read.training_script == "program.py" and read.training_script_args == ["--own"]
