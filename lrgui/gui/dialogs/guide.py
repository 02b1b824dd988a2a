"""The guide: the documentation's pages as they are, read from disk, with their contents and a search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QCursor, QDesktopServices, QImage, QTextDocument
from PySide6.QtWidgets import (
    QLineEdit,
    QSplitter,
    QTextBrowser,
    QToolTip,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lrgui.gui.fitting import Dialog
from lrgui.resources import guide_folder

#: A line of the site's contents, with a page or, of a group, without.
_LINE = re.compile(r'^( +)- "?([^":]+(?::[^":]+)?)"?:(?: (\S+\.md))?$')
#: What only the site can show: pages that are made from the code, and boxes.
_GENERATED, _BOX = re.compile(r"^::: ", re.MULTILINE), re.compile(r'^!!! \w+(?: "(.*)")?$', re.MULTILINE)
#: What a link to such a page says.
ONLY_ON_THE_SITE = "This page is made from the code. Python has the same: help(lrgui.find_lr)"
#: Logical pixels beside a picture.
MARGIN = 48


@dataclass(frozen=True)
class Page:
    """One page of the guide."""

    title: str
    group: str
    """Part of the guide that it belongs to; empty for the first page."""
    path: str
    """Relative to the guide's folder, with slashes: what links name."""

    @property
    def text(self) -> str:
        """Its Markdown, without what only the site can show."""
        text = (guide_folder() / self.path).read_text(encoding="utf-8")
        return _BOX.sub(lambda box: f"**{box[1]}**" if box[1] else "", text)


@cache
def pages() -> tuple[Page, ...]:
    """All pages in the order of the site's contents; those that are made from the code are left out."""
    folder = guide_folder()
    contents = folder / "mkdocs.yml"
    contents = contents if contents.exists() else folder.parent / "mkdocs.yml"
    found, group = [], ""
    nav = contents.read_text(encoding="utf-8").partition("\nnav:\n")[2].partition("\n\n")[0]
    for line in nav.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        indent, title, path = match.groups()
        if path is None:
            group = title
        elif (folder / path).is_file() and not _GENERATED.search((folder / path).read_text(encoding="utf-8")):
            found.append(Page(title, group if len(indent) > 2 else "", path))
    return tuple(found)


def slug(heading: str) -> str:
    """How a link names a heading: "Your own task" is `your-own-task`."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip())


class _Browser(QTextBrowser):
    """Shows pictures no wider than itself."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """A picture of the guide's, as large as there is room for."""
        if kind == QTextDocument.ResourceType.ImageResource.value:
            image = QImage(self.document().baseUrl().resolved(QUrl(name)).toLocalFile())
            most = max(self.viewport().width() - MARGIN, 200)
            if image.width() > most:
                return image.scaledToWidth(most, Qt.TransformationMode.SmoothTransformation)
            return image
        return super().loadResource(kind, name)


class Guide(Dialog):
    """Beside the window, which stays usable."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guide")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page: Page | None = None
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the guide")
        self.search.setAccessibleName("Search the guide")
        self.search.setToolTip("Lists the pages that contain these words")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.list_pages)
        self.contents = QTreeWidget()
        self.contents.setHeaderHidden(True)
        self.contents.setAccessibleName("Contents")
        self.contents.setToolTip("The pages of the guide")
        self.contents.currentItemChanged.connect(self._on_item)
        self.browser = _Browser()
        self.browser.setOpenLinks(False)
        self.browser.setAccessibleName("Page")
        self.browser.document().setDocumentMargin(16)
        self.browser.anchorClicked.connect(self.follow)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.contents)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(self.browser)
        split.setSizes([220, 640])
        split.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 12, 12, 12)
        whole.addWidget(split)
        room = parent.size() if parent is not None else self.size()
        self.resize(min(940, max(room.width() - 80, 640)), min(700, max(room.height() - 60, 420)))
        self.list_pages("")
        self.show_page(pages()[0].path)

    @Slot(str)
    def list_pages(self, wanted: str) -> None:
        """List the pages in which all of the `wanted` words occur, by their parts."""
        words, groups = wanted.lower().split(), {"": self.contents.invisibleRootItem()}
        self.contents.blockSignals(True)
        self.contents.clear()
        for page in pages():
            text = f"{page.title} {page.text}".lower() if words else ""
            if not all(word in text for word in words):
                continue
            if page.group not in groups:
                groups[page.group] = QTreeWidgetItem(self.contents, [page.group])
                groups[page.group].setFlags(Qt.ItemFlag.ItemIsEnabled)
                groups[page.group].setExpanded(True)
            item = QTreeWidgetItem(groups[page.group], [page.title])
            item.setData(0, Qt.ItemDataRole.UserRole, page.path)
            item.setToolTip(0, page.title)
            if page is self.page:
                self.contents.setCurrentItem(item)
        if not self.contents.topLevelItemCount():
            QTreeWidgetItem(self.contents, ["No page has these words"]).setFlags(Qt.ItemFlag.NoItemFlags)
        self.contents.blockSignals(False)

    def show_page(self, path: str, heading: str = "") -> None:
        """Show the page at `path`, from the `heading` (as links name it) on."""
        page = next((page for page in pages() if page.path == path), None)
        if page is None:
            return
        if page is not self.page:
            self.page = page
            document = self.browser.document()
            document.setBaseUrl(QUrl.fromLocalFile(str(guide_folder() / page.path)))
            document.setMarkdown(page.text, QTextDocument.MarkdownFeature.MarkdownDialectGitHub)
            self.browser.moveCursor(self.browser.textCursor().MoveOperation.Start)
            self.setWindowTitle(f"{page.title} · Guide")
            self._mark(page)
        self._scroll_to(heading)

    @Slot(QUrl)
    def follow(self, link: QUrl) -> None:
        """Go where a link leads: within the guide, or with the system's browser."""
        assert self.page is not None
        if link.scheme() in ("http", "https", "mailto"):
            QDesktopServices.openUrl(link)
            return
        inside = Path(self.page.path).parent
        place = link.path()
        target = self.page.path if not place else _normal(f"{inside.as_posix()}/{place}")
        if target not in [page.path for page in pages()]:
            QToolTip.showText(QCursor.pos(), ONLY_ON_THE_SITE, self.browser)
        self.show_page(target, link.fragment())

    def _mark(self, page: Page) -> None:
        self.contents.blockSignals(True)
        found = self.contents.findItems(page.title, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
        for item in found:
            if item.data(0, Qt.ItemDataRole.UserRole) == page.path:
                self.contents.setCurrentItem(item)
        self.contents.blockSignals(False)

    def _scroll_to(self, heading: str) -> None:
        block = self.browser.document().begin()
        while heading and block.isValid():
            if block.blockFormat().headingLevel() and slug(block.text()) == heading:
                where = self.browser.document().documentLayout().blockBoundingRect(block)
                self.browser.verticalScrollBar().setValue(int(where.top()) - 8)
                return
            block = block.next()
        self.browser.verticalScrollBar().setValue(0)

    @Slot()
    def _on_item(self) -> None:
        item = self.contents.currentItem()
        path = None if item is None else item.data(0, Qt.ItemDataRole.UserRole)
        if path:
            self.show_page(path)


def _normal(path: str) -> str:
    """Without `..` and `.`, which links use."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
