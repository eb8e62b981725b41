"""`tf.VERSION` and `tf.version`: those of TensorFlow 1.15.5, whose programs Rekindle runs."""
from __future__ import annotations

from rekindle._src.names import export

VERSION = "1.15.5"
GIT_VERSION = "v1.15.4-39-g3db52be"
COMPILER_VERSION = "7.3.1 20180303"
CXX11_ABI_FLAG = 0
MONOLITHIC_BUILD = 0

export("VERSION version.VERSION __version__", __name__, "VERSION")
export("GIT_VERSION version.GIT_VERSION __git_version__", __name__, "GIT_VERSION")
export(
    "COMPILER_VERSION version.COMPILER_VERSION __compiler_version__", __name__, "COMPILER_VERSION"
)
export("CXX11_ABI_FLAG sysconfig.CXX11_ABI_FLAG __cxx11_abi_flag__", __name__, "CXX11_ABI_FLAG")
export(
    "MONOLITHIC_BUILD sysconfig.MONOLITHIC_BUILD __monolithic_build__",
    __name__,
    "MONOLITHIC_BUILD",
)
