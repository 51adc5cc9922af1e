"""Real text in other languages, as trainings read it."""

from pathlib import Path

from whorl.flywheel.seed.languages import handbook_of, messages_of
from whorl.flywheel.seed.prose import HANDBOOK

from .catalogues import write_messages


def page(root: Path, language: str, *paragraphs: str) -> None:
    folder = (root / HANDBOOK).with_name(language)
    folder.mkdir(parents=True)
    body = "".join(f'<div class="para">{text}</div>' for text in paragraphs)
    (folder / "chapter.html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")


def test_only_translated_paragraphs_of_the_handbook_are_read(tmp_path: Path) -> None:
    page(tmp_path, "en-US", "This paragraph was never translated by anybody at all.", "Short.")
    page(
        tmp_path, "de-DE", "This paragraph was never translated by anybody at all.",
        "Das Werkzeug <code>apt</code> richtet Pakete ein &amp; entfernt sie.", "Kurz.",
    )  # fmt: skip
    assert handbook_of("de-DE", tmp_path) == ["Das Werkzeug apt richtet Pakete ein & entfernt sie."]
    assert handbook_of("xx-XX", tmp_path) == []


def test_messages_lose_their_values_and_markup(tmp_path: Path) -> None:
    write_messages(tmp_path, "de", {
        "Hello %(name)s, <b>welcome</b>!": "Hallo %(name)s, <b>willkommen</b>!", "Same everywhere": "Same everywhere",
        "No": "Nein",
    })  # fmt: skip
    assert list(messages_of(tmp_path, "de")) == ["Hallo 12, willkommen !"]
    assert list(messages_of(tmp_path, "en")) == ["Hello 12, welcome !"]
