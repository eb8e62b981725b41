# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.io.gfile."""
from rekindle._missing import getter as _getter
from rekindle._src.platform.file_io import (
    GFile as GFile,
    copy_v2 as copy,
    file_exists_v2 as exists,
    get_matching_files_v2 as glob,
    is_directory_v2 as isdir,
    list_directory_v2 as listdir,
    recursive_create_dir_v2 as makedirs,
    create_dir_v2 as mkdir,
    delete_file_v2 as remove,
    rename_v2 as rename,
    delete_recursively_v2 as rmtree,
    stat_v2 as stat,
    walk_v2 as walk,
)

__getattr__ = _getter('io.gfile')
