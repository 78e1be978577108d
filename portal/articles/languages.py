"""The languages that texts are written in: tags, their own names, the direction they are read in."""

import re
from typing import Final

DEFAULT: Final = "en"

NAMES: Final = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
    "nl": "Nederlands",
    "it": "Italiano",
    "ar": "العربية",
    "bg": "Български",
    "ca": "Català",
    "cs": "Čeština",
    "cy": "Cymraeg",
    "da": "Dansk",
    "el": "Ελληνικά",
    "et": "Eesti",
    "fa": "فارسی",
    "fi": "Suomi",
    "ga": "Gaeilge",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Bahasa Indonesia",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "nb": "Norsk bokmål",
    "pl": "Polski",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sr": "Српски",
    "sv": "Svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "ur": "اردو",
    "vi": "Tiếng Việt",
    "zh": "中文",
}
"""The languages an author can choose, in their own words: first those whose words search knows in all
their forms (`indexing.languages.STEMMED`), then others by code. An import may bring any more."""

_KNOWN: Final = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik
    io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml
    mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd
    se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi
    vo wa wo xh yi yo za zh zu
    ast ceb ckb cnr fil fur gsw haw hmn hsb kok lij mai mni nds pap pcm sat scn szl tet tok vec war yue
    """.split()  # noqa: SIM905 - a list of two hundred quoted codes is harder to read
)
"""ISO 639-1, and widely written languages that have only a code of three letters."""

_TAG: Final = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?")
"""Language, script and region of BCP 47; further parts say nothing to a reader of a knowledge base."""

_RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_RIGHT_TO_LEFT_SCRIPTS: Final = frozenset({"Arab", "Hebr", "Nkoo", "Syrc", "Thaa"})


def tidied(tag: str) -> str:
    """`tag` as it is written by custom ("pt-BR", "zh-Hant"); anything that is no tag stays as it is."""
    found = _TAG.fullmatch(tag.strip().replace("_", "-").lower())
    if found is None:
        return tag.strip()
    language, script, region = found.groups()
    return "-".join(part for part in (language, (script or "").capitalize(), (region or "").upper()) if part)


def is_known(tag: str) -> bool:
    """Whether a tidied tag names a language."""
    return _TAG.fullmatch(tag.lower()) is not None and tag.partition("-")[0] in _KNOWN


def name_of(tag: str) -> str:
    """The language in its own words; its tag when it has a region or no name here."""
    return NAMES.get(tag, tag)


def right_to_left(tag: str) -> bool:
    """Whether text in this language begins on the right."""
    parts = tag.split("-")
    script = next((part for part in parts[1:] if len(part) == 4), None)
    return script in _RIGHT_TO_LEFT_SCRIPTS if script else parts[0] in _RIGHT_TO_LEFT


def choices(present: str) -> list[tuple[str, str, dict[str, str]]]:
    """(tag, name, attributes) of the languages to choose from; `present` is among them."""
    names = NAMES if present in NAMES else NAMES | {present: name_of(present)}
    return [(tag, name, {"lang": tag}) for tag, name in names.items()]
