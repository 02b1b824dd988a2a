"""Runs as TensorBoard's event files, by its own writer; needs neither torch nor TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from lrgui.core.options import Scalar
from lrgui.export.trackers.tracked_run import About, Ending, Floats, Steps, TrackedRun

#: Events that wait for the writer's thread.
QUEUE = 100_000
#: Colours of a PNG picture, as TensorBoard counts them.
_RGB = 3


class TensorBoardRun(TrackedRun):
    """A folder of its own below the log folder; trainings of a race and repeats are folders in it."""

    def __init__(self, folder: Path, begun: float, parameters: Mapping[str, Scalar]) -> None:
        self._folder, self._begun, self._parameters = folder, begun, parameters
        self._writer = EventFileWriter(str(folder), max_queue_size=QUEUE)
        self._step = 0
        hparams = plugin_data_pb2.SessionStartInfo(start_time_secs=begun)
        for name, value in parameters.items():
            if isinstance(value, bool):
                hparams.hparams[name].bool_value = value
            elif isinstance(value, int | float):
                hparams.hparams[name].number_value = value
            elif value is not None:
                hparams.hparams[name].string_value = value
        self._hparams(metadata.SESSION_START_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_start_info=hparams))
        if parameters:
            self._text("settings", parameters)

    @classmethod
    def begin(cls, place: str, about: About) -> TensorBoardRun:
        """A new folder below `place`."""
        folder, number = Path(place, about.file_name), 1
        while folder.exists():
            number += 1
            folder = Path(place, f"{about.file_name}-{number}")
        folder.mkdir(parents=True)
        return cls(folder, about.created.timestamp(), {"kind": about.kind, **about.parameters})

    def points(self, steps: Steps, columns: Mapping[str, Floats], seconds: Floats) -> None:
        """One event a step."""
        names, times = list(columns), (self._begun + seconds).tolist()
        add, value = self._writer.add_event, Summary.Value
        for step, time, *row in zip(steps.tolist(), times, *(c.tolist() for c in columns.values()), strict=True):
            values = [value(tag=name, simple_value=number) for name, number in zip(names, row, strict=True)]
            add(Event(step=step, wall_time=time, summary=Summary(value=values)))
        self._step = max(self._step, int(np.max(steps)))

    def part(self, name: str, parameters: Mapping[str, Scalar]) -> TensorBoardRun:
        """A folder in this one."""
        return TensorBoardRun(self._folder / name.replace(" ", "_"), self._begun, {**self._parameters, **parameters})

    def flush(self) -> None:
        """Write what the queue holds."""
        self._writer.flush()

    def close(self, ending: Ending) -> None:
        """Results as numbers and text, and the picture."""
        values = [Summary.Value(tag=f"result/{name}", simple_value=number) for name, number in ending.numbers.items()]
        picture = ending.files.get("picture.png")
        if picture is not None:
            width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))  # of PNG's header
            image = Summary.Image(width=width, height=height, colorspace=_RGB, encoded_image_string=picture)
            values.append(Summary.Value(tag="picture", image=image))
        if values:
            self._add(values)
        if words := {**ending.words, "ended": ending.end.reason, "how it ended": ending.end.detail}:
            self._text("result", words)
        status = api_pb2.STATUS_FAILURE if ending.failed else api_pb2.STATUS_SUCCESS
        over = plugin_data_pb2.SessionEndInfo(status=status)
        self._hparams(metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=over))
        self._writer.close()

    def _add(self, values: list[Summary.Value]) -> None:
        self._writer.add_event(Event(step=self._step, wall_time=self._begun, summary=Summary(value=values)))

    def _text(self, tag: str, words: Mapping[str, Scalar]) -> None:
        """A table in TensorBoard's Text tab."""
        rows = (
            f"| {name} | {str(value).replace('|', '/')} |" for name, value in words.items() if value not in ("", None)
        )
        text = "\n".join(["| | |", "|---|---|", *rows])
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        tensor = TensorProto(dtype="DT_STRING", string_val=[text.encode(errors="replace")], tensor_shape=shape)
        plugin = SummaryMetadata.PluginData(plugin_name="text", content=TextPluginData(version=0).SerializeToString())
        made = SummaryMetadata(plugin_data=plugin)
        self._add([Summary.Value(tag=f"{tag}/text_summary", metadata=made, tensor=tensor)])

    def _hparams(self, tag: str, data: plugin_data_pb2.HParamsPluginData) -> None:
        data.version = metadata.PLUGIN_DATA_VERSION
        plugin = SummaryMetadata.PluginData(plugin_name=metadata.PLUGIN_NAME, content=data.SerializeToString())
        self._add([Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=plugin))])
