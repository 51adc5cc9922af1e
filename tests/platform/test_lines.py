"""Records from files: JSON lines, plain text, and what is neither."""

import gzip
import io
from pathlib import Path

import pytest

from whorl.platform.errors import InputError
from whorl.platform.lines import LONGEST, read_records


def write(folder: Path, content: bytes) -> str:
    file = folder / "input"
    file.write_bytes(content)
    return str(file)


def test_json_lines_give_a_record_each_with_its_line(tmp_path: Path) -> None:
    records = list(read_records(write(tmp_path, b'\n{"text": "a"}\n\n{"text": "b"}\n')))
    assert [(r.text("text"), r.where.rsplit(", ", 1)[1]) for r in records] == [
        ("a", "line 2"),
        ("b", "line 4"),
    ]


LINES = b'{"text": "a"}\n{"text": "b"}\n'
PACKED = gzip.compress(LINES)


def test_what_gzip_has_packed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [r.text("text") for r in read_records(write(tmp_path, PACKED))] == ["a", "b"]
    for content in (PACKED, LINES):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert [r.text("text") for r in read_records("-")] == ["a", "b"]
    (whole,) = read_records(write(tmp_path, gzip.compress(b'{\n"text": "a"}')), plain=False)
    assert whole.text("text") == "a"


@pytest.mark.parametrize(
    "content",
    [PACKED[:-9], b"\x1f\x8bnothing", PACKED[:12] + b"x" * 40],
    ids=["cut off", "only begun", "other text inside"],
)
def test_a_broken_gzip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="is no whole gzip file"):
        list(read_records(write(tmp_path, content)))


def test_other_text_is_one_record(tmp_path: Path) -> None:
    (record,) = read_records(write(tmp_path, "\nCall Zoë.\nToday.\n".encode()))
    assert record.text("text") == "\nCall Zoë.\nToday.\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b'{"text": "a"}\nno json\n', "line 2 is not a JSON object"),
        (b'{"text": \n', "line 1 is not a JSON object"),
        (b"\xff\xfe\x00text", "not UTF-8"),
        (b"text\x00text", "binary"),
        (b"a" * (LONGEST + 2), "longer than"),
    ],
)
def test_what_is_neither_is_refused_in_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        list(read_records(write(tmp_path, content)))


@pytest.mark.parametrize(
    ("content", "wheres"),
    [
        (b'[{"text": "a"}, {"text": "b"}]', ["entry 1", "entry 2"]),
        (b'\n[\n  {"text": "a"},\n  {\n  "text": "b"}\n]\n', ["entry 1", "entry 2"]),
        (b'{\n  "text": "a"\n}\n', ["input"]),
    ],
)
def test_one_json_value_over_many_lines_is_read_where_no_plain_text_is(
    tmp_path: Path, content: bytes, wheres: list[str]
) -> None:
    records = list(read_records(write(tmp_path, content), plain=False))
    assert [r.text("text") for r in records] == ["a", "b"][: len(wheres)]
    assert [r.where.rpartition(", ")[2].rpartition("/")[2] for r in records] == wheres


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'[{"text": "a"}, 3]', "entry 2 is not a JSON object"),
        (b"no json\n" + b" " * LONGEST, "line 1 is not a JSON object"),
        (b"[]", "line 1 is not a JSON object"),
        (b"3", "line 1 is not a JSON object"),
        (b"[" * 5000, "line 1 is not a JSON object"),
        (b"[\n" + b" " * LONGEST, "give a JSON object a line"),
    ],
)
def test_one_json_value_that_has_no_objects_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        list(read_records(write(tmp_path, content), plain=False))


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    (record,) = read_records(write(tmp_path, rb'{"text": "a\ud800b", "more": "\ud83d\ude00"}'))
    assert record.fields == {"text": "a\ufffdb", "more": "\U0001f600"}


def test_a_missing_file_a_folder_and_a_missing_field_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        list(read_records(str(tmp_path / "none")))
    with pytest.raises(InputError, match="a folder"):
        list(read_records(str(tmp_path)))
    (record,) = read_records(write(tmp_path, b'{"text": 3}'))
    with pytest.raises(InputError, match="'text' is int"):
        record.text("text")
    with pytest.raises(InputError, match="'prompt' is missing"):
        record.text("prompt")


def test_plain_text_can_be_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 1 is not a JSON object"):
        list(read_records(write(tmp_path, b"text\n"), plain=False))
