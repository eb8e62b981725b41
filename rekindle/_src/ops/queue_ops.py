"""The ops on queues, in the form with resource handles and in the old one with ref handles.

What a queue does is in queue_state.py; the classes that users have (tf.FIFOQueue) are in queues.py.
"""

from __future__ import annotations

import secrets
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph.opdef import op
from rekindle._src.ops.containers import held
from rekindle._src.ops.queue_state import ElementQueue, FifoQueue, PaddingQueue, PriorityQueue, ShuffleQueue


def _scalar(c: Any) -> Any:
    return ()


def _pair(c: Any) -> Any:
    return (2,)


def _queue(ctx: Any, kind: Any, container: str, shared_name: str, *arguments: Any, **named: Any) -> ElementQueue:
    def find() -> ElementQueue:
        found = held(ctx, "queue", container, shared_name, lambda name: kind(name, *arguments, **named))
        if shared_name:
            found.check_alike(kind(ctx.name, *arguments, **named))
        return found

    return ctx.local(find)


@op("FIFOQueueV2", infer=_scalar, host=True)
def fifo_queue_v2(*, component_types, shapes=(), capacity=-1, container="", shared_name="", ctx):
    """A queue that gives elements in the order in which they came."""
    return _queue(ctx, FifoQueue, container, shared_name, component_types, shapes, capacity)


@op("FIFOQueue", infer=_pair, host=True)
def fifo_queue(*, component_types, shapes=(), capacity=-1, container="", shared_name="", ctx):
    """A queue that gives elements in the order in which they came."""
    return _queue(ctx, FifoQueue, container, shared_name, component_types, shapes, capacity)


@op("PaddingFIFOQueueV2", infer=_scalar, host=True)
def padding_fifo_queue_v2(*, component_types, shapes=(), capacity=-1, container="", shared_name="", ctx):
    """A queue that pads the elements that it gives together to one size."""
    return _queue(ctx, PaddingQueue, container, shared_name, component_types, shapes, capacity)


@op("PaddingFIFOQueue", infer=_pair, host=True)
def padding_fifo_queue(*, component_types, shapes=(), capacity=-1, container="", shared_name="", ctx):
    """A queue that pads the elements that it gives together to one size."""
    return _queue(ctx, PaddingQueue, container, shared_name, component_types, shapes, capacity)


@op("PriorityQueueV2", infer=_scalar, host=True)
def priority_queue_v2(*, component_types=(), shapes, capacity=-1, container="", shared_name="", ctx):
    """A queue that gives the element with the least first component."""
    return _queue(ctx, PriorityQueue, container, shared_name, component_types, shapes, capacity)


@op("PriorityQueue", infer=_pair, host=True)
def priority_queue(*, component_types=(), shapes, capacity=-1, container="", shared_name="", ctx):
    """A queue that gives the element with the least first component."""
    return _queue(ctx, PriorityQueue, container, shared_name, component_types, shapes, capacity)


def _shuffled(ctx: Any, attrs: tuple[Any, ...], container: str, shared_name: str, least: int,
              seeds: tuple[int, int]) -> ElementQueue:  # fmt: skip
    drawn = seeds if any(seeds) else (secrets.randbits(64), secrets.randbits(64))
    return _queue(ctx, ShuffleQueue, container, shared_name, *attrs, least=least, seeds=seeds, drawn=drawn)


@op("RandomShuffleQueueV2", infer=_scalar, host=True)
def random_shuffle_queue_v2(*, component_types, shapes=(), capacity=-1, min_after_dequeue=0, seed=0, seed2=0,
                            container="", shared_name="", ctx):  # fmt: skip
    """A queue that gives any of its elements."""
    return _shuffled(ctx, (component_types, shapes, capacity), container, shared_name, min_after_dequeue,
                     (seed, seed2))  # fmt: skip


@op("RandomShuffleQueue", infer=_pair, host=True)
def random_shuffle_queue(*, component_types, shapes=(), capacity=-1, min_after_dequeue=0, seed=0, seed2=0,
                         container="", shared_name="", ctx):  # fmt: skip
    """A queue that gives any of its elements."""
    return _shuffled(ctx, (component_types, shapes, capacity), container, shared_name, min_after_dequeue,
                     (seed, seed2))  # fmt: skip


@op("FakeQueue", infer=_pair, host=True)
def fake_queue(resource):
    """The queue of a resource handle, for ops that take a ref handle."""
    return resource


def check_timeout(timeout_ms: int) -> None:
    """Refuse a limit on the time of one op.

    Raises:
      InvalidArgumentError: there is one.
    """
    if timeout_ms != -1:
        raise errors.InvalidArgumentError(None, None, "Timeout not supported yet.")


@op("QueueEnqueueV2", host=True, pure=False, waits=True)
def queue_enqueue_v2(handle, components, *, Tcomponents, timeout_ms=-1):
    """Put an element in; wait while the queue is full."""
    check_timeout(timeout_ms)
    handle.enqueue(components, Tcomponents)


