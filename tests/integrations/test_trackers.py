"""Runs in the real trackers, read back with what they bring for that."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kept_logs import RATES, STEPS, write_logs

RECORD = """
import os, sys
from pathlib import Path
from lrgui.export.trackers import Target
from lrgui.export.trackers.process import record
target = Target.of(*sys.argv[1:3])
os.environ.update(target.row.environment)
for log in sys.argv[3:]:
    record(target, Path(log))
"""


def recorded(key: str, folder: Path) -> Path:
    """The folder in which all three kinds of runs are recorded, by a process: what draws is another Qt than ours."""
    place = folder / key
    command = [sys.executable, "-c", RECORD, key, str(place), *map(str, write_logs(folder).values())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place


def test_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    place = recorded("tensorboard", tmp_path)

    def read(folder: Path) -> Any:
        found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
        found.Reload()
        return found

    assert {each.name for each in place.iterdir()} == {"sweep", "train", "race"}
    sweep = read(place / "sweep")
    losses = sweep.Scalars("sweep/loss")
    assert [each.step for each in losses] == list(range(STEPS))
    assert losses[1].wall_time - losses[0].wall_time == pytest.approx(0.01, abs=1e-3)
    assert sweep.Scalars("sweep/lr")[-1].value == pytest.approx(1.0)
    assert 0 < sweep.Scalars("result/recommended_lr")[0].value < 1
    (picture,) = sweep.Images("picture")
    assert picture.encoded_image_string.startswith(b"\x89PNG") and picture.width == 1200
    text = sweep.Tensors("result/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "| confidence |" in text
    hparams = plugin_data_pb2.HParamsPluginData.FromString(
        sweep.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    ).session_start_info.hparams
    assert hparams["optimizer"].string_value == "SGD" and hparams["batch_size"].number_value == 64
    assert len(read(place / "sweep" / "repeat_2").Scalars("sweep/loss")) == STEPS
    train = read(place / "train")
    assert [each.step for each in train.Scalars("val/accuracy")] == [19, 39]
    assert len(train.Scalars("train/loss")) == 40
    broken = read(place / "race" / "lr_1e-1")
    assert len(broken.Scalars("train/loss")) == 10 and math.isinf(broken.Scalars("val/loss")[0].value)


def test_a_run_that_is_recorded_again_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    log = write_logs(tmp_path)["train"]
    for _ in range(2):
        command = [sys.executable, "-m", "lrgui", "export", str(log), "--to", f"tensorboard={tmp_path / 'tb'}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "Recorded with TensorBoard: tensorboard --logdir" in done.stderr, done.stderr
    assert {each.name for each in (tmp_path / "tb").iterdir()} == {"train", "train-2"}


@pytest.mark.filterwarnings("ignore")  # of a package's own
def test_mlflow(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    from mlflow.tracking import MlflowClient

    place = recorded("mlflow", tmp_path)
    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("LR Finder")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    mains = {run.data.tags["lrgui.kind"]: run for run in runs if "mlflow.parentRunId" not in run.data.tags}
    assert set(mains) == {"sweep", "train", "race"}
    assert {run.info.status for run in runs} == {"FINISHED"}
    sweep = mains["sweep"]
    history = client.get_metric_history(sweep.info.run_id, "sweep_loss")
    assert sorted(each.step for each in history) == list(range(STEPS))
    assert 0 < sweep.data.metrics["recommended_lr"] < 1
    assert sweep.data.params["optimizer"] == "SGD" and sweep.data.tags["lrgui.confidence"]
    names = {file.path for file in client.list_artifacts(sweep.info.run_id)}
    assert names == {"picture.png", "points.csv", "report.html"}
    (table,) = place.glob(f"mlartifacts/{sweep.info.run_id}/artifacts/points.csv")
    assert len(table.read_text().splitlines()) == STEPS + 1
    assert mains["train"].data.metrics["val_accuracy"] == pytest.approx(0.99)
    inside = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == mains["race"].info.run_id]
    assert sorted(float(run.data.params["max_lr"]) for run in inside) == list(RATES)


@pytest.mark.filterwarnings("ignore")
def test_wandb(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    place = recorded("wandb", tmp_path)
    runs = [list(records(path)) for path in place.glob("wandb/offline-run-*/*.wandb")]
    told = [next(each.run for each in run if each.WhichOneof("record_type") == "run") for run in runs]
    assert sorted(each.run_group for each in told) == ["race"] * 3 + ["sweep"] * 2 + ["train"]
    by_name = {(each.run_group, each.display_name.split(" ")[0]): run for each, run in zip(told, runs, strict=True)}
    sweep = by_name["sweep", "Digits"]
    rows = [
        {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in each.history.item}
        for each in sweep
        if each.WhichOneof("record_type") == "history"
    ]
    losses = [row["sweep/loss"] for row in rows if "sweep/loss" in row]
    assert len(losses) == STEPS and [row["global_step"] for row in rows[:3]] == [0, 1, 2]
    summary = {
        item.key: item.value_json
        for each in sweep
        if each.WhichOneof("record_type") == "summary"
        for item in each.summary.update
    }
    assert 0 < float(summary["recommended_lr"]) < 1 and "confidence" in summary
    config = {item.key for each in sweep for item in each.run.config.update}
    assert {"optimizer", "batch_size", "start_lr"} <= config
    files = {path.name: path for path in place.glob("wandb/offline-run-*/files/*") if path.is_file()}
    assert {"picture.png", "points.csv", "report.html"} <= set(files)
    assert not any(path.is_symlink() for path in files.values()), "they would point to a folder that is gone"


def records(path: Path) -> Iterator[Any]:
    """What a .wandb file holds: a header of 7 bytes, then LevelDB's log format, each record a protocol buffer."""
    from wandb.proto import wandb_internal_pb2

    data, at, whole = path.read_bytes(), 7, b""
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        if kind == 0:
            return
        whole += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # a record that is whole, or the last part of one
            yield wandb_internal_pb2.Record.FromString(whole)
            whole = b""
