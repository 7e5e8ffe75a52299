"""Processes that train: lanes, and those who hand them runs. Nothing here but a lane imports torch."""
