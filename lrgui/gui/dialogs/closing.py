"""The button that closes a dialog."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QPushButton


def close_button(dialog: QDialog, default: bool = False) -> QPushButton:
    """*Close*, as Esc does; `default`: Enter does it too, since the dialog has nothing else to do."""
    button = QPushButton("Close")
    button.setToolTip("Close (Esc)")
    button.clicked.connect(dialog.reject)
    if default:
        button.setObjectName("primary")
        button.setDefault(True)
    return button
