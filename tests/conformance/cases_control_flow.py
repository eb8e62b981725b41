"""Ops of branches, loops, stacks, TensorArrays and function calls: no single call shows them."""

CASES = []

ELSEWHERE = dict.fromkeys(
    """Switch RefSwitch Merge RefMerge Enter RefEnter Exit RefExit NextIteration RefNextIteration
    LoopCond ControlTrigger StackV2 StackPushV2 StackPopV2 StackCloseV2 TensorArrayV3
    TensorArrayGradV3 TensorArrayGradWithShape TensorArrayWriteV3 TensorArrayReadV3
    TensorArrayGatherV3 TensorArrayScatterV3 TensorArrayConcatV3 TensorArraySplitV3
    TensorArraySizeV3 TensorArrayCloseV3 PartitionedCall StatefulPartitionedCall RemoteCall
    SymbolicGradient If StatelessIf Case While StatelessWhile""".split(),
    "tests/ops/test_control_flow_ops.py",
)
ELSEWHERE |= dict.fromkeys(
    """Stack StackPush StackPop StackClose TensorArray TensorArrayV2 TensorArrayGrad TensorArrayGradV2
    TensorArrayWrite TensorArrayWriteV2 TensorArrayRead TensorArrayReadV2 TensorArrayGather TensorArrayGatherV2
    TensorArrayScatter TensorArrayScatterV2 TensorArrayConcat TensorArrayConcatV2 TensorArraySplit
    TensorArraySplitV2 TensorArraySize TensorArraySizeV2 TensorArrayClose TensorArrayCloseV2 TensorArrayPack
    TensorArrayUnpack""".split(),
    "tests/ops/test_tensor_array_old.py",
)
ELSEWHERE |= dict.fromkeys(["For", "FakeParam"], "tests/ops/test_control_flow.py")
ELSEWHERE["Abort"] = "tests/ops/test_control.py"
ELSEWHERE |= dict.fromkeys(
    "OptionalFromValue OptionalGetValue OptionalHasValue OptionalNone".split(), "tests/flow/test_branches.py")
