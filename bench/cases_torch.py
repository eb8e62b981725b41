"""The measured programs in plain PyTorch, eager or through torch.compile; None where a case means nothing there."""
import numpy as np
import torch
from cases_tf import CASES, images
from torch import nn


class Digits(nn.Module):
    """The deep MNIST classifier, channels last."""

    def __init__(self):
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(7 * 7 * 64, 1024), nn.ReLU(), nn.Dropout(0.5),
                                  nn.Linear(1024, 10))

    def forward(self, x):
        """Logits of images: [N, 784] -> [N, 10]."""
        return self.head(self.convs(x.reshape(-1, 1, 28, 28).to(memory_format=torch.channels_last)))


def _trained(net, optimizer, loss_of, compiled):
    loss_of = torch.compile(loss_of) if compiled else loss_of

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(net).backward()
        optimizer.step()
    return step


def _lab4(compiled):
    net = nn.Linear(1, 1)
    x = torch.tensor([[1.], [2.], [3.], [4.]])
    y = torch.tensor([[0.], [-1.], [-2.], [-3.]])
    return _trained(net, torch.optim.SGD(net.parameters(), 0.01), lambda n: ((n(x) - y) ** 2).sum(), compiled)


def _lab7_step(compiled):
    net = Digits().to(memory_format=torch.channels_last)
    xs, ys = map(torch.from_numpy, images(50))
    optimizer = torch.optim.Adam(net.parameters(), 1e-4, fused=True)
    return _trained(net, optimizer, lambda n: nn.functional.cross_entropy(n(xs), ys), compiled)


def _lab7_inference(compiled):
    net = Digits().to(memory_format=torch.channels_last).eval()
    xs, ys = map(torch.from_numpy, images(1000))

    @torch.no_grad()
    def step():
        return (net(xs).argmax(1) == ys.argmax(1)).float().mean().item()
    return torch.compile(step) if compiled else step


def _dense_step(compiled):
    net = nn.Sequential(*[m for _ in range(300) for m in (nn.Linear(10, 10), nn.ReLU())])
    xs = torch.ones(32, 10)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3, fused=True)
    return _trained(net, optimizer, lambda n: (n(xs) ** 2).mean(), compiled)


def _feed_fetch(compiled):
    xs = np.ones((3328, 1024), np.float32)

    def step():
        return (torch.from_numpy(xs) + 1.0).numpy()
    return None if compiled else step


_BUILDERS = {'lab4 step': _lab4, 'lab7 step': _lab7_step, 'lab7 inference': _lab7_inference,
             'dense300 step': _dense_step, '13 MB feed and fetch': _feed_fetch}


def build(case, compiled):
    """The step of a case and how many make a round, or None."""
    if case not in _BUILDERS or compiled and case == 'dense300 step':
        return None  # compiling 300 layers takes minutes and says nothing
    step = _BUILDERS[case](compiled)
    return None if step is None else (step, CASES[case][1])
