"""Countries: the code of ISO 3166 (two letters) for a code or a name in five languages.

The names are those of the Unicode CLDR, which Babel carries, besides some that people write and CLDR does not have.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from babel import Locale
from babel.core import get_global

LOCALES: Final = ("en", "en_GB", "de", "de_CH", "fr", "es", "es_MX", "pt", "pt_PT")

_ALSO: Final = {
    "AE": "UAE|VAE|EAU|Emirates|Emirate|Emirats arabes",
    "BA": "Bosnia|Bosnien|Bosnie|Bósnia",
    "BO": "Bolivia (Plurinational State of)|Plurinational State of Bolivia",
    "BY": "Weißrussland|Biélorussie|Belorussia",
    "CD": "DR Congo|DRC|Democratic Republic of the Congo|Congo, Democratic Republic of the|RDC",
    "CG": "Republic of the Congo|Congo",
    "CI": "Ivory Coast|Elfenbeinküste|Costa de Marfil|Cote d'Ivoire",
    "CN": "People's Republic of China|PR China|PRC|Volksrepublik China|VR China",
    "CZ": "Czech Republic|Tschechische Republik|République tchèque|República Checa|República Tcheca",
    "DE": "Federal Republic of Germany|Bundesrepublik Deutschland|BRD|République fédérale d'Allemagne",
    "FK": "Falkland Islands|Falklandinseln|Islas Malvinas",
    "FM": "Micronesia (Federated States of)|Federated States of Micronesia",
    "GB": "UK|U.K.|Great Britain|Britain|England|Scotland|Wales|Northern Ireland|Großbritannien|Schottland|Nordirland"
    "|Grande-Bretagne|Angleterre|Écosse|Gran Bretaña|Inglaterra|Escocia|Grã-Bretanha|Escócia"
    "|United Kingdom of Great Britain and Northern Ireland|United Kingdom (UK)",
    "HK": "Hong Kong|Hongkong|Hong-Kong",
    "IR": "Islamic Republic of Iran|Iran (Islamic Republic of)|Iran, Islamic Republic of",
    "KP": "Democratic People's Republic of Korea|DPRK|Korea, Democratic People's Republic of",
    "KR": "Korea|Republic of Korea|Korea, Republic of|Korea (Republic of)|Südkorea|Corée du Sud|Corea del Sur",
    "LA": "Lao People's Democratic Republic|Lao PDR",
    "MD": "Republic of Moldova|Moldova, Republic of|Moldawien|Moldova (Republic of)",
    "MK": "Macedonia|Mazedonien|Macédoine|Macedónia",
    "MM": "Burma|Birma|Birmanie|Birmania",
    "MO": "Macao|Macau",
    "NL": "Holland|The Netherlands|Hollande|Holanda|Netherlands, The",
    "PS": "Palestine|Palestine, State of|State of Palestine|Palästina",
    "RU": "Russian Federation|Russische Föderation|Fédération de Russie|Federación de Rusia|Federação Russa",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland|Swasiland",
    "TR": "Turkey|Türkiye",
    "TW": "Taiwan, Province of China|Republic of China|Taiwan (Province of China)",
    "TZ": "United Republic of Tanzania|Tanzania, United Republic of",
    "US": "USA|U.S.|U.S.A.|United States of America|America|Vereinigte Staaten von Amerika|Amerika"
    "|États-Unis d'Amérique|Estados Unidos de América|Estados Unidos da América"
    "|EE.UU.|EE. UU.|EEUU|EUA|E.U.A.|United States (US)",
    "VA": "Holy See|Vatican|Vatikan|Vaticano",
    "VE": "Bolivarian Republic of Venezuela|Venezuela (Bolivarian Republic of)|Venezuela, Bolivarian Republic of",
    "VN": "Viet Nam|Socialist Republic of Vietnam",
}
"""What else people write, by code."""

_MOST_WORDS: Final = 6
"""Most words of a name that `with_code` looks for."""

_NO_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})


def code_of(text: str) -> str | None:
    """The code of the country that a text names, by a code of two or three letters or by a name; None if by none."""
    if len(text) == 2 and text in codes():
        return text
    return _codes_by_name().get(_folded(text))


@lru_cache(maxsize=4_096)
def normal_form(text: str) -> str:
    """The code of a country if the text names one, or else the text as it is."""
    return code_of(text) or text


def with_code(address: str) -> str:
    """A postal address on one line that ends with the name of a country, with the code instead; others as they are."""
    words = address.split()
    for count in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        name = " ".join(words[-count:])
        code = code_of(name) if len(name) > 2 else None
        if code is not None:
            return f"{' '.join(words[:-count])} {code}"
    return address


@cache
def codes() -> frozenset[str]:
    """The codes that there are."""
    territories = map(str, Locale.parse("en").territories)
    return frozenset(
        code for code in territories if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    )


@cache
def _codes_by_name() -> dict[str, str]:
    """The codes by what names them, without case, accents and signs. A code wins over a name."""
    found: dict[str, str] = {}
    for name, code in (*_codes(), *_names()):
        found.setdefault(_folded(name), code)
    return found


def _codes() -> Iterator[tuple[str, str]]:
    known = codes()
    yield from ((code, code) for code in sorted(known))
    for alias, codes_ in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(codes_) == 1 and codes_[0] in known:
            yield alias, codes_[0]


def _names() -> Iterator[tuple[str, str]]:
    known = codes()
    for code, names in _ALSO.items():
        yield from ((name, code) for name in names.split("|"))
    for locale in LOCALES:
        territories = Locale.parse(locale).territories
        for code in sorted(known):
            name = territories.get(code)
            if name is not None:
                yield name, code
                yield name.partition(" (")[0], code


def _folded(text: str) -> str:
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
        if not unicodedata.combining(letter)
    )
    words = "".join(letter if letter.isalnum() else " " for letter in bare).split()
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)
