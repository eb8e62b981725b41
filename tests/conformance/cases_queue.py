"""Ops on queues, readers, barriers and accumulators: no single call shows them."""
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
ELSEWHERE.update(
    dict.fromkeys(
        [
            "AddManySparseToTensorsMap", "AddSparseToTensorsMap", "FixedLengthRecordReader",
            "FixedLengthRecordReaderV2", "IdentityReader", "IdentityReaderV2", "ReaderNumRecordsProduced",
            "ReaderNumRecordsProducedV2", "ReaderNumWorkUnitsCompleted", "ReaderNumWorkUnitsCompletedV2", "ReaderRead",
            "ReaderReadUpTo", "ReaderReadUpToV2", "ReaderReadV2", "ReaderReset", "ReaderResetV2", "ReaderRestoreState",
            "ReaderRestoreStateV2", "ReaderSerializeState", "ReaderSerializeStateV2", "TFRecordReader",
            "TFRecordReaderV2", "TakeManySparseFromTensorsMap", "TextLineReader", "TextLineReaderV2",
            "WholeFileReader", "WholeFileReaderV2",
        ],
        "tests/ops/test_readers.py",
    )
)  # fmt: skip
ELSEWHERE.update(
    dict.fromkeys(
        [
            "AccumulatorApplyGradient", "AccumulatorNumAccumulated", "AccumulatorSetGlobalStep",
            "AccumulatorTakeGradient", "Barrier", "BarrierClose", "BarrierIncompleteSize", "BarrierInsertMany",
            "BarrierReadySize", "BarrierTakeMany", "ConditionalAccumulator", "ResourceAccumulatorApplyGradient",
            "ResourceAccumulatorNumAccumulated", "ResourceAccumulatorSetGlobalStep",
            "ResourceAccumulatorTakeGradient", "ResourceConditionalAccumulator", "SparseAccumulatorApplyGradient",
            "SparseAccumulatorTakeGradient", "SparseConditionalAccumulator",
        ],
        "tests/ops/test_accumulators.py",
    )
)  # fmt: skip
ELSEWHERE.update(
    dict.fromkeys(["Stage", "StageClear", "StagePeek", "StageSize", "Unstage"], "tests/ops/test_staging.py")
)
