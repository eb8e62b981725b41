"""What TensorFlow 1.15.5 says of its own build; programs read it to tell versions apart.

Holds the compiler and ABI. `tf.VERSION` and `tf.GIT_VERSION` stand with the MetaGraphDef, which
records them.
"""
from __future__ import annotations

from rekindle._src.names import export

COMPILER_VERSION = "7.3.1 20180303"
CXX11_ABI_FLAG = 0
MONOLITHIC_BUILD = 0
GRAPH_DEF_VERSION_MIN_CONSUMER = 0
GRAPH_DEF_VERSION_MIN_PRODUCER = 0

export("COMPILER_VERSION version.COMPILER_VERSION", __name__, "COMPILER_VERSION")
export("__compiler_version__", __name__, "COMPILER_VERSION")
export("CXX11_ABI_FLAG sysconfig.CXX11_ABI_FLAG __cxx11_abi_flag__", __name__, "CXX11_ABI_FLAG")
export("MONOLITHIC_BUILD sysconfig.MONOLITHIC_BUILD", __name__, "MONOLITHIC_BUILD")
export("__monolithic_build__", __name__, "MONOLITHIC_BUILD")
export(
    "GRAPH_DEF_VERSION version.GRAPH_DEF_VERSION", "rekindle._src.graph.graph", "GRAPH_DEF_VERSION"
)
for _name in ("GRAPH_DEF_VERSION_MIN_CONSUMER", "GRAPH_DEF_VERSION_MIN_PRODUCER"):
    export(f"{_name} version.{_name}", __name__, _name)
