# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.distributions."""
from rekindle._missing import getter as _getter
from rekindle._src.distributions.categorical import (
    Bernoulli as Bernoulli,
    Categorical as Categorical,
)
from rekindle._src.distributions.described import (
    FULLY_REPARAMETERIZED as FULLY_REPARAMETERIZED,
    NOT_REPARAMETERIZED as NOT_REPARAMETERIZED,
    ReparameterizationType as ReparameterizationType,
)
from rekindle._src.distributions.distribution import Distribution as Distribution
from rekindle._src.distributions.divergence import (
    RegisterKL as RegisterKL,
    kl_divergence as kl_divergence,
)
from rekindle._src.distributions.normal import (
    Normal as Normal,
    Uniform as Uniform,
)

__getattr__ = _getter('contrib.distributions')
