"""The other side: the loop as a student writes it in a notebook, with a data loader and `.item()` at every step."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from engine.data import Split


def notebook_network(pooling: str, classes: int, hidden: int = 32) -> nn.Sequential:
    """The laboratory network, written down with torch's own modules."""
    first = [nn.Conv2d(3, hidden, 5, stride=4, padding=2), nn.ReLU()]
    head = [nn.Flatten(), nn.Linear(8 * hidden, classes)]
    if pooling == "stride":
        return nn.Sequential(*first, nn.Conv2d(hidden, 2 * hidden, 3, stride=4, padding=1), nn.ReLU(), *head)
    pool = nn.MaxPool2d(4) if pooling == "max" else nn.AvgPool2d(4)
    return nn.Sequential(*first, nn.Conv2d(hidden, 2 * hidden, 3, padding=1), nn.ReLU(), pool, *head)


class NotebookLoop:
    """One epoch at a time, float images in a data loader, every number fetched at every step."""

    def __init__(
        self,
        pooling: str,
        train: Split,
        validation: Split,
        classes: int,
        batch_size: int,
        lr: float,
        *,
        device: torch.device,
    ) -> None:
        torch.manual_seed(0)
        self._device = device
        self._network = notebook_network(pooling, classes).to(device)
        self._loss = nn.CrossEntropyLoss()
        self._optimizer = torch.optim.SGD(self._network.parameters(), lr=lr)
        mean = torch.tensor([0.5, 0.5, 0.5]).view(1, 3, 1, 1)
        self._loaders = []
        for split, shuffle in ((train, True), (validation, False)):
            images = torch.from_numpy(split.images.copy()).permute(0, 3, 1, 2).float() / 255
            data = TensorDataset((images - mean) / 0.25, torch.from_numpy(split.labels.copy()))
            self._loaders.append(DataLoader(data, batch_size=batch_size, shuffle=shuffle))

    def epoch(self) -> list[float]:
        """One pass over train and one over validation; the loss of every training batch."""
        losses = []
        self._network.train()
        for images, labels in self._batches(0):
            self._optimizer.zero_grad()
            logits = self._network(images)
            loss = self._loss(logits, labels)
            loss.backward()
            self._optimizer.step()
            losses.append(loss.item())
            (logits.argmax(1) == labels).float().mean().item()
        self._network.eval()
        with torch.no_grad():
            for images, labels in self._batches(1):
                logits = self._network(images)
                self._loss(logits, labels).item()
                (logits.argmax(1) == labels).float().mean().item()
        return losses

    def _batches(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in self._loaders[number]:
            yield images.to(self._device), labels.to(self._device)
