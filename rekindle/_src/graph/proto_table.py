"""The protocol messages that TensorFlow 1.15 has and `tensorboard.compat.proto` lacks.

A table of facts, read by `proto.py`, which builds the messages from it. A `file` line names a
.proto file below `tensorflow/` with its package (`tensorflow` unless said) and what it imports
after `<`. A line `Name: number field type, ...` is a message: `*` means repeated, `map K V` a map,
`@x` a member of the oneof x; `enum Name: number VALUE, ...` an enum. Continued lines are deeper.

Source: the field numbers and types of the .proto files of TensorFlow 1.15.5.
"""
from __future__ import annotations

TABLE = """
file core/example/feature
  BytesList: 1 value bytes*
  FloatList: 1 value float*
  Int64List: 1 value int64*
  Feature: 1 bytes_list BytesList @kind, 2 float_list FloatList @kind, 3 int64_list Int64List @kind
  Features: 1 feature map string Feature
  FeatureList: 1 feature Feature*
  FeatureLists: 1 feature_list map string FeatureList
file core/example/example < core/example/feature
  Example: 1 features Features
  SequenceExample: 1 context Features, 2 feature_lists FeatureLists
file core/example/example_parser_configuration < core/framework/tensor_shape core/framework/tensor
      core/framework/types
  VarLenFeatureProto: 1 dtype DataType, 2 values_output_tensor_name string,
    3 indices_output_tensor_name string, 4 shapes_output_tensor_name string
  FixedLenFeatureProto: 1 dtype DataType, 2 shape TensorShapeProto, 3 default_value TensorProto,
    4 values_output_tensor_name string
  FeatureConfiguration: 1 fixed_len_feature FixedLenFeatureProto @config,
    2 var_len_feature VarLenFeatureProto @config
  ExampleParserConfiguration: 1 feature_map map string FeatureConfiguration
file core/lib/core/error_codes package tensorflow.error
  enum Code: 0 OK, 1 CANCELLED, 2 UNKNOWN, 3 INVALID_ARGUMENT, 4 DEADLINE_EXCEEDED, 5 NOT_FOUND,
    6 ALREADY_EXISTS, 7 PERMISSION_DENIED, 16 UNAUTHENTICATED, 8 RESOURCE_EXHAUSTED,
    9 FAILED_PRECONDITION, 10 ABORTED, 11 OUT_OF_RANGE, 12 UNIMPLEMENTED, 13 INTERNAL,
    14 UNAVAILABLE, 15 DATA_LOSS,
    20 DO_NOT_USE_RESERVED_FOR_FUTURE_EXPANSION_USE_DEFAULT_IN_SWITCH_INSTEAD_
file core/framework/tensor_slice
  TensorSliceProto: 1 extent TensorSliceProto.Extent*
  TensorSliceProto.Extent: 1 start int64, 2 length int64 @has_length
file core/framework/device_attributes
  InterconnectLink: 1 device_id int32, 2 type string, 3 strength int32
  LocalLinks: 1 link InterconnectLink*
  DeviceLocality: 1 bus_id int32, 2 numa_node int32, 3 links LocalLinks
  DeviceAttributes: 1 name string, 2 device_type string, 4 memory_limit int64,
    5 locality DeviceLocality, 6 incarnation fixed64, 7 physical_device_desc string
file core/framework/kernel_def < core/framework/attr_value
  KernelDef: 1 op string, 2 device_type string, 3 constraint KernelDef.AttrConstraint*,
    4 host_memory_arg string*, 5 label string, 6 priority int32
  KernelDef.AttrConstraint: 1 name string, 2 allowed_values AttrValue
  KernelList: 1 kernel KernelDef*
file core/framework/reader_base
  ReaderBaseState: 1 work_started int64, 2 work_finished int64, 3 num_records_produced int64,
    4 current_work bytes
file core/protobuf/control_flow
  ValuesDef: 1 values string*, 2 external_values map string string
  ControlFlowContextDef: 1 cond_ctxt CondContextDef @ctxt, 2 while_ctxt WhileContextDef @ctxt
  CondContextDef: 1 context_name string, 2 pred_name string, 3 pivot_name string, 4 branch int32,
    5 values_def ValuesDef, 6 nested_contexts ControlFlowContextDef*
  WhileContextDef: 1 context_name string, 2 parallel_iterations int32, 3 back_prop bool,
    4 swap_memory bool, 5 pivot_name string, 6 pivot_for_pred_name string,
    7 pivot_for_body_name string, 8 loop_exit_names string*, 10 loop_enter_names string*,
    9 values_def ValuesDef, 11 maximum_iterations_name string,
    12 nested_contexts ControlFlowContextDef*
file core/protobuf/queue_runner < core/lib/core/error_codes
  QueueRunnerDef: 1 queue_name string, 2 enqueue_op_name string*, 3 close_op_name string,
    4 cancel_op_name string, 5 queue_closed_exception_types error.Code*
file core/protobuf/tensorflow_server < core/protobuf/config core/protobuf/cluster
  ServerDef: 1 cluster ClusterDef, 2 job_name string, 3 task_index int32,
    4 default_session_config ConfigProto, 5 protocol string
file core/protobuf/named_tensor < core/framework/tensor
  NamedTensorProto: 1 name string, 2 tensor TensorProto
file core/protobuf/tensor_bundle < core/framework/tensor_shape core/framework/tensor_slice
      core/framework/types core/framework/versions
  BundleHeaderProto: 1 num_shards int32, 2 endianness BundleHeaderProto.Endianness,
    3 version VersionDef
  enum BundleHeaderProto.Endianness: 0 LITTLE, 1 BIG
  BundleEntryProto: 1 dtype DataType, 2 shape TensorShapeProto, 3 shard_id int32, 4 offset int64,
    5 size int64, 6 crc32c fixed32, 7 slices TensorSliceProto*
file core/protobuf/saved_model < core/protobuf/meta_graph
  SavedModel: 1 saved_model_schema_version int64, 2 meta_graphs MetaGraphDef*
file core/protobuf/device_properties
  DeviceProperties: 1 type string, 2 vendor string, 3 model string, 4 frequency int64,
    5 num_cores int64, 6 environment map string string, 7 num_registers int64,
    8 l1_cache_size int64, 9 l2_cache_size int64, 10 l3_cache_size int64,
    11 shared_memory_size_per_multiprocessor int64, 12 memory_size int64, 13 bandwidth int64
  NamedDevice: 1 name string, 2 properties DeviceProperties
file core/protobuf/transport_options
  RecvBufRespExtra: 1 tensor_content bytes*
file core/util/saved_tensor_slice < core/framework/tensor_shape core/framework/tensor_slice
      core/framework/tensor core/framework/types core/framework/versions
  SavedSliceMeta: 1 name string, 2 shape TensorShapeProto, 3 type DataType,
    4 slice TensorSliceProto*
  SavedTensorSliceMeta: 1 tensor SavedSliceMeta*, 2 versions VersionDef
  SavedSlice: 1 name string, 2 slice TensorSliceProto, 3 data TensorProto
  SavedTensorSlices: 1 meta SavedTensorSliceMeta, 2 data SavedSlice
file core/util/test_log < google/protobuf/any.proto google/protobuf/wrappers.proto
  EntryValue: 1 double_value double @kind, 2 string_value string @kind
  MetricEntry: 1 name string, 2 value double, 3 min_value google.protobuf.DoubleValue,
    4 max_value google.protobuf.DoubleValue
  BenchmarkEntry: 1 name string, 2 iters int64, 3 cpu_time double, 4 wall_time double,
    5 throughput double, 6 extras map string EntryValue, 7 metrics MetricEntry*
  BenchmarkEntries: 1 entry BenchmarkEntry*
  BuildConfiguration: 1 mode string, 2 cc_flags string*, 3 opts string*
  CommitId: 1 changelist int64 @kind, 2 hash string @kind, 3 snapshot string,
    4 pending_changelist int64
  CPUInfo: 1 num_cores int64, 2 num_cores_allowed int64, 3 mhz_per_cpu double, 4 cpu_info string,
    5 cpu_governor string, 6 cache_size map string int64
  MemoryInfo: 1 total int64, 2 available int64
  GPUInfo: 1 model string, 2 uuid string, 3 bus_id string
  PlatformInfo: 1 bits string, 2 linkage string, 3 machine string, 4 release string,
    5 system string, 6 version string
  AvailableDeviceInfo: 1 name string, 2 type string, 3 memory_limit int64,
    4 physical_description string
  MachineConfiguration: 1 hostname string, 7 serial_identifier string,
    2 platform_info PlatformInfo, 3 cpu_info CPUInfo, 4 device_info google.protobuf.Any*,
    5 available_device_info AvailableDeviceInfo*, 6 memory_info MemoryInfo
  RunConfiguration: 1 argument string*
  TestResults: 1 target string, 2 entries BenchmarkEntries,
    3 build_configuration BuildConfiguration, 4 commit_id CommitId, 5 start_time int64,
    6 run_time double, 7 machine_configuration MachineConfiguration,
    8 run_configuration RunConfiguration, 9 name string,
    10 benchmark_type TestResults.BenchmarkType, 11 run_mode string, 12 tf_version string
  enum TestResults.BenchmarkType: 0 UNKNOWN, 1 CPP_MICROBENCHMARK, 2 PYTHON_BENCHMARK,
    3 ANDROID_BENCHMARK
file core/profiler/tfprof_options package tensorflow.tfprof
  OptionsProto: 1 max_depth int64, 2 min_bytes int64, 19 min_peak_bytes int64,
    20 min_residual_bytes int64, 21 min_output_bytes int64, 3 min_micros int64,
    22 min_accelerator_micros int64, 23 min_cpu_micros int64, 4 min_params int64,
    5 min_float_ops int64, 17 min_occurrence int64, 18 step int64, 7 order_by string,
    8 account_type_regexes string*, 9 start_name_regexes string*, 10 trim_name_regexes string*,
    11 show_name_regexes string*, 12 hide_name_regexes string*, 13 account_displayed_op_only bool,
    14 select string*, 15 output string, 16 dump_to_file string
  AdvisorOptionsProto: 1 checkers map string AdvisorOptionsProto.CheckerOption
  AdvisorOptionsProto.CheckerOption: 1 options map string string
file core/profiler/tfprof_output package tensorflow.tfprof < core/framework/tensor_shape
      core/framework/types
  TFProfTensorProto: 1 dtype DataType, 2 value_double double*, 3 value_int64 int64*,
    4 value_str string*
  GraphNodeProto: 1 name string, 15 tensor_value TFProfTensorProto, 21 run_count int64,
    2 exec_micros int64, 17 accelerator_exec_micros int64, 18 cpu_exec_micros int64,
    3 requested_bytes int64, 24 peak_bytes int64, 25 residual_bytes int64, 26 output_bytes int64,
    4 parameters int64, 13 float_ops int64, 10 devices string*, 23 total_definition_count int64,
    22 total_run_count int64, 6 total_exec_micros int64, 19 total_accelerator_exec_micros int64,
    20 total_cpu_exec_micros int64, 7 total_requested_bytes int64, 27 total_peak_bytes int64,
    28 total_residual_bytes int64, 29 total_output_bytes int64, 8 total_parameters int64,
    14 total_float_ops int64, 11 shapes TensorShapeProto*,
    16 input_shapes map int32 TensorShapeProto, 12 children GraphNodeProto*
  MultiGraphNodeProto: 1 name string, 2 exec_micros int64, 12 accelerator_exec_micros int64,
    13 cpu_exec_micros int64, 3 requested_bytes int64, 16 peak_bytes int64,
    17 residual_bytes int64, 18 output_bytes int64, 4 parameters int64, 5 float_ops int64,
    6 total_exec_micros int64, 14 total_accelerator_exec_micros int64,
    15 total_cpu_exec_micros int64, 7 total_requested_bytes int64, 19 total_peak_bytes int64,
    20 total_residual_bytes int64, 21 total_output_bytes int64, 8 total_parameters int64,
    9 total_float_ops int64, 10 graph_nodes GraphNodeProto*, 11 children MultiGraphNodeProto*
  AdviceProto: 1 checkers map string AdviceProto.Checker
  AdviceProto.Checker: 2 reports string*
file core/debug/debugger_event_metadata package third_party.tensorflow.core.debug
  DebuggerEventMetadata: 1 device string, 2 output_slot int32, 3 num_chunks int32,
    4 chunk_index int32
file python/training/checkpoint_state
  CheckpointState: 1 model_checkpoint_path string, 2 all_model_checkpoint_paths string*,
    3 all_model_checkpoint_timestamps double*, 4 last_preserved_timestamp double
file contrib/tensorboard/plugins/projector/projector_config
  SpriteMetadata: 1 image_path string, 2 single_image_dim uint32*
  EmbeddingInfo: 1 tensor_name string, 2 metadata_path string, 3 bookmarks_path string,
    4 tensor_shape uint32*, 5 sprite SpriteMetadata, 6 tensor_path string
  ProjectorConfig: 1 model_checkpoint_path string, 2 embeddings EmbeddingInfo*,
    3 model_checkpoint_dir string
file contrib/training/python/training/hparam
  HParamDef: 1 hparam map string HParamDef.HParamType
  HParamDef.BytesList: 1 value bytes*
  HParamDef.FloatList: 1 value float*
  HParamDef.Int64List: 1 value int64*
  HParamDef.BoolList: 1 value bool*
  HParamDef.HParamType: 1 int64_value int64 @kind, 2 float_value float @kind,
    3 bytes_value bytes @kind, 7 bool_value bool @kind, 4 int64_list HParamDef.Int64List @kind,
    5 float_list HParamDef.FloatList @kind, 6 bytes_list HParamDef.BytesList @kind,
    8 bool_list HParamDef.BoolList @kind
file contrib/session_bundle/manifest package tensorflow.serving
  Signatures: 1 default_signature Signature, 2 named_signatures map string Signature
  TensorBinding: 1 tensor_name string
  AssetFile: 1 tensor_binding TensorBinding, 2 filename string
  Signature: 1 regression_signature RegressionSignature @type,
    2 classification_signature ClassificationSignature @type,
    3 generic_signature GenericSignature @type
  RegressionSignature: 1 input TensorBinding, 2 output TensorBinding
  ClassificationSignature: 1 input TensorBinding, 2 classes TensorBinding, 3 scores TensorBinding
  GenericSignature: 1 map map string TensorBinding
file core/protobuf/tpu/topology package tensorflow.tpu
  TopologyProto: 1 mesh_shape int32*, 2 num_tasks int32, 3 num_tpu_devices_per_task int32,
    4 device_coordinates int32*
"""
