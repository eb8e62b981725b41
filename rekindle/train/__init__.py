# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.train."""
from rekindle._missing import getter as _getter
from rekindle._src.formats.checkpoint_reader import NewCheckpointReader as NewCheckpointReader
from rekindle._src.formats.events import summary_iterator as summary_iterator
from rekindle._src.graph.proto import (
    BytesList as BytesList,
    ClusterDef as ClusterDef,
    Example as Example,
    Feature as Feature,
    FeatureList as FeatureList,
    FeatureLists as FeatureLists,
    Features as Features,
    FloatList as FloatList,
    Int64List as Int64List,
    JobDef as JobDef,
    SaverDef as SaverDef,
    SequenceExample as SequenceExample,
    ServerDef as ServerDef,
)
from rekindle._src.ops.confusion import confusion_matrix as confusion_matrix
from rekindle._src.summary.writer import FileWriter as SummaryWriter
from rekindle._src.train.checkpoint_files import (
    checkpoint_exists as checkpoint_exists,
    generate_checkpoint_state_proto as generate_checkpoint_state_proto,
    get_checkpoint_mtimes as get_checkpoint_mtimes,
    get_checkpoint_state as get_checkpoint_state,
    latest_checkpoint as latest_checkpoint,
    remove_checkpoint as remove_checkpoint,
    update_checkpoint_state as update_checkpoint_state,
)
from rekindle._src.train.checkpoint_variables import (
    checkpoints_iterator as checkpoints_iterator,
    init_from_checkpoint as init_from_checkpoint,
    list_variables as list_variables,
    load_checkpoint as load_checkpoint,
    load_variable as load_variable,
)
from rekindle._src.train.global_step import (
    assert_global_step as assert_global_step,
    create_global_step as create_global_step,
    get_global_step as get_global_step,
    get_or_create_global_step as get_or_create_global_step,
    global_step as global_step,
)
from rekindle._src.train.meta_graph_files import (
    export_meta_graph as export_meta_graph,
    import_meta_graph as import_meta_graph,
)
from rekindle._src.train.moving_averages import ExponentialMovingAverage as ExponentialMovingAverage
from rekindle._src.train.optimizers.adadelta import AdadeltaOptimizer as AdadeltaOptimizer
from rekindle._src.train.optimizers.adagrad import (
    AdagradDAOptimizer as AdagradDAOptimizer,
    AdagradOptimizer as AdagradOptimizer,
    ProximalAdagradOptimizer as ProximalAdagradOptimizer,
)
from rekindle._src.train.optimizers.adam import AdamOptimizer as AdamOptimizer
from rekindle._src.train.optimizers.ftrl import FtrlOptimizer as FtrlOptimizer
from rekindle._src.train.optimizers.gradient_descent import (
    GradientDescentOptimizer as GradientDescentOptimizer,
    ProximalGradientDescentOptimizer as ProximalGradientDescentOptimizer,
)
from rekindle._src.train.optimizers.momentum import MomentumOptimizer as MomentumOptimizer
from rekindle._src.train.optimizers.optimizer import Optimizer as Optimizer
from rekindle._src.train.optimizers.rmsprop import RMSPropOptimizer as RMSPropOptimizer
from rekindle._src.train.saver import Saver as Saver
from rekindle._src.train.schedules import (
    cosine_decay as cosine_decay,
    cosine_decay_restarts as cosine_decay_restarts,
    exponential_decay as exponential_decay,
    inverse_time_decay as inverse_time_decay,
    linear_cosine_decay as linear_cosine_decay,
    natural_exp_decay as natural_exp_decay,
    noisy_linear_cosine_decay as noisy_linear_cosine_decay,
    piecewise_constant as piecewise_constant,
    piecewise_constant as piecewise_constant_decay,
    polynomial_decay as polynomial_decay,
)

__getattr__ = _getter('train')
