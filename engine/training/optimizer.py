"""The optimisers, and their state as named tensors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.experiment import TrainingSettings


def build_optimizer(settings: TrainingSettings, network: nn.Module) -> torch.optim.Optimizer:
    """The optimiser that the settings name, in torch's fused form: one kernel for all parameters."""
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay, fused=True)
    return torch.optim.SGD(
        network.parameters(),
        lr=settings.lr,
        momentum=settings.momentum,
        nesterov=settings.nesterov,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's state, `{"<parameter number>.<name>": tensor}`."""
    tensors = {}
    for number, parameter in enumerate(optimizer.param_groups[0]["params"]):
        for name, value in optimizer.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                tensors[f"{number}.{name}"] = value
    return tensors


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` gave, in the memory layout of the parameters."""
    parameters = optimizer.param_groups[0]["params"]
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        same_shape = value.shape == parameter.shape
        kept = torch.empty_like(parameter) if same_shape else torch.empty_like(value, device=parameter.device)
        optimizer.state[parameter][name] = kept.detach().copy_(value)
