"""A convolution as products of matrices over its patches; what is gained, and where: docs/performance.md."""

from __future__ import annotations

from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_input

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
        keeps_memory: as `Patches` has it.
    """

    def __init__(
        self, convolution: nn.Conv2d, side: Side, most_bytes: float = float("inf"), *, keeps_memory: bool = True
    ) -> None:
        super().__init__()
        self.convolution, self._side = convolution, side
        self._most_bytes, self._keeps_memory = most_bytes, keeps_memory
        self._patches: Patches | None = None

    def forward(self, images: Tensor) -> Tensor:
        """`float32 [N, C, H, W] -> [N, F, H', W']`, both in channels-last memory."""
        of = self.convolution
        if self._patches is None or not self._patches.hold(images):
            if 4 * Patches.numbers(of, images.shape) > self._most_bytes:
                direct: Tensor = of(images)
                return direct
            self._patches = Patches(of, images, keeps_memory=self._keeps_memory)
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
        self._patches = Patches(convolution, images)

    def make(self, images: Tensor) -> Tensor:
        """`[N, C, H, W] -> [N, H' · W' · (k · k · C + 1)]`, for at most a batch; valid until the next call."""
        return self._patches.of(images).view(len(images), -1)

    def forward(self, rows: Tensor) -> Tensor:
        """What `make` made `-> [N, F, H', W']` in channels-last memory."""
        of, rows = self.convolution, rows.view(-1, self._patches.columns)
        made: Tensor = _Product.apply(None, rows, of.weight, of.bias, self._patches, None)  # type: ignore[no-untyped-call]
        return made


class Patches:
    """The patches of a batch.

    Args:
        of: the convolution.
        images: the largest batch, `[N, C, H, W]`.
        keeps_memory: for a GPU, which it spares kernels: every step uses the same, whose border of zeros around the
            images, and column of ones for the biases, stay. A processor's caches hold what was freed just now.
    """

    def __init__(self, of: nn.Conv2d, images: Tensor, *, keeps_memory: bool = True) -> None:
        count, channels, height, width = images.shape
        self.size, self.stride, self.padding = _shape(of)
        self.grid = self._grid(of, images.shape)
        self._images = images.shape
        padded = count, height + 2 * self.padding, width + 2 * self.padding, channels
        self._padded = images.new_zeros(padded) if self.padding and keeps_memory else None
        self.width = self.size**2 * channels
        rows = count * self.grid[0] * self.grid[1]
        # a column of ones behind each patch: its product with the gradient is that of the biases
        self.columns = self.width + (of.bias is not None and keeps_memory)
        self._rows = images.new_ones(rows, self.columns) if keeps_memory else None

    @staticmethod
    def _grid(of: nn.Conv2d, shape: torch.Size) -> tuple[int, int]:
        size, stride, padding = _shape(of)
        high, wide = ((side + 2 * padding - size) // stride + 1 for side in shape[2:])
        return high, wide

    @classmethod
    def numbers(cls, of: nn.Conv2d, shape: torch.Size) -> int:
        """How many numbers the patches of a batch of this shape are."""
        high, wide = cls._grid(of, shape)
        return shape[0] * high * wide * of.kernel_size[0] ** 2 * shape[1]

    def hold(self, images: Tensor) -> bool:
        """Whether there is room for this batch."""
        return images.shape[1:] == self._images[1:] and images.shape[0] <= self._images[0]

    def of(self, images: Tensor) -> Tensor:
        """`[N · H' · W', k · k · C (+ 1)]`; where memory is kept, valid until the next call."""
        padded = self._with_border(images.permute(0, 2, 3, 1))
        seen = padded.unfold(1, self.size, self.stride).unfold(2, self.size, self.stride)  # [N, H', W', C, k, k]
        seen = seen.permute(0, 1, 2, 4, 5, 3)
        if self._rows is None:
            return seen.reshape(-1, self.width)
        rows = self._rows[: len(images) * self.grid[0] * self.grid[1]]
        rows[:, : self.width].view(seen.shape).copy_(seen)
        return rows

    def _with_border(self, images: Tensor) -> Tensor:
        """`[N, H, W, C]` with zeros around, as far as patches reach or farther."""
        (_, height, width, _), edge = images.shape, self.padding
        if self._padded is not None:
            padded = self._padded[: len(images)]
            padded[:, edge : edge + height, edge : edge + width].copy_(images)
            return padded
        if not edge:
            return images
        below, right = (
            (places - 1) * self.stride + self.size - side - edge
            for places, side in zip(self.grid, (height, width), strict=True)
        )
        return F.pad(images, (0, 0, edge, right, edge, below))  # what no patch sees is cut off


class _Product(torch.autograd.Function):
    """Patches `[M, k · k · C (+ 1)]` by kernels; the images they were made of take part for their gradient alone."""

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
        of_images = (
            _spread(gradient @ as_rows(weight), ctx.shape, patches)
            if patches.stride >= patches.size
            else conv2d_input(ctx.shape, weight, gradients[0], patches.stride, patches.padding)  # type: ignore[no-untyped-call]
        )
        return of_images, None, *of_parameters, None, None


def _of_parameters(ctx: Any, weight: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor | None]:
    """The gradients of kernels, laid out as they are, and of biases; `gradient` is `[M, F]`."""
    filters, channels, size, _ = weight.shape
    if ctx.patches.columns > ctx.patches.width:
        product = ctx.rows.t() @ gradient  # [k · k · C + 1, F]
        of_weight = product[: ctx.patches.width].view(size, size, channels, filters).permute(3, 2, 0, 1)
        return torch.empty_like(weight).copy_(of_weight), product[ctx.patches.width]
    of_weight = (gradient.t() @ ctx.rows).view(filters, size, size, channels).permute(0, 3, 1, 2)
    return of_weight, gradient.sum(0) if ctx.needs_input_grad[3] else None


def _spread(of_patches: Tensor, shape: torch.Size, patches: Patches) -> Tensor:
    """The gradient of patches that do not overlap, put where their pixels are: `[N, C, H, W]`."""
    (count, channels, height, width), (rows, columns) = shape, patches.grid
    size, stride, padding = patches.size, patches.stride, patches.padding
    high, wide = (max(n * stride, side + padding) for n, side in ((rows, height), (columns, width)))
    padded = of_patches.new_zeros(count, high, wide, channels)
    cells = padded[:, : rows * stride, : columns * stride]
    cells = torch.unflatten(torch.unflatten(cells, 2, (columns, stride)), 1, (rows, stride))
    into = cells[:, :, :size, :, :size]
    into.copy_(of_patches.view(count, rows, columns, size, size, channels).transpose(2, 3))
    return padded[:, padding : padding + height, padding : padding + width].permute(0, 3, 1, 2)


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


def as_rows(values: Tensor) -> Tensor:
    """`[N, C, H, W] -> [N, H · W · C]`, no copy where the memory is channels-last."""
    return values.permute(0, 2, 3, 1).flatten(1)


def _shape(of: nn.Conv2d) -> tuple[int, int, int]:
    """Kernel, stride and padding of a square convolution."""
    return of.kernel_size[0], of.stride[0], int(of.padding[0])
