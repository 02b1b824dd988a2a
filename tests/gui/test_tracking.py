"""Runs of the window in trackers: those that the preferences name, and what is told of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from scripted import Scripted

from lrgui.core.events import EndEvent, EndReason
from lrgui.gui.dialogs.preferences import PreferencesDialog
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings, load_settings, save_settings
from lrgui.gui.tracking import RunTracking, usual_folder
from lrgui.runs.job import Job


class Follower:
    """In the place of the processes."""

    def __init__(self) -> None:
        self.logs: list[Path] = []

    def __call__(self, log: Path) -> None:
        self.logs.append(log)


@pytest.fixture
def session(qtbot: QtBot) -> Session:
    made = Session(Job(), lambda job: Scripted([[EndEvent(EndReason.COMPLETED, "Done.")]]))
    yield made
    made.close()


def test_the_session_tells_of_each_run_that_begins(session: Session, qtbot: QtBot) -> None:
    session.follow = follower = Follower()
    with qtbot.waitSignal(session.run_ended):
        session.find()
    (log,) = follower.logs
    assert log.suffix == ".lrrun" and log.exists()
    with qtbot.waitSignal(session.check_ended):
        session.check()
    assert follower.logs == [log], "a check is kept nowhere"


def test_what_fails_in_another_thread_is_a_notice(session: Session, qtbot: QtBot) -> None:
    tracking = RunTracking(session, Settings())
    with qtbot.waitSignal(session.noticed) as said:
        thread = threading.Thread(target=tracking._tell, args=("MLflow could not record the run.",))
        thread.start()
        thread.join()
    assert said.args[0].kind == "warning" and said.args[0].text == "MLflow could not record the run."


def test_a_missing_package_is_told_and_the_run_goes_on(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("lrgui.export.trackers.find_spec", lambda name: None)
    RunTracking(session, Settings(track={"wandb": str(tmp_path)}))
    notices: list[object] = []
    session.noticed.connect(notices.append)
    with qtbot.waitSignal(session.run_ended) as ended:
        session.find()
    assert ended.args[0].reason == EndReason.COMPLETED
    qtbot.waitUntil(lambda: any("pip install" in getattr(notice, "text", "") for notice in notices))


@pytest.fixture
def preferences(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[PreferencesDialog, Settings]]:
    def make(there: bool = True, **track: str) -> tuple[PreferencesDialog, Settings]:
        monkeypatch.setattr("lrgui.export.trackers.find_spec", lambda name: object() if there else None)
        settings = Settings(track=dict(track))
        dialog = PreferencesDialog(settings, lambda theme: None)
        qtbot.addWidget(dialog)
        return dialog, settings

    return make


def test_a_tracker_is_switched_on_and_off(preferences: Callable[..., tuple[PreferencesDialog, Settings]]) -> None:
    dialog, settings = preferences()
    dialog.trackers["tensorboard"].click()
    assert settings.track == {"tensorboard": str(usual_folder("tensorboard"))}
    assert not dialog.tracker_folders["tensorboard"].isHidden()
    dialog.trackers["tensorboard"].click()
    assert settings.track == {} and dialog.tracker_folders["tensorboard"].isHidden()


def test_its_folder_is_chosen(preferences: Callable[..., tuple[PreferencesDialog, Settings]], tmp_path: Path) -> None:
    dialog, settings = preferences(mlflow="/before")
    dialog._choose("mlflow")
    (asking,) = dialog.findChildren(QFileDialog)
    asking.fileSelected.emit(str(tmp_path))
    asking.close()
    assert settings.track == {"mlflow": str(tmp_path)} and dialog.trackers["mlflow"].isChecked()


def test_one_that_is_not_installed_can_only_be_switched_off(
    preferences: Callable[..., tuple[PreferencesDialog, Settings]],
) -> None:
    dialog, settings = preferences(there=False, wandb="/somewhere")
    assert not dialog.trackers["mlflow"].isEnabled()
    assert 'pip install "lrgui[mlflow]"' in dialog.tracker_folders["mlflow"].text()
    dialog.trackers["wandb"].click()
    assert settings.track == {}


@pytest.mark.parametrize(
    ("kept", "used"),
    [
        ({"tensorboard": "/runs"}, True),
        ({"mlflow": "http://somewhere.else:5000"}, False),
        ({"tensorboard": "runs"}, False),
        ({"aim": "/runs"}, False),
        (["tensorboard"], False),
    ],
)
def test_settings_from_elsewhere_send_nothing_anywhere(kept: object, used: bool, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    settings = Settings()
    settings.track = kept  # type: ignore[assignment]
    assert save_settings(settings, file) is None
    loaded, warnings = load_settings(file)
    assert (loaded.track == kept) is used and bool(warnings) is not used
