"""Other languages than English: what people write in them without a name, and frames with names.

The texts are translated messages of programs (``*.mo``), as the packages ``django`` and ``wagtail`` carry them
(BSD), of which only training needs the files; ordinary words are also those of Faker's lists (MIT).
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ..seed.languages import read_messages

# The folder of a language's messages, and Faker's locale with a list of its words, if it has one.
LANGUAGES = {
    "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "nl": "nl_NL", "pl": "pl_PL", "da": "da_DK", "cs": "cs_CZ",
    "pt": "", "pt_BR": "", "sv": "", "nb": "", "fi": "", "hu": "", "ro": "", "tr": "", "sk": "", "hr": "", "ca": "",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]{3,}")

FRAMES = (
    # German
    "Guten Tag, mein Name ist {person}.", "Ich heiße {person} und wohne in {place}.", "{person} arbeitet bei {org} in {place}.",
    "Sehr geehrte Frau {last}, vielen Dank für Ihre Nachricht.", "Sehr geehrter Herr {last}, anbei die Rechnung Nr. {number}.",
    "Bitte senden Sie das Paket an {address}.", "Können Sie {first} bitten, mich unter {phone} anzurufen?",
    "Mit freundlichen Grüßen\n{person}", "Wir haben gestern mit {person} von {org} gesprochen.", "Meine Adresse ist {address}.",
    "Das Büro in {place} ist seit {year} geschlossen.", "Der Vertrag mit {org} läuft bis {year}.",
    "Hallo {first}, wie geht es dir?",
    "Ich habe einen Termin bei Dr. {last} in {place}.", "Meine IBAN ist {iban}, bitte überweisen Sie {number} Euro.",
    "Die Bestellung von {person} wurde am {date} geliefert.", "Danke, {first}!", "Bis morgen, liebe Grüße {first}",
    # French
    "Bonjour, je m'appelle {person}.", "Je m'appelle {person} et j'habite à {place}.", "{person} travaille chez {org} à {place}.",
    "Madame {last}, nous avons bien reçu votre demande.", "Monsieur {last} souhaite annuler sa commande n° {number}.",
    "Veuillez livrer le colis au {address}.", "Pouvez-vous demander à {first} de me rappeler au {phone} ?",
    "Cordialement,\n{person}", "Nous avons parlé hier avec {person} de {org}.", "Mon adresse est {address}.",
    "Le bureau de {place} est fermé depuis {year}.", "Le contrat avec {org} se termine en {year}.",
    "Salut {first}, comment vas-tu ?",
    "J'ai rendez-vous chez le docteur {last} à {place}.", "Mon adresse électronique est {email}.", "Merci {first} !",
    # Spanish
    "Buenos días, me llamo {person}.", "Me llamo {person} y vivo en {place}.", "{person} trabaja en {org} en {place}.",
    "Estimada señora {last}: gracias por su mensaje.", "El señor {last} quiere cancelar el pedido {number}.",
    "Por favor, envíen el paquete a {address}.", "¿Puede pedirle a {first} que me llame al {phone}?", "Un saludo,\n{person}",
    "Ayer hablamos con {person} de {org}.", "Mi dirección es {address}.", "La oficina de {place} está cerrada desde {year}.",
    "El contrato con {org} termina en {year}.", "Hola {first}, ¿qué tal?", "Tengo una cita con la doctora {last} en {place}.",
    "Mi correo es {email}.", "¡Gracias, {first}!",
    # Italian
    "Buongiorno, mi chiamo {person}.", "Mi chiamo {person} e abito a {place}.", "{person} lavora per {org} a {place}.",
    "Gentile signora {last}, grazie per il messaggio.", "Il signor {last} vuole annullare l'ordine {number}.",
    "Spedite il pacco a {address}, per favore.", "Può chiedere a {first} di richiamarmi al {phone}?", "Cordiali saluti\n{person}",
    "Ieri abbiamo parlato con {person} di {org}.", "Il mio indirizzo è {address}.", "L'ufficio di {place} è chiuso dal {year}.",
    "Il contratto con {org} scade nel {year}.", "Ciao {first}, come stai?", "Grazie {first}!",
    # Dutch
    "Goedemiddag, mijn naam is {person}.", "Ik heet {person} en ik woon in {place}.", "{person} werkt bij {org} in {place}.",
    "Geachte mevrouw {last}, bedankt voor uw bericht.", "Meneer {last} wil bestelling {number} annuleren.",
    "Stuur het pakket alstublieft naar {address}.", "Kunt u {first} vragen mij te bellen op {phone}?",
    "Met vriendelijke groet,\n{person}", "We hebben gisteren met {person} van {org} gesproken.", "Mijn adres is {address}.",
    "Het kantoor in {place} is sinds {year} gesloten.", "Hoi {first}, hoe gaat het?", "Bedankt, {first}!",
    # Portuguese
    "Bom dia, o meu nome é {person}.", "Chamo-me {person} e moro em {place}.", "{person} trabalha na {org} em {place}.",
    "Prezada senhora {last}, obrigado pela sua mensagem.", "O senhor {last} quer cancelar o pedido {number}.",
    "Por favor, enviem a encomenda para {address}.", "Pode pedir a {first} que me ligue para {phone}?", "Atenciosamente,\n{person}",
    "Ontem falamos com {person} da {org}.", "Meu endereço é {address}.", "Oi {first}, tudo bem?", "Obrigada, {first}!",
    # Polish
    "Dzień dobry, nazywam się {person}.", "Nazywam się {person} i mieszkam w {place}.", "{person} pracuje w {org} w {place}.",
    "Szanowna Pani {last}, dziękuję za wiadomość.", "Proszę wysłać paczkę na adres {address}.", "Pozdrawiam,\n{person}",
    "Wczoraj rozmawialiśmy z {person} z {org}.", "Mój adres to {address}.", "Cześć {first}, co słychać?", "Dziękuję, {first}!",
    # Swedish, Danish and Norwegian
    "Hej, jag heter {person} och bor i {place}.", "{person} arbetar på {org} i {place}.", "Skicka paketet till {address}, tack.",
    "Med vänliga hälsningar\n{person}", "Igår pratade vi med {person} från {org}.", "Hej {first}, hur mår du?",
    "Hej, jeg hedder {person} og bor i {place}.", "{person} arbejder hos {org} i {place}.", "Venlig hilsen\n{person}",
    "Vi talte i går med {person} fra {org}.", "Hei, jeg heter {person} og bor i {place}.", "{person} jobber i {org} i {place}.",
    # Finnish, Czech, Hungarian, Turkish
    "Hei, nimeni on {person}.", "{person} työskentelee yrityksessä {org}.", "Ystävällisin terveisin\n{person}",
    "Dobrý den, jmenuji se {person}.", "{person} pracuje ve firmě {org}.", "S pozdravem\n{person}",
    "Jó napot, {person} vagyok.", "Üdvözlettel:\n{person}", "Merhaba, benim adım {person}.", "Saygılarımla,\n{person}",
)  # fmt: skip


@dataclass(frozen=True)
class Tongues:
    """``messages`` hold no name, by language; ``words`` are ordinary ones, in lower case."""

    messages: dict[str, tuple[str, ...]]
    words: frozenset[str]


def read_tongues(folder: Path) -> Tongues:
    """The messages below a folder, ``locale/LANGUAGE/LC_MESSAGES/*.mo``; raises FileNotFoundError where there are none."""
    messages = read_messages(folder, LANGUAGES)
    words = {word.lower() for locale in filter(None, LANGUAGES.values()) for word in _listed(locale)}
    for texts in messages.values():
        words.update(word for text in texts for word in _WORD.findall(text) if word.islower())
    return Tongues(messages, frozenset(words))


def _listed(locale: str) -> tuple[str, ...]:
    """The words of Faker's list that are no names; German writes other nouns with a capital, too."""
    listed = import_module(f"faker.providers.lorem.{locale}").Provider.word_list
    return tuple(word for word in listed if word.isalpha() and (word.islower() or locale == "de_DE"))


def drawn_messages(draw: random.Random, tongues: Tongues, count: int) -> Iterator[str]:
    """Messages of every language alike, one or two at a time."""
    languages = [language for language, texts in tongues.messages.items() if texts]
    for _ in range(count):
        texts = tongues.messages[draw.choice(languages)]
        yield " ".join(draw.choices(texts, k=draw.choices((1, 2), (70, 30))[0]))
