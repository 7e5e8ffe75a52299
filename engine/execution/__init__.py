"""One run from its settings to its report: train, record, evaluate, and leave a true state behind.

Import its modules one by one: `control` is for processes that must not import torch, `execute` for those that do.
"""
