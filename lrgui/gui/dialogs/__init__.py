"""Windows beside the window: one question or one subject each."""
