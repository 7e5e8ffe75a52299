"""A convolution as products of matrices over its patches; what is gained, and where: docs/performance.md."""

from __future__ import annotations

from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from engine.training.patches import FreshPatches, KeptPatches, Patches, as_rows, numbers_of
from engine.training.precision import Precision
from engine.training.side import Side

# Beyond this, copying the patches of a batch costs a GPU more than its own convolutions do; rounded ones are faster.
_MOST_PATCH_BYTES = {False: 64 << 20, True: 16 << 20}
_MOST_KEPT_BYTES = 2 << 30


class PatchConv2d(nn.Module):
    """A convolution whose patches are copied side by side, and multiplied by its kernels.

    Its backward pass is what is gained: the gradient of kernels and biases is one product, and where patches do not
    overlap, that of the images is another and sums nothing.

    Args:
        convolution: square, ungrouped, undilated; its parameters are used as they are.
        side: where the gradient of kernels and biases is made, while that of the images goes on.
        most_bytes: a batch whose patches take more goes through the convolution itself.
        keeps_memory: whether its patches are `KeptPatches`.
        rectifies: whether it takes the place of the rectifier before it, too; with kept memory.
    """

    def __init__(
        self,
        convolution: nn.Conv2d,
        side: Side,
        most_bytes: float = float("inf"),
        *,
        keeps_memory: bool = True,
        rectifies: bool = False,
    ) -> None:
        super().__init__()
        self.convolution, self._side, self._rectifies = convolution, side, rectifies
        self._most_bytes, self._keeps_memory = most_bytes, keeps_memory
        self._patches: Patches | None = None

    def forward(self, images: Tensor) -> Tensor:
        """`float32 [N, C, H, W] -> [N, F, H', W']`, both in channels-last memory."""
        of = self.convolution
        if self._patches is None or not self._patches.hold(images):
            if 4 * numbers_of(of, images.shape) > self._most_bytes:
                direct: Tensor = of(images.relu() if self._rectifies else images)
                return direct
            kept = self._keeps_memory
            self._patches = KeptPatches(of, images, rectifies=self._rectifies) if kept else FreshPatches(of, images)
        rows = self._patches.of(images.detach())
        made: Tensor = _Product.apply(images, rows, of.weight, of.bias, self._patches, self._side)  # type: ignore[no-untyped-call]
        return made


class MadePatches(nn.Module):
    """The first convolution of a network whose images nobody changes on their way: its patches are made once.

    Args:
        convolution: as `PatchConv2d` takes it.
        images: the largest batch, `[N, C, H, W]`.
    """

    def __init__(self, convolution: nn.Conv2d, images: Tensor) -> None:
        super().__init__()
        self.convolution = convolution
        self._patches = KeptPatches(convolution, images)

    def make(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, H' · W' · columns]`, for at most a batch; valid until the next call."""
        return self._patches.of(images).view(len(images), -1)

    def forward(self, rows: Tensor) -> Tensor:
        """What `make` made `-> [N, F, H', W']` in channels-last memory."""
        of, rows = self.convolution, rows.view(-1, self._patches.columns)
        made: Tensor = _Product.apply(None, rows, of.weight, of.bias, self._patches, None)  # type: ignore[no-untyped-call]
        return made


class _Product(torch.autograd.Function):
    """Patches `[M, columns]` by kernels; the images they were made of take part for their gradient alone."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor | None,
        rows: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        patches: Patches,
        side: Side | None,
    ) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.rows, ctx.patches, ctx.shape, ctx.side = rows, patches, None if images is None else images.shape, side
        seen, kernel = rows[:, : patches.width], as_rows(weight)  # [M, k · k · C], [F, k · k · C]
        made = torch.mm(seen, kernel.t()) if bias is None else torch.addmm(bias, seen, kernel.t())
        return made.view(-1, *patches.grid, weight.shape[0]).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (weight,), patches = ctx.saved_tensors, ctx.patches
        gradient = gradients[0].permute(0, 2, 3, 1).reshape(-1, len(weight))
        if not ctx.needs_input_grad[0]:
            return None, None, *_of_parameters(ctx, weight, gradient), None, None
        with ctx.side.work(gradient, ctx.rows):
            of_parameters = _of_parameters(ctx, weight, gradient)
        if patches.stride >= patches.size:
            of_images = patches.spread(gradient @ as_rows(weight))
        else:
            of_images = _of_images(gradients[0], ctx.shape, weight, patches)
        return of_images, None, *of_parameters, None, None


def _of_images(gradient: Tensor, shape: torch.Size, weight: Tensor, patches: Patches) -> Tensor:
    """The gradient of images `[N, C, H, W]` by the convolution itself, which wants to know their memory's layout."""
    images = torch.empty(shape, dtype=weight.dtype, device=weight.device, memory_format=torch.channels_last)
    stride, padding = [patches.stride] * 2, [patches.padding] * 2
    mask = True, False, False
    made: Tensor = torch.ops.aten.convolution_backward(
        gradient, images, weight, None, stride, padding, [1, 1], False, [0, 0], 1, mask
    )[0]
    if patches.rectified is None:
        return made
    cut: Tensor = torch.ops.aten.threshold_backward(made, patches.rectified, 0)
    return cut


def _of_parameters(ctx: Any, weight: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor | None]:
    """The gradients of kernels, laid out as they are, and of biases; `gradient` is `[M, F]`."""
    filters, channels, size, _ = weight.shape
    if ctx.patches.columns > ctx.patches.width:
        product = ctx.rows.t() @ gradient  # [columns, F]
        of_weight = product[: ctx.patches.width].view(size, size, channels, filters).permute(3, 2, 0, 1)
        return torch.empty_like(weight).copy_(of_weight), product[ctx.patches.width]
    of_weight = (gradient.t() @ ctx.rows).view(filters, size, size, channels).permute(0, 3, 1, 2)
    return of_weight, gradient.sum(0) if ctx.needs_input_grad[3] else None


def gains_from_patches(module: nn.Module, device: torch.device) -> TypeGuard[nn.Conv2d]:
    """Whether a convolution is cheaper so: on a CPU where patches do not overlap, on a GPU unless they are many."""
    if not isinstance(module, nn.Conv2d) or module.groups != 1 or module.dilation != (1, 1):
        return False
    size, stride, padding = module.kernel_size, module.stride, module.padding
    if not isinstance(padding, tuple) or any(pair[0] != pair[1] for pair in (size, stride, padding)):
        return False
    return device.type == "cuda" or (stride[0] > 1 and size[0] <= stride[0])


def may_make_once(patches: int, pixels: int, images: int, device: torch.device) -> bool:
    """Whether the patches of so many images are worth keeping: on a GPU, if they take little more than the images.

    Args:
        patches, pixels: numbers that the patches of one image are, and the image itself.
    """
    return device.type == "cuda" and patches <= 2 * pixels and 4 * patches * images <= _MOST_KEPT_BYTES


def most_patch_bytes(device: torch.device, precision: Precision) -> float:
    """Of a batch, up to which patches are worth their memory."""
    return _MOST_PATCH_BYTES[precision.tf32] if device.type == "cuda" else float("inf")
