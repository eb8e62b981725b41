"""Ops on queues: no single call shows them."""
CASES = []
ELSEWHERE = dict.fromkeys(
    [
        "FIFOQueue", "FIFOQueueV2", "FakeQueue", "PaddingFIFOQueue", "PaddingFIFOQueueV2", "PriorityQueue",
        "PriorityQueueV2", "QueueClose", "QueueCloseV2", "QueueDequeue", "QueueDequeueMany", "QueueDequeueManyV2",
        "QueueDequeueUpTo", "QueueDequeueUpToV2", "QueueDequeueV2", "QueueEnqueue", "QueueEnqueueMany",
        "QueueEnqueueManyV2", "QueueEnqueueV2", "QueueIsClosed", "QueueIsClosedV2", "QueueSize", "QueueSizeV2",
        "RandomShuffleQueue", "RandomShuffleQueueV2",
    ],
    "tests/ops/test_queue.py",
)  # fmt: skip
