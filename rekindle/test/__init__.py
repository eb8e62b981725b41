# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.test."""
from rekindle._missing import getter as _getter
from rekindle._src.testing.benchmark import (
    Benchmark as Benchmark,
    benchmark_config as benchmark_config,
)
from rekindle._src.testing.case import TestCase as TestCase
from rekindle._src.testing.folders import (
    get_temp_dir as get_temp_dir,
    test_src_dir_path as test_src_dir_path,
)
from rekindle._src.testing.graphs import assert_equal_graph_def as assert_equal_graph_def
from rekindle._src.testing.hardware import (
    gpu_device_name as gpu_device_name,
    is_built_with_cuda as is_built_with_cuda,
    is_built_with_gpu_support as is_built_with_gpu_support,
    is_built_with_rocm as is_built_with_rocm,
    is_gpu_available as is_gpu_available,
)
from rekindle._src.testing.jacobians import (
    compute_gradient as compute_gradient,
    compute_gradient_error as compute_gradient_error,
)
from rekindle._src.testing.main import (
    StubOutForTesting as StubOutForTesting,
    main as main,
    mock as mock,
)

__getattr__ = _getter('test')
