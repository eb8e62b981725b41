"""Image ops that new graphs may not use (AdjustContrast, RandomCrop), and noise of glimpses."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from rekindle._src import errors
from rekindle._src.graph import opdef

torch.manual_seed(0)


def kernel(name, *inputs, **attrs):
    return opdef.OPS[name].kernel(*inputs, **attrs)


def test_contrast_within_bounds():
    x = torch.tensor([0.0, 4.0, 8.0]).reshape(1, 3, 1)
    found = kernel("AdjustContrast", x, *(torch.tensor(v) for v in (2.0, -3.0, 10.0)))
    assert found.flatten().tolist() == [-3, 4, 10]


class Context:
    """What a kernel keeps between runs."""

    def __init__(self):
        self.made = None

    def local(self, make):
        self.made = self.made or make()
        return self.made


def test_windows_at_random():
    image = torch.arange(60).reshape(5, 4, 3)
    size, ctx, seen = torch.tensor([2, 3]), Context(), set()
    for _ in range(40):
        found = kernel("RandomCrop", image, size, seed=1, seed2=2, ctx=ctx)
        row, column = divmod(int(found[0, 0, 0]) // 3, 4)
        assert torch.equal(found, image[row : row + 2, column : column + 3])
        seen.add((row, column))
    assert len(seen) == 8
    with pytest.raises(errors.FailedPreconditionError, match="width must be >= target_width"):
        kernel("RandomCrop", image, torch.tensor([2, 5]), ctx=SimpleNamespace())


@pytest.mark.parametrize("noise", ["uniform", "gaussian"])
def test_noise_lies_within_the_image(noise):
    image = torch.rand(1, 3, 3, 2) + 1
    found = kernel(
        "ExtractGlimpse",
        image,
        torch.tensor([9, 9]),
        torch.zeros(1, 2),
        uniform_noise=False,
        noise=noise,
    )
    assert torch.equal(found[:, 3:6, 3:6], image)
    assert image.min() <= found.min() <= found.max() <= image.max()
    assert len(found.unique()) > 50
