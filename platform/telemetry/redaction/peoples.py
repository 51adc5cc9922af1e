"""Nationality, religion and political group (NRP), by their words, where a policy asks for the kind.

They are of a special category under Article 9 of the GDPR, and most of the times nobody's: of a river,
a dish, a film. So the default policy does not look for them.
"""

import re
from collections.abc import Collection

from .base import Finding

KIND = "NRP"
_SCORE = 0.6
NATIONALITIES = (
    """
    Afghan Albanian Algerian American Andorran Angolan Argentine Argentinian Armenian Australian
    Austrian Azerbaijani Bahamian Bahraini Bangladeshi Barbadian Belarusian Belgian Belizean Beninese
    Bhutanese Bolivian Bosnian Brazilian British Bruneian Bulgarian Burmese Burundian Cambodian
    Cameroonian Canadian Catalan Chadian Chilean Chinese Colombian Congolese Croatian Cuban Cypriot
    Czech Danish Dominican Dutch Ecuadorian Egyptian Emirati English Eritrean Estonian Ethiopian Fijian
    Filipino Finnish French Gabonese Gambian Georgian German Ghanaian Greek Grenadian Guatemalan Guinean
    Guyanese Haitian Honduran Hungarian Icelandic Indian Indonesian Iranian Iraqi Irish Israeli Italian
    Ivorian Jamaican Japanese Jordanian Kazakh Kenyan Korean Kosovar Kurdish Kuwaiti Kyrgyz Laotian
    Latvian Lebanese Liberian Libyan Liechtensteiner Lithuanian Luxembourgish Macedonian Malagasy
    Malawian Malaysian Maldivian Malian Maltese Mauritanian Mauritian Mexican Moldovan Monegasque
    Mongolian Montenegrin Moroccan Mozambican Namibian Nepalese Nepali Nicaraguan Nigerian Nigerien
    Norwegian Omani Pakistani Palestinian Panamanian Paraguayan Peruvian Polish Portuguese Qatari
    Romanian Russian Rwandan Salvadoran Samoan Saudi Scottish Senegalese Serbian Singaporean Slovak
    Slovenian Somali Spanish Sudanese Surinamese Swedish Swiss Syrian Taiwanese Tajik Tanzanian Thai
    Tibetan Togolese Tongan Trinidadian Tunisian Turkish Turkmen Ugandan Ukrainian Uruguayan Uzbek
    Venezuelan Vietnamese Welsh Yemeni Zambian Zimbabwean African Asian European Arab Latino Latina
    Hispanic Roma Sinti Englishman Englishwoman Frenchman Frenchwoman Irishman Irishwoman Dutchman
    Dutchwoman Scotsman Welshman Spaniard Dane Swede Finn Pole Turk Scot
    """
).split()
RELIGIONS = (
    """
    Agnostic Anglican Atheist Baptist Buddhist Catholic Christian Confucian Evangelical Hindu Hasidic
    Jain Jew Jewish Lutheran Mennonite Methodist Mormon Muslim Orthodox Pentecostal Presbyterian
    Protestant Quaker Rastafarian Shia Shiite Sikh Sunni Taoist Zoroastrian
    """
).split()
POLITICS = (
    """
    Anarchist Communist Conservative Democrat Fascist Leftist Liberal Libertarian Marxist Monarchist
    Nationalist Republican Socialist Tory
    """
).split()
# In lower case these are other words.
_ONLY_CAPITALISED = {
    "Conservative",
    "Jain",
    "Liberal",
    "Orthodox",
    "Pole",
    "Polish",
    "Roma",
    "Scot",
    "Finn",
    "Chadian",
}


def _expression() -> re.Pattern[str]:
    words = sorted({*NATIONALITIES, *RELIGIONS, *POLITICS}, key=len, reverse=True)
    lower = [word.lower() for word in words if word not in _ONLY_CAPITALISED]
    return re.compile(rf"\b(?:{'|'.join([*words, *lower])})s?\b")


_WORDS = _expression()


def find_peoples(texts: list[str], kinds: Collection[str]) -> list[list[Finding]]:
    """Findings of each text, none where ``kinds`` lack NRP."""
    if KIND not in kinds:
        return [[] for _ in texts]
    return [[Finding(*match.span(), KIND, _SCORE) for match in _WORDS.finditer(text)] for text in texts]
