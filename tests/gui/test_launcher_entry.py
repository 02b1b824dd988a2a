"""Progress in the dock: what the desktop is told, and that nothing is told where nobody listens."""

from __future__ import annotations

import pytest

from lrgui.gui.launcher_entry import LauncherEntry


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    monkeypatch.setattr(LauncherEntry, "_send", lambda self, properties: found.append(properties))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none")
    return found


def test_each_percent_is_told_once_and_the_end(told: list[dict[str, object]]) -> None:
    entry = LauncherEntry()
    for share in (-1.0, 0.0, 0.004, 0.5, 0.509, 0.51, -1.0, -1.0):
        entry.show(share)
    assert told == [
        {"progress": 0.0, "progress-visible": True},
        {"progress": 0.5, "progress-visible": True},
        {"progress": 0.51, "progress-visible": True},
        {"progress": 0.0, "progress-visible": False},
    ]


def test_without_a_session_bus_nothing_is_told(told: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    LauncherEntry().show(0.5)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none")
    monkeypatch.setattr("sys.platform", "darwin")
    LauncherEntry().show(0.5)
    assert told == []


def test_the_message_is_what_desktops_read(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = pytest.importorskip("PySide6.QtDBus")
    sent: list[object] = []

    class Bus:
        def send(self, message: object) -> None:
            sent.append(message)

    monkeypatch.setattr(bus.QDBusConnection, "sessionBus", lambda: Bus())
    LauncherEntry()._send({"progress": 0.25, "progress-visible": True})
    (message,) = sent
    assert message.interface() == "com.canonical.Unity.LauncherEntry" and message.member() == "Update"  # type: ignore[attr-defined]
    assert message.arguments() == ["application://lrgui.desktop", {"progress": 0.25, "progress-visible": True}]  # type: ignore[attr-defined]
