"""What is trained: a task is a model, its batches, its loss and its optimizer."""
