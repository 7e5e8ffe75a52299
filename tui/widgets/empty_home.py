"""What stands on Runs while there is no run: what to press, and what was found."""

from __future__ import annotations

from textual import work
from textual.widgets import Static

from engine.machine import nvidia_words
from engine.text import clean

_WORDS = """No runs in {folder}/.

enter   three poolings of one network on handwritten digits,
        about a minute on this CPU
n       set up your own
:       everything by name; : runs FOLDER opens another folder
?       all keys, and the words used
q       leave; what trains goes on

gpu: {gpu}"""


class EmptyHome(Static):
    """The panel; nothing is asked of the machine while it is not seen."""

    def __init__(self, folder: str) -> None:
        super().__init__("", id="empty", markup=False)
        self._folder = clean(folder)
        self.display = False

    def show(self, trouble: str) -> None:
        """Show it.

        Args:
            trouble: why the folder cannot be read; empty where it can.
        """
        if trouble:
            self.update(trouble)
        elif not self.display:
            self.update(_WORDS.format(folder=self._folder, gpu="…"))
            self._look_for_gpu()
        self.display = True

    def hide(self) -> None:
        self.display = False

    @work(thread=True, exclusive=True, group="gpu")
    def _look_for_gpu(self) -> None:
        words = _WORDS.format(folder=self._folder, gpu=nvidia_words())
        self.app.call_from_thread(self.update, words)
