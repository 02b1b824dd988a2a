"""What is trained on: images, tables, texts, arrays."""
