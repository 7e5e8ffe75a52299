"""The optimisers: torch's fused forms, one kernel for all parameters, their state and learning rate on the device.

torch's functions are called without its `Optimizer` class around them: that spares a twentieth of a millisecond of
Python a step, and the class refuses or warns where a step is captured as a CUDA graph only sometimes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

from engine.experiment import TrainingSettings


class Optimizer(ABC):
    """Parameters, the state kept for each, and the rule that moves them.

    Attributes:
        parameters: in the order of the network.
        lr: float32 `[1]` on the device, written by the step.
        state: tensors by name, each a list over the parameters. All of it exists from the start: a captured step
            knows places, and a first step that differs from the others would be another graph.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], settings: TrainingSettings) -> None:
        self.parameters = list(parameters)
        self.lr = torch.zeros(1, device=self.parameters[0].device)
        self.state: dict[str, list[Tensor]] = {}
        self._settings = settings

    @torch.no_grad()
    def update(self, gradients: Sequence[Tensor]) -> None:
        """One step of the rule; `gradients` in the order of `parameters`."""
        self._apply([_laid_out(g, p) for g, p in zip(gradients, self.parameters, strict=True)])

    @abstractmethod
    def _apply(self, gradients: list[Tensor]) -> None: ...

    def tensors(self) -> dict[str, Tensor]:
        """The state, `{"<parameter number>.<name>": tensor}`."""
        return {f"{n}.{name}": tensor for name, values in self.state.items() for n, tensor in enumerate(values)}

    def _zeros(self) -> list[Tensor]:
        return [torch.zeros_like(p, requires_grad=False) for p in self.parameters]


class Sgd(Optimizer):
    """Stochastic gradient descent; momentum begins at zero, which is torch's first step to the bit."""

    def __init__(self, parameters: Sequence[nn.Parameter], settings: TrainingSettings) -> None:
        super().__init__(parameters, settings)
        if settings.momentum:
            self.state["momentum_buffer"] = self._zeros()

    def _apply(self, gradients: list[Tensor]) -> None:
        settings = self._settings
        sgd(
            self.parameters,  # type: ignore[arg-type]
            gradients,
            self.state.get("momentum_buffer", [None] * len(gradients)),  # type: ignore[arg-type]
            fused=True,
            lr=self.lr,  # type: ignore[arg-type]
            momentum=settings.momentum,
            dampening=0.0,
            nesterov=settings.nesterov,
            weight_decay=settings.weight_decay,
            maximize=False,
        )


class AdamW(Optimizer):
    """Adam with decoupled weight decay.

    Source: Loshchilov & Hutter 2019, with torch's default betas and epsilon.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], settings: TrainingSettings) -> None:
        super().__init__(parameters, settings)
        self.state["step"] = [torch.zeros((), device=p.device) for p in self.parameters]
        self.state["exp_avg"], self.state["exp_avg_sq"] = self._zeros(), self._zeros()

    def _apply(self, gradients: list[Tensor]) -> None:
        adamw(
            self.parameters,  # type: ignore[arg-type]
            gradients,
            self.state["exp_avg"],
            self.state["exp_avg_sq"],
            [],
            self.state["step"],
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            lr=self.lr,
            weight_decay=self._settings.weight_decay,
            maximize=False,
        )


def build_optimizer(settings: TrainingSettings, network: nn.Module) -> Optimizer:
    """The optimiser that the settings name."""
    kinds: dict[str, type[Optimizer]] = {"sgd": Sgd, "adamw": AdamW}
    return kinds[settings.optimizer](list(network.parameters()), settings)


def _laid_out(gradient: Tensor, parameter: Tensor) -> Tensor:
    """The gradient in the parameter's memory layout: a fused kernel walks both as one row of numbers."""
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)
