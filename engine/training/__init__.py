"""Training: the loop, its batches, statistics, selection and checkpoints. The only part that trains with torch."""
