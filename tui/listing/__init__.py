"""The list of runs without its widget: which runs, in which order, what differs among them, and their cells."""