@op("QueueEnqueue", host=True, pure=False, waits=True)
def queue_enqueue(handle, components, *, Tcomponents, timeout_ms=-1):
    """Put an element in; wait while the queue is full."""
    check_timeout(timeout_ms)
    handle.enqueue(components, Tcomponents)


@op("QueueEnqueueManyV2", host=True, pure=False, waits=True)
def queue_enqueue_many_v2(handle, components, *, Tcomponents, timeout_ms=-1):
    """Put in an element for each row of the components; wait while the queue is full."""
    check_timeout(timeout_ms)
    handle.enqueue_many(components, Tcomponents)


@op("QueueEnqueueMany", host=True, pure=False, waits=True)
def queue_enqueue_many(handle, components, *, Tcomponents, timeout_ms=-1):
    """Put in an element for each row of the components; wait while the queue is full."""
    check_timeout(timeout_ms)
    handle.enqueue_many(components, Tcomponents)


def _dequeue(handle: ElementQueue, types: list[Any], timeout_ms: int) -> list[Any]:
    check_timeout(timeout_ms)
    _check_signature(handle, types)
    return handle.dequeue()


def _check_signature(handle: ElementQueue, types: list[Any]) -> None:
    if types != handle.types:
        found, wanted = (",".join(t.name for t in group) for group in (types, handle.types))
        raise errors.InvalidArgumentError(
            None, None, f"Signature mismatch, have: resource->{found} expected: resource->{wanted}"
        )


def _dequeue_many(what: str, handle: ElementQueue, n: Any, types: list[Any], timeout_ms: int) -> list[Any]:
    check_timeout(timeout_ms)
    _check_signature(handle, types)
    count = int(n)
    if count < 0:
        raise errors.InvalidArgumentError(None, None, f"{what}Op requested {count} < 0 elements")
    return handle.dequeue_many(count, what == "DequeueUpTo")


@op("QueueDequeueV2", host=True, pure=False, waits=True)
def queue_dequeue_v2(handle, *, component_types, timeout_ms=-1):
    """Take an element out; wait while the queue is empty."""
    return _dequeue(handle, component_types, timeout_ms)


@op("QueueDequeue", host=True, pure=False, waits=True)
def queue_dequeue(handle, *, component_types, timeout_ms=-1):
    """Take an element out; wait while the queue is empty."""
    return _dequeue(handle, component_types, timeout_ms)


@op("QueueDequeueManyV2", host=True, pure=False, waits=True)
def queue_dequeue_many_v2(handle, n, *, component_types, timeout_ms=-1):
    """Take `n` elements out, joined by components; wait until there are as many."""
    return _dequeue_many("DequeueMany", handle, n, component_types, timeout_ms)


@op("QueueDequeueMany", host=True, pure=False, waits=True)
def queue_dequeue_many(handle, n, *, component_types, timeout_ms=-1):
    """Take `n` elements out, joined by components; wait until there are as many."""
    return _dequeue_many("DequeueMany", handle, n, component_types, timeout_ms)


@op("QueueDequeueUpToV2", host=True, pure=False, waits=True)
def queue_dequeue_up_to_v2(handle, n, *, component_types, timeout_ms=-1):
    """Take `n` elements out, or what is left in a closed queue, joined by components."""
    return _dequeue_many("DequeueUpTo", handle, n, component_types, timeout_ms)


@op("QueueDequeueUpTo", host=True, pure=False, waits=True)
def queue_dequeue_up_to(handle, n, *, component_types, timeout_ms=-1):
    """Take `n` elements out, or what is left in a closed queue, joined by components."""
    return _dequeue_many("DequeueUpTo", handle, n, component_types, timeout_ms)


@op("QueueCloseV2", host=True, pure=False, waits=True)
def queue_close_v2(handle, *, cancel_pending_enqueues=False):
    """Take nothing more in."""
    handle.close(cancel_pending_enqueues)


@op("QueueClose", host=True, pure=False, waits=True)
def queue_close(handle, *, cancel_pending_enqueues=False):
    """Take nothing more in."""
    handle.close(cancel_pending_enqueues)


def _same_shape(c: Any) -> Any:
    return c.shapes[0]


@op("QueueSizeV2", infer=_same_shape, host=True, pure=False)
def queue_size_v2(handle):
    """How many elements the queue has."""
    return torch.tensor(len(handle), dtype=torch.int32)


@op("QueueSize", infer=_scalar, host=True, pure=False)
def queue_size(handle):
    """How many elements the queue has."""
    return torch.tensor(len(handle), dtype=torch.int32)


@op("QueueIsClosedV2", infer=_scalar, host=True, pure=False)
def queue_is_closed_v2(handle):
    """Whether the queue takes nothing more in."""
    return torch.tensor(handle.closed)


@op("QueueIsClosed", infer=_scalar, host=True, pure=False)
def queue_is_closed(handle):
    """Whether the queue takes nothing more in."""
    return torch.tensor(handle.closed)
