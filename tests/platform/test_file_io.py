"""tf.gfile against what TensorFlow 1.15.5 does with local files."""
import os

import pytest

from rekindle._src import errors
from rekindle._src.platform import file_io as files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "f.txt").write_bytes(b"one\r\ntwo\nthree")
    (tmp_path / "a" / "c.txt").write_text("c")
    (tmp_path / "a" / "b" / "d.txt").write_text("d")
    return str(tmp_path)


def read(path, mode="r"):
    with files.GFile(path, mode) as file:
        return file.read()


def write(path, content, mode="w"):
    with files.GFile(path, mode) as file:
        file.write(content)


def test_reads_text_and_bytes(folder):
    assert read(f"{folder}/f.txt") == "one\r\ntwo\nthree"
    assert read(f"{folder}/f.txt", "rb") == b"one\r\ntwo\nthree"


def test_lines_lose_carriage_returns(folder):
    assert files.GFile(f"{folder}/f.txt").readlines() == ["one\n", "two\n", "three"]
    assert list(files.GFile(f"{folder}/f.txt", "rb")) == [b"one\n", b"two\n", b"three"]


def test_a_file_appears_with_the_first_write(folder):
    file = files.GFile(f"{folder}/new", "w")
    assert not os.path.exists(f"{folder}/new")
    file.write("é")
    file.close()
    assert read(f"{folder}/new", "rb") == b"\xc3\xa9"


@pytest.mark.parametrize(("mode", "expected"), [("w+", "hello"), ("a+", "oldhello")])
def test_reads_what_was_flushed(folder, mode, expected):
    write(f"{folder}/t", "old")
    with files.GFile(f"{folder}/t", mode) as file:
        file.write("hello")
        file.flush()
        assert file.read() == expected


def test_seek_and_tell(folder):
    file = files.GFile(f"{folder}/f.txt")
    file.seek(5)
    assert (file.read(3), file.tell()) == ("two", 8)
    file.seek(-2, 2)
    assert file.read() == "ee"
    file.seek(position=1)
    assert file.read(2) == "ne"


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ((-1,), errors.InvalidArgumentError, "Seeking to a negative position: -1"),
        ((100,), errors.OutOfRangeError, "reached end of file"),
        ((1, 5), errors.InvalidArgumentError, "Invalid whence argument: 5."),
        ((), TypeError, "offset argument required"),
        ((1, 0, 2), TypeError, "may not be set simultaneously"),
    ],
)
def test_bad_seeks(folder, arguments, kind, text):
    with pytest.raises(kind, match=text):
        files.GFile(f"{folder}/f.txt").seek(*arguments)


#: what is done in the folder D -> the error's class and message
BAD_CALLS = {
    "mode": (lambda d: files.GFile(f"{d}/f.txt", "x"), errors.InvalidArgumentError,
             "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'"),
    "missing": (lambda d: read(f"{d}/no"), errors.NotFoundError,
                "D/no; No such file or directory"),
    "read a folder": (lambda d: read(d), errors.FailedPreconditionError, "D; Is a directory"),
    "write a reader": (lambda d: files.GFile(f"{d}/f.txt").write("a"),
                       errors.PermissionDeniedError, "File isn't open for writing"),
    "read a writer": (lambda d: files.GFile(f"{d}/f.txt", "w").read(),
                      errors.PermissionDeniedError, "File isn't open for reading"),
    "mkdir": (lambda d: files.create_dir(f"{d}/x/y"), errors.NotFoundError,
              "D/x/y; No such file or directory"),
    "makedirs": (lambda d: files.recursive_create_dir(f"{d}/f.txt/k"),
                 errors.FailedPreconditionError, "D/f.txt/k; Not a directory"),
    "list": (lambda d: files.list_directory(f"{d}/no"), errors.NotFoundError,
             "Could not find directory D/no"),
    "glob": (lambda d: files.get_matching_files(f"{d}/no/*"), errors.NotFoundError,
             "D/no; No such file or directory"),
    "stat": (lambda d: files.stat(f"{d}/no"), errors.NotFoundError,
             "D/no; No such file or directory"),
    "copy over": (lambda d: files.copy(f"{d}/f.txt", f"{d}/a/c.txt"),
                  errors.AlreadyExistsError, "file already exists"),
    "copy a folder": (lambda d: files.copy(f"{d}/a", f"{d}/z"), errors.InvalidArgumentError,
                      "D/z; Invalid argument"),
    "rename": (lambda d: files.rename(f"{d}/no", f"{d}/z"), errors.NotFoundError,
               "D/no; No such file or directory"),
    "remove a folder": (lambda d: files.delete_file(f"{d}/a"), errors.FailedPreconditionError,
                        "D/a; Is a directory"),
    "rmtree missing": (lambda d: files.delete_recursively(f"{d}/no"), errors.NotFoundError,
                       "D/no not found"),
    "rmtree a file": (lambda d: files.delete_recursively(f"{d}/f.txt"),
                      errors.FailedPreconditionError, "D/f.txt; Not a directory"),
    "scheme": (lambda d: files.file_exists("foo://b/s"), errors.UnimplementedError,
               "File system scheme 'foo' not implemented (file: 'foo://b/s')"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_calls(folder, name):
    action, kind, text = BAD_CALLS[name]
    with pytest.raises(kind) as error:
        action(folder)
    assert error.value.message == text.replace("D", folder)


def test_glob(folder):
    def found(*patterns):
        paths = files.get_matching_files([f"{folder}/{one}" for one in patterns])
        return [path.removeprefix(folder + "/") for path in paths]

    assert found("*") == ["a", "f.txt"]
    assert found("a/*", "*/b/*.tx?") == ["a/b", "a/c.txt", "a/b/d.txt"]
    assert found("[f]*.txt", "no*", "**/d.txt") == ["f.txt"]


def test_walk(folder):
    inner, outer = (f"{folder}/a/b", [], ["d.txt"]), (f"{folder}/a", ["b"], ["c.txt"])
    assert list(files.walk(f"{folder}/a")) == [outer, inner]
    assert list(files.walk(f"{folder}/a", in_order=False)) == [inner, outer]
    assert list(files.walk(f"{folder}/no")) == []


def test_copy_rename_remove(folder):
    files.copy(f"{folder}/f.txt", f"{folder}/g.txt")
    files.rename(f"{folder}/g.txt", f"{folder}/h.txt")
    assert files.list_directory(folder) == ["a", "f.txt", "h.txt"]
    assert files.filecmp(f"{folder}/f.txt", f"{folder}/h.txt")
    files.delete_file(f"{folder}/h.txt")
    files.delete_recursively(f"{folder}/a")
    assert files.list_directory(folder) == ["f.txt"]


def test_copy_onto_itself_keeps_the_file(folder):
    files.copy(f"{folder}/f.txt", f"{folder}/f.txt", overwrite=True)
    assert files.stat(f"{folder}/f.txt").length == 14


def test_whole_files(folder):
    files.atomic_write_string_to_file(f"{folder}/s", "abc")
    assert files.read_file_to_string(f"{folder}/s") == "abc"
    assert files.file_crc32(f"{folder}/s") == "0x352441c2"
    assert files.file_exists(f"file://{folder}/s")
