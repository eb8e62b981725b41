# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.train."""
from rekindle._missing import getter as _getter
from rekindle._src.formats.checkpoint_reader import NewCheckpointReader as NewCheckpointReader
from rekindle._src.formats.events import summary_iterator as summary_iterator
from rekindle._src.formats.graph_files import write_graph as write_graph
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
from rekindle._src.train.coordinator import (
    Coordinator as Coordinator,
    LooperThread as LooperThread,
)
from rekindle._src.train.global_step import (
    assert_global_step as assert_global_step,
    create_global_step as create_global_step,
    get_global_step as get_global_step,
    get_or_create_global_step as get_or_create_global_step,
    global_step as global_step,
)
from rekindle._src.train.input import (
    input_producer as input_producer,
    limit_epochs as limit_epochs,
    match_filenames_once as match_filenames_once,
    range_input_producer as range_input_producer,
    slice_input_producer as slice_input_producer,
    string_input_producer as string_input_producer,
)
from rekindle._src.train.input_batch import (
    batch as batch,
    batch_join as batch_join,
    maybe_batch as maybe_batch,
    maybe_batch_join as maybe_batch_join,
    maybe_shuffle_batch as maybe_shuffle_batch,
    maybe_shuffle_batch_join as maybe_shuffle_batch_join,
    shuffle_batch as shuffle_batch,
    shuffle_batch_join as shuffle_batch_join,
)
from rekindle._src.train.meta_graph_files import (
    export_meta_graph as export_meta_graph,
    import_meta_graph as import_meta_graph,
)
from rekindle._src.train.monitored_session import (
    MonitoredSession as MonitoredSession,
    MonitoredTrainingSession as MonitoredTrainingSession,
    SingularMonitoredSession as SingularMonitoredSession,
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
from rekindle._src.train.queue_runner import (
    QueueRunner as QueueRunner,
    add_queue_runner as add_queue_runner,
    start_queue_runners as start_queue_runners,
)
from rekindle._src.train.run_hooks import (
    SessionRunArgs as SessionRunArgs,
    SessionRunContext as SessionRunContext,
    SessionRunHook as SessionRunHook,
    SessionRunValues as SessionRunValues,
)
from rekindle._src.train.saver import Saver as Saver
from rekindle._src.train.saving_hooks import (
    CheckpointSaverHook as CheckpointSaverHook,
    CheckpointSaverListener as CheckpointSaverListener,
    ProfilerHook as ProfilerHook,
    StepCounterHook as StepCounterHook,
    SummarySaverHook as SummarySaverHook,
)
from rekindle._src.train.scaffold import Scaffold as Scaffold
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
from rekindle._src.train.session_creators import (
    ChiefSessionCreator as ChiefSessionCreator,
    SessionCreator as SessionCreator,
    WorkerSessionCreator as WorkerSessionCreator,
)
from rekindle._src.train.session_manager import SessionManager as SessionManager
from rekindle._src.train.step_hooks import (
    FeedFnHook as FeedFnHook,
    FinalOpsHook as FinalOpsHook,
    GlobalStepWaiterHook as GlobalStepWaiterHook,
    LoggingTensorHook as LoggingTensorHook,
    NanLossDuringTrainingError as NanLossDuringTrainingError,
    NanTensorHook as NanTensorHook,
    SecondOrStepTimer as SecondOrStepTimer,
    StopAtStepHook as StopAtStepHook,
)
from rekindle._src.train.supervisor import (
    Supervisor as Supervisor,
    basic_train_loop as basic_train_loop,
)
from rekindle._src.train.tracking.checkpoint import Checkpoint as Checkpoint
from rekindle._src.train.tracking.rotation import CheckpointManager as CheckpointManager
from rekindle._src.train.warm_start import (
    VocabInfo as VocabInfo,
    warm_start as warm_start,
)
from rekindle.train import queue_runner as queue_runner

__getattr__ = _getter('train')
