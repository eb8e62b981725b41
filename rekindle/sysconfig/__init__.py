# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.sysconfig."""
from rekindle._missing import getter as _getter
from rekindle._src.platform.sysconfig import (
    get_compile_flags as get_compile_flags,
    get_include as get_include,
    get_lib as get_lib,
    get_link_flags as get_link_flags,
)
from rekindle._src.platform.versions import (
    CXX11_ABI_FLAG as CXX11_ABI_FLAG,
    MONOLITHIC_BUILD as MONOLITHIC_BUILD,
)

__getattr__ = _getter('sysconfig')
