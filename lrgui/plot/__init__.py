"""Drawing: curve, zones, marks and selection, live in the window and rendered to pictures."""
