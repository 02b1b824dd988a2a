"""What is read off a measured curve; no torch."""
