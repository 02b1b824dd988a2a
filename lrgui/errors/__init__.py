"""From an exception to one sentence with a way out."""
