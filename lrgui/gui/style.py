"""How the window looks: one style sheet made from the palette that the plots use too."""

from __future__ import annotations

from lrgui.plot.theme import Palette


def style_sheet(p: Palette, family: str, arrow: str, check: str) -> str:
    """Qt style sheet for the whole window. `arrow` and `check` are paths of small pictures."""
    return f"""
* {{ font-family: "{family}"; font-size: 13px; color: {p.text}; }}
QMainWindow, QDialog, QMessageBox, #root {{ background: {p.window}; }}
QToolTip {{ background: {p.selection}; color: {p.selection_text}; border: none; padding: 5px 7px; }}

#card {{ background: {p.card}; border: 1px solid {p.card_border}; border-radius: 8px; }}
#cardTitle {{ font-weight: 600; }}
#muted, #fieldName, #status, #cursor {{ color: {p.muted}; }}
#problem {{ color: {p.error}; }}
ProblemLabel {{ background: {p.card}; border: 1px solid {p.error}; border-radius: 5px; padding: 3px 7px; }}
QListView#runs {{ background: {p.card}; border: 1px solid {p.field_border}; border-radius: 5px; outline: none; }}
QListView#runs:focus {{ border: 1px solid {p.accent}; }}
QScrollArea, #scrolled {{ background: transparent; border: none; }}
QScrollArea#steps {{ border: 1px solid transparent; border-radius: 5px; }}
QScrollArea#steps:focus {{ border: 1px solid {p.accent}; }}

QPushButton {{ background: {p.button}; border: 1px solid {p.field_border}; border-radius: 6px;
    padding: 5px 12px; min-height: 18px; }}
QPushButton:hover {{ background: {p.hover}; }}
QPushButton:pressed {{ background: {p.pressed}; }}
QPushButton:focus {{ border: 1px solid {p.accent}; }}
QPushButton:disabled {{ color: {p.disabled}; border-color: {p.card_border}; background: {p.window}; }}
QPushButton#primary {{ background: {p.accent}; border-color: {p.accent}; color: {p.accent_text}; font-weight: 600; }}
QPushButton#primary:hover {{ background: {p.accent_hover}; }}
QPushButton#primary:focus {{ border: 1px solid {p.text}; }}
QPushButton#primary:disabled {{ background: {p.track}; border-color: {p.track}; color: {p.muted}; }}
QPushButton::menu-indicator, QToolButton::menu-indicator {{ image: none; width: 0; }}
QPushButton#fold, QPushButton#link {{ background: transparent; border: none; color: {p.muted};
    text-align: left; padding: 3px 0; }}
QPushButton#fold:hover, QPushButton#link:hover {{ color: {p.text}; }}
QPushButton#fold:focus, QPushButton#link:focus {{ color: {p.accent}; text-decoration: underline; }}
QPushButton#handle {{ background: {p.card}; border: 1px solid {p.card_border}; border-radius: 6px; padding: 0;
    min-height: 0; color: {p.muted}; }}
QPushButton#handle:checked {{ background: transparent; border-color: transparent; }}
QPushButton#handle:hover {{ background: {p.hover}; color: {p.text}; }}
QPushButton#handle:focus {{ border-color: {p.accent}; color: {p.text}; }}
#drawer {{ background: {p.window}; border: 1px solid {p.field_border}; border-radius: 8px; }}
QPushButton#small {{ padding: 3px 9px; }}
QPushButton#browse {{ padding: 3px 5px; min-width: 14px; }}

QLineEdit, QSpinBox, QComboBox {{ background: {p.field}; border: 1px solid {p.field_border}; border-radius: 5px;
    padding: 3px 8px; min-height: 20px; selection-background-color: {p.accent};
    selection-color: {p.accent_text}; placeholder-text-color: {p.muted}; }}
QLineEdit:focus, QSpinBox:focus, QComboBox:focus {{ border: 1px solid {p.accent}; }}
QLineEdit[wrong="true"], QSpinBox[wrong="true"], QComboBox[wrong="true"] {{ border: 1px solid {p.error}; }}
QLineEdit:disabled, QSpinBox:disabled, QComboBox:disabled {{ color: {p.disabled}; background: {p.window}; }}
QSpinBox::up-button, QSpinBox::down-button {{ width: 0; border: none; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: url("{arrow}"); width: 10px; height: 10px; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox QAbstractItemView {{ background: {p.card}; border: 1px solid {p.field_border}; outline: none;
    selection-background-color: {p.selected_row}; selection-color: {p.text}; }}
QLineEdit#bigNumber {{ font-size: 30px; font-weight: 600; color: {p.accent}; background: transparent;
    border: 1px solid transparent; padding: 0 2px; min-height: 40px; }}
QLineEdit#bigNumber[empty="true"] {{ font-size: 18px; font-weight: 400; color: {p.muted}; }}
QLineEdit#bigNumber:hover {{ border: 1px solid {p.field_border}; }}
QLineEdit#bigNumber:focus {{ border: 1px solid {p.accent}; }}
QLineEdit#bigNumber[wrong="true"] {{ border: 1px solid {p.error}; }}
QSlider {{ min-height: 22px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {p.track}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {p.accent}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
    background: {p.card}; border: 2px solid {p.accent}; }}
QSlider::handle:horizontal:focus {{ background: {p.accent}; }}
QCheckBox {{ spacing: 7px; }}
QCheckBox::indicator {{ width: 15px; height: 15px; border: 1px solid {p.field_border}; border-radius: 4px;
    background: {p.field}; }}
QCheckBox::indicator:checked {{ background: {p.accent}; border-color: {p.accent}; image: url("{check}"); }}
QCheckBox::indicator:focus {{ border-color: {p.accent}; background: {p.selected_row}; }}
QCheckBox::indicator:checked:focus {{ border-color: {p.text}; background: {p.accent}; }}
QCheckBox::indicator:disabled {{ border-color: {p.card_border}; background: {p.window}; }}
QCheckBox::indicator:checked:disabled {{ border-color: {p.disabled}; background: {p.disabled}; }}
QCheckBox:disabled {{ color: {p.disabled}; }}
QCheckBox:focus {{ color: {p.accent}; }}

QTabWidget::pane {{ border: none; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ background: transparent; color: {p.muted}; padding: 6px 10px 7px 10px;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {p.text}; border-bottom: 2px solid {p.accent}; }}
QTabBar::tab:hover {{ color: {p.text}; }}
QTabBar QToolButton {{ background: {p.button}; border: 1px solid {p.field_border}; color: {p.text}; }}
QTabBar::tab:focus {{ color: {p.accent}; }}

QTableWidget {{ background: {p.card}; border: 1px solid {p.card_border}; border-radius: 5px;
    gridline-color: {p.card_border}; outline: none; }}
QTableWidget::item {{ padding: 2px 6px; border: none; }}
QTableWidget::item:hover {{ background: {p.hover}; }}
QTableWidget::item:selected {{ background: {p.selected_row}; color: {p.text}; }}
QTableWidget:focus {{ border: 1px solid {p.accent}; }}
QTableWidget::indicator {{ width: 13px; height: 13px; border: 1px solid {p.field_border}; border-radius: 3px;
    background: {p.field}; }}
QTableWidget::indicator:checked {{ background: {p.accent}; border-color: {p.accent}; image: url("{check}"); }}
QHeaderView::section {{ background: {p.card}; color: {p.muted}; border: none;
    border-bottom: 1px solid {p.card_border}; padding: 4px 6px; }}
QHeaderView {{ background: {p.card}; border: none; }}
QHeaderView::section:vertical {{ border: none; padding: 0 7px; }}
QTableCornerButton::section {{ background: {p.card}; border: none; }}

QProgressBar {{ background: {p.track}; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; }}
QProgressBar::chunk {{ background: {p.accent}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0; }}
QScrollBar::handle {{ background: {p.track}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QMenuBar {{ background: {p.window}; padding: 1px 4px; }}
QMenuBar::item {{ background: transparent; padding: 3px 9px; border-radius: 4px; }}
QMenuBar::item:selected, QMenuBar::item:pressed {{ background: {p.hover}; }}
QMenu {{ background: {p.card}; border: 1px solid {p.field_border}; border-radius: 6px; padding: 4px; }}
QMenu::item {{ padding: 6px 26px 6px 14px; border-radius: 4px; }}
QMenu::item:selected {{ background: {p.selected_row}; }}
QMenu::item:disabled {{ color: {p.disabled}; }}
QMenu::separator {{ height: 1px; background: {p.card_border}; margin: 4px 8px; }}

#banner {{ border: 1px solid {p.card_border}; border-left: 4px solid {p.accent}; border-radius: 6px;
    background: {p.card}; }}
#banner[kind="error"] {{ border-left-color: {p.error}; }}
#banner[kind="warning"] {{ border-left-color: {p.warning}; }}
QPlainTextEdit {{ background: {p.field}; border: 1px solid {p.field_border}; border-radius: 5px;
    font-family: monospace; font-size: 12px; }}
QPlainTextEdit:focus {{ border: 1px solid {p.accent}; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
#codeLine {{ font-family: monospace; font-size: 12px; }}
#dropHint {{ background: #e8{p.card[1:]}; border: 2px dashed {p.accent}; border-radius: 10px; font-size: 18px;
    font-weight: 600; }}
QListWidget {{ background: {p.field}; border: 1px solid {p.field_border}; border-radius: 5px; outline: none; }}
QListWidget::item {{ padding: 5px 8px; }}
QListWidget::item:hover {{ background: {p.hover}; }}
QListWidget::item:selected {{ background: {p.selected_row}; color: {p.text}; }}
QListWidget:focus {{ border: 1px solid {p.accent}; }}
QTextBrowser, QTreeWidget {{ background: {p.card}; border: 1px solid {p.card_border}; border-radius: 5px;
    outline: none; selection-background-color: {p.accent}; selection-color: {p.accent_text}; }}
QTextBrowser {{ font-size: 14px; }}
QTextBrowser:focus, QTreeWidget:focus {{ border: 1px solid {p.accent}; }}
QTreeWidget::item {{ padding: 3px 4px; }}
QTreeWidget::item:hover {{ background: {p.hover}; }}
QTreeWidget::item:selected {{ background: {p.selected_row}; color: {p.text}; }}
QSplitter::handle {{ background: transparent; }}
QToolButton {{ background: {p.button}; border: 1px solid {p.field_border}; border-radius: 6px; padding: 4px 8px; }}
QToolButton:hover {{ background: {p.hover}; }}
QToolButton:focus {{ border: 1px solid {p.accent}; }}
QFileDialog QTreeView, QFileDialog QListView {{ background: {p.field}; border: 1px solid {p.field_border};
    selection-background-color: {p.selected_row}; selection-color: {p.text}; outline: none; }}
QFileDialog QTreeView:focus, QFileDialog QListView:focus {{ border: 1px solid {p.accent}; }}
#emptyTitle {{ font-size: 18px; font-weight: 600; }}
#emptyState {{ background: {p.background}; border: 1px solid {p.card_border}; border-radius: 8px; }}
#good {{ color: {p.success}; font-weight: 600; }}
#bad {{ color: {p.error}; font-weight: 600; }}
#open {{ color: {p.warning}; font-weight: 600; }}
"""
