# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.linalg."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.array_diag import (
    matrix_band_part as band_part,
    matrix_diag as diag,
    matrix_diag_part as diag_part,
    matrix_set_diag as set_diag,
    diag as tensor_diag,
    diag_part as tensor_diag_part,
)
from rekindle._src.ops.array_shape import (
    matrix_transpose as matrix_transpose,
    matrix_transpose as transpose,
)
from rekindle._src.ops.clip import global_norm as global_norm
from rekindle._src.ops.linalg import (
    adjoint as adjoint,
    cross as cross,
    eye as eye,
    logdet as logdet,
    matrix_rank as matrix_rank,
    norm as norm,
    pinv as pinv,
)
from rekindle._src.ops.linalg_contract import (
    einsum as einsum,
    tensordot as tensordot,
)
from rekindle._src.ops.linalg_decompose import (
    self_adjoint_eig as eigh,
    self_adjoint_eigvals as eigvalsh,
    matrix_logarithm as logm,
    qr as qr,
    matrix_square_root as sqrtm,
    svd as svd,
)
from rekindle._src.ops.linalg_exponential import matrix_exponential as expm
from rekindle._src.ops.linalg_matmul import (
    matmul as matmul,
    matvec as matvec,
    trace as trace,
)
from rekindle._src.ops.linalg_solve import (
    cholesky as cholesky,
    cholesky_solve as cholesky_solve,
    matrix_determinant as det,
    matrix_inverse as inv,
    matrix_solve_ls as lstsq,
    lu as lu,
    log_matrix_determinant as slogdet,
    matrix_solve as solve,
    matrix_triangular_solve as triangular_solve,
)
from rekindle._src.ops.linalg_tridiagonal import (
    tridiagonal_matmul as tridiagonal_matmul,
    tridiagonal_solve as tridiagonal_solve,
)
from rekindle._src.ops.norm import (
    l2_normalize as l2_normalize,
    normalize as normalize,
)

__getattr__ = _getter('linalg')
