"""Names that ops of linear algebra had in old graphs: they compute what their successors do."""

from __future__ import annotations

import torch

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import linalg_decompose, linalg_solve


def _square(c):
    return linalg_solve.square(c.shapes[0])


def _eigen_shape(c):
    shape = linalg_solve.square(c.shapes[0])
    return (
        None
        if shape is None
        else (*shape[:-2], None if shape[-1] is None else shape[-1] + 1, shape[-1])
    )


for _old, _new in (
    ("BatchCholesky", linalg_solve.cholesky),
    ("BatchCholeskyGrad", linalg_solve.cholesky_grad),
    ("BatchMatrixDeterminant", linalg_solve.matrix_determinant),
    ("BatchMatrixInverse", linalg_solve.matrix_inverse),
    ("BatchMatrixSolve", linalg_solve.matrix_solve),
    ("BatchMatrixSolveLs", linalg_solve.matrix_solve_ls_op),
    ("BatchMatrixTriangularSolve", linalg_solve.matrix_triangular_solve),
    ("BatchSelfAdjointEigV2", linalg_decompose.self_adjoint_eig_v2),
    ("BatchSvd", linalg_decompose.svd_op),
):
    op(_old, infer=infer.RULES[_new.type])(_new.kernel)


def self_adjoint_eig(input):
    """Eigenvalues in the first row, below them the eigenvectors as columns."""
    values, vectors = torch.linalg.eigh(input)
    return torch.cat([values.unsqueeze(-2), vectors], -2)


op("SelfAdjointEig", infer=_eigen_shape)(self_adjoint_eig)
op("BatchSelfAdjointEig", infer=_eigen_shape)(self_adjoint_eig)
