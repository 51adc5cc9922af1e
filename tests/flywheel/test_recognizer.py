"""What the name recognizer is trained on, and that what is trained can be used."""

import random
from pathlib import Path

import pytest

from whorl.flywheel.recognizer.sentences import Sentences, sample_english, sample_tongues
from whorl.flywheel.recognizer.tongues import read_tongues
from whorl.flywheel.recognizer.train import train
from whorl.flywheel.recognizer.wordnet import frames, read
from whorl.platform.telemetry.redaction.names import KINDS, NameDetector
from whorl.platform.telemetry.redaction.tagger import Tagger

from .catalogues import write_messages

_FILES = {
    "data.noun": """\
  1 A licence stands above, each line of it indented.
00000001 15 n 02 Halifax 0 city_of_Halifax 0 001 @i 00000009 n 0000 | the capital of a county
00000002 18 n 01 Turing 0 001 @i 00000009 n 0000 | a mathematician who cracked codes
00000003 10 n 01 coda 0 001 @ 00000009 n 0000 | the closing section of a piece of music
00000004 10 n 02 berry 0 Berry 1 001 @ 00000009 n 0000 | a small fruit; "the berry that Ada picked was sour"
""",
    "data.verb": """\
00000005 30 v 01 rejoice 0 001 @ 00000009 v 0000 01 + 02 00 | feel happiness; "she rejoiced over her victory in the city"
""",
    "data.adj": '00000006 00 a 01 tight 0 000 | closely drawn; "a tight roof over all of them"\n',
    "data.adv": '00000007 02 r 01 soon 0 000 | in the near future; "the company will soon hire him"\n',
}


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    for name, text in _FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """German messages of a program."""
    write_messages(tmp_path / "program", "de", {
        "Save": "Speichern", "The file %(name)s is missing.": "Die <b>Datei</b> %(name)s fehlt hier.",
        "Again": "Again and again", "Unchanged words": "Unchanged words",
    })  # fmt: skip
    return tmp_path / "program"


def test_messages_of_programs_are_texts_of_other_languages_without_names(messages: Path) -> None:
    tongues = read_tongues(messages)
    assert set(tongues.messages["de"]) == {"Speichern", "Die Datei 12 fehlt hier.", "Again and again"}
    assert {"fehlt", "hier", "arbeit", "toujours", "ogni"} <= tongues.words
    assert not {"Datei", "datei"} & tongues.words, "what is written with a capital could be a name"
    drawn = sample_tongues(random.Random(0), tongues, 50)
    assert all(not names for _, names in drawn) and len({text for text, _ in drawn}) > 5


def test_a_folder_without_messages_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="has no messages of programs"):
        read_tongues(tmp_path)


def test_wordnet_gives_words_with_their_forms_names_and_sentences_without_names(wordnet: Path) -> None:
    english = read(wordnet)
    assert english.words >= {"coda", "codas", "berry", "berries", "rejoice", "rejoiced", "rejoicing"}
    assert not english.words & {"halifax", "turing", "Berry"}
    assert english.places == ("Halifax", "city of Halifax")
    assert "a tight roof over all of them" in english.examples
    assert not any("Ada" in text for text in english.examples)
    assert "the closing section of a piece of music" in english.definitions


def test_examples_carry_names(wordnet: Path) -> None:
    assert set(frames(read(wordnet).examples)) == {
        "{person} rejoiced over her victory in {place}.",
        "{org} will soon hire {person}.",
    }


def test_a_folder_without_wordnet_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"data\.noun"):
        read(tmp_path)


def test_names_are_marked_where_they_stand(wordnet: Path) -> None:
    sentences = Sentences(1, read(wordnet))
    marked = [sentences.sentence() for _ in range(400)]
    assert {kind for sentence in marked for _, _, kind in sentence.names} == set(range(1, len(KINDS)))
    for text, names in marked:
        assert all(text[start:end].strip() == text[start:end] != "" for start, end, _ in names)
    assert [sentences.sentence() for sentences in [Sentences(1, read(wordnet))]] == marked[:1]


def test_plain_english_holds_no_name(wordnet: Path) -> None:
    english = read(wordnet)
    count = len(english.definitions) + len(english.examples)
    assert all(not names for _, names in sample_english(random.Random(0), english, count))


def test_what_is_trained_is_what_the_detector_reads(wordnet: Path, messages: Path, tmp_path: Path) -> None:
    out = tmp_path / "names.npz"
    train(count=24, seed=0, epochs=1, wordnet=wordnet, messages=messages, out=out)
    found = NameDetector(Tagger(out), threshold=0.0).find(["Anna Schmidt lives in Vienna."])
    assert found[0]
    assert {finding.kind for finding in found[0]} <= set(KINDS)
