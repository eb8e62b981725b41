# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.signal."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.math_cosine import (
    dct as dct,
    idct as idct,
)
from rekindle._src.ops.math_fourier import (
    fft as fft,
    fft2d as fft2d,
    fft3d as fft3d,
    fftshift as fftshift,
    ifft as ifft,
    ifft2d as ifft2d,
    ifft3d as ifft3d,
    ifftshift as ifftshift,
    irfft as irfft,
    irfft2d as irfft2d,
    irfft3d as irfft3d,
    rfft as rfft,
    rfft2d as rfft2d,
    rfft3d as rfft3d,
)

__getattr__ = _getter('signal')
