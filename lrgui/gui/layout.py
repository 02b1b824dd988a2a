"""What stands where in the window."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrgui.gui.banner import Banner
from lrgui.gui.cards import Side
from lrgui.gui.panels import PANELS
from lrgui.gui.room import Room
from lrgui.gui.scrolled import Scrolled
from lrgui.gui.session import Session
from lrgui.gui.status import StatusLine
from lrgui.gui.tabs.tabs import Tabs
from lrgui.gui.tool_row import ToolRow
from lrgui.gui.visit_bar import VisitBar


def laid_out(session: Session, row: ToolRow, tabs: Tabs, banner: Banner, status: StatusLine) -> tuple[QWidget, Room]:
    """All of the window: the buttons above, the tabs between two sides of cards, the status line below; and the room
    that tabs and sides share."""
    root = QWidget()
    root.setObjectName("root")
    column = QVBoxLayout(root)
    column.setContentsMargins(10, 4, 10, 6)
    column.setSpacing(6)
    column.addLayout(row)
    left, right = Side(290, "Settings"), Side(312, "Result")
    for panel in PANELS:
        (left if panel.side == "left" else right).add(panel.make(session, session.runs))
    center = Scrolled("What is shown")
    center.column.setSpacing(6)
    banner.setParent(center.inner)  # it lies over the others
    center.column.addWidget(VisitBar(session, session.runs))
    center.column.addWidget(tabs, 1)
    banner.lie_over(lambda: tabs.strip)
    tabs.currentChanged.connect(center.to_top)  # the names of the tabs first
    room = Room(left, center, right)
    column.addWidget(room, 1)
    column.addWidget(status)
    return root, room
