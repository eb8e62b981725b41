# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.gfile."""
from rekindle._missing import getter as _getter
from rekindle._src.platform.file_io import (
    copy as Copy,
    delete_recursively as DeleteRecursively,
    file_exists as Exists,
    FastGFile as FastGFile,
    GFile as GFile,
    get_matching_files as Glob,
    is_directory as IsDirectory,
    list_directory as ListDirectory,
    recursive_create_dir as MakeDirs,
    create_dir as MkDir,
    GFile as Open,
    delete_file as Remove,
    rename as Rename,
    stat as Stat,
    walk as Walk,
)

__getattr__ = _getter('gfile')
