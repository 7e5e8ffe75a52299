"""The words of the field that the screens use, a line each."""

GLOSSARY = {
    "split": "train is learnt from, validation chooses epoch and settings, test is looked at once, for the report",
    "selected epoch": "the one with the highest validation accuracy; its weights make the report and the export",
    "gap": "train minus test accuracy of the selected weights, in points. Small is no virtue where train itself is low",
    "[95 %] of one run": "Wilson's interval: what the number of images lets one say of one trained model",
    "sd": "standard deviation over seeds: how much the same settings differ from training to training",
    "- ref [95 %]": "mean difference to the reference over the same seeds, with its interval (paired t)",
    "p": "how often chance alone would make such a difference; Holm: corrected for the number of pairs compared",
    "McNemar": "two trained models on the same images: put right against spoilt, exact. It says nothing of settings",
    "precision": "of what was called this class, the share that was; recall: of this class, the share that was found",
    "F1": "harmonic mean of precision and recall",
    "macro average": "mean over classes, each the same weight; weighted: each by its number of images",
    "support": "images of the class in this split",
    "MMAC": "millions of multiply-adds for one image: equal parameters are not equal work",
    "band": "from the 25th to the 75th percentile over the batches of an epoch",
    "train (as seen)": "measured while weights move and images are augmented; the gap uses fixed weights instead",
    "interrupted": "whoever trained it is gone; P goes on from its last checkpoint, to the very same result",
    "not yet fitted": "the lowest validation loss lay in the last twentieth of the epochs: train longer",
}
