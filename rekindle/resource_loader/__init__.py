# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.resource_loader."""
from rekindle._missing import getter as _getter
from rekindle._src.platform.resource_loader import (
    get_data_files_path as get_data_files_path,
    get_path_to_datafile as get_path_to_datafile,
    get_root_dir_with_all_resources as get_root_dir_with_all_resources,
    load_resource as load_resource,
    readahead_file_path as readahead_file_path,
)

__getattr__ = _getter('resource_loader')
