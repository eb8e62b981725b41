"""Names of TensorFlow 0.x that 1.15 no longer has -> the name of 1.15 that does the same.

Only renamed functions are here. Those whose arguments changed place under the same name
(`tf.concat`, `tf.split`) follow TensorFlow 1.15.
"""
from __future__ import annotations

#: old name -> name in TensorFlow 1.15, both without the leading `tf.`
OLD_NAMES = {
    "mul": "multiply",
    "sub": "subtract",
    "neg": "negative",
    "inv": "reciprocal",
    "pack": "stack",
    "unpack": "unstack",
    "concat_v2": "concat",
    "batch_matmul": "matmul",
    "batch_matrix_band_part": "matrix_band_part",
    "batch_matrix_determinant": "matrix_determinant",
    "batch_matrix_diag": "matrix_diag",
    "batch_matrix_diag_part": "matrix_diag_part",
    "batch_matrix_inverse": "matrix_inverse",
    "batch_matrix_set_diag": "matrix_set_diag",
    "batch_matrix_solve": "matrix_solve",
    "batch_matrix_transpose": "matrix_transpose",
    "batch_matrix_triangular_solve": "matrix_triangular_solve",
    "batch_cholesky": "cholesky",
    "batch_fft": "fft",
    "batch_ifft": "ifft",
    "complex_abs": "abs",
    "select": "where",
    "listdiff": "setdiff1d",
    "scalar_summary": "summary.scalar",
    "histogram_summary": "summary.histogram",
    "image_summary": "summary.image",
    "audio_summary": "summary.audio",
    "merge_summary": "summary.merge",
    "merge_all_summaries": "summary.merge_all",
    "train.SummaryWriter": "summary.FileWriter",
    "summary.SummaryWriter": "summary.FileWriter",
    "initialize_all_tables": "tables_initializer",
    "initialize_local_variables": "local_variables_initializer",
    "initialize_all_variables": "global_variables_initializer",
    "initialize_variables": "variables_initializer",
    "all_variables": "global_variables",
    "nn.rnn": "nn.static_rnn",
    "nn.bidirectional_rnn": "nn.static_bidirectional_rnn",
    "nn.state_saving_rnn": "nn.static_state_saving_rnn",
}
