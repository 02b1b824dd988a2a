"""The window. With `lrgui.plot` the only place that imports Qt; never imports torch."""
