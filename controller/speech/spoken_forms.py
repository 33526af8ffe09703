"""Text normalisation: what people write, in the words that a speech engine can say. Pure.

Amounts of money, phone numbers, fractions and signs become words, letters of typography become plain ones. English text
is put into words; in other languages only what is the same in all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from controller.script.commands.amounts import words

# Names of one and of several; of hundredths.
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₽": ("rouble", "roubles", "kopeck", "kopecks"),
    "₩": ("won", "won", "", ""),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₺": ("lira", "lira", "kurush", "kurush"),
    "₴": ("hryvnia", "hryvnias", "kopiyka", "kopiykas"),
    "₿": ("bitcoin", "bitcoins", "", ""),
}
_SIGNS = "".join(re.escape(sign) for sign in _CURRENCIES)
# As America writes it (1,234.56), as most of Europe does (1.234,56), without a whole (.50). A comma before one digit or
# two is no thousands separator.
_EUROPEAN = r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,15}),[0-9]{1,2}"
_FIGURE = (
    rf"(?:{_EUROPEAN}(?![0-9])|(?:[0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]{{1,15}})(?:\.[0-9]{{1,2}}(?![0-9]))?"
    r"|\.[0-9]{1,2})(?![0-9]|[.,][0-9])"
)
# Codes of ISO 4217 beside a figure.
_CODES = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_CODE = re.compile(rf"\b({'|'.join(_CODES)})\s?(?=[-−]?[0-9])|(?<=[0-9])\s?({'|'.join(_CODES)})\b")
# A minus is one only where nothing stands before it: "a-$5" is a range.
_MONEY = re.compile(
    rf"(?<![\w.,])(?P<minus>[-−–]\s?)?(?:US|CA|AU)?(?:(?P<sign>[{_SIGNS}])\s?(?P<minus2>[-−])?(?P<after>{_FIGURE})"
    rf"|(?P<before>{_FIGURE})\s?(?P<sign2>[{_SIGNS}])(?![\w]))(?P<scale>\s(?:thousand|million|billion|trillion)\b)?"
)
# Ten digits or eleven of North America, or E.164, written as one: no other number is read so.
_PHONE = re.compile(r"(?<![\w.,$€£¥-])(?:\+[1-9][0-9]{6,14}|1?[2-9][0-9]{2}[2-9][0-9]{6})(?![\w%]|[.,][0-9])")
# The same as people write it, in groups.
_GROUPED_PHONE = re.compile(
    r"(?<![\w.,$€£¥-])(?:(?:\+?1[-. \u00a0]?)?(?:\([2-9][0-9]{2}\)[-. \u00a0]?|[2-9][0-9]{2}[-. \u00a0])"
    r"[2-9][0-9]{2}[-. \u00a0][0-9]{4}|\+[1-9][0-9]{0,2}(?:[-. \u00a0]\(?[0-9]{1,5}\)?){2,5})(?![\w%]|[-.,][0-9])"
)
_FRACTION = re.compile(
    r"(?<![\w/.,])(?:(?P<whole>[0-9]{1,4})[ \u00a0])?(?P<over>[1-9])/(?P<under>[2-9])(?![\w/]|[.,][0-9])"
)
_VULGAR = re.compile(r"(?P<whole>[0-9]{1,4}[ \u00a0]?)?(?P<sign>[¼½¾⅐-⅞])")
_PARTS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth"}
_MINUS = re.compile(r"(?<![\w.,)-])[-−](?=[0-9])")
_ABBREVIATIONS = {
    "mr.": "Mister", "mrs.": "Missis", "dr.": "Doctor", "jr.": "Junior", "sr.": "Senior", "inc.": "Incorporated",
    "ltd.": "Limited", "corp.": "Corporation", "ave.": "Avenue", "blvd.": "Boulevard", "rd.": "Road",
    "apt.": "apartment", "appt.": "appointment", "approx.": "approximately", "e.g.": "for example",
    "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "dept.": "department", "ext.": "extension",
}  # fmt: skip
_ABBREVIATION = re.compile(
    r"(?<![\w.])(?:" + "|".join(re.escape(each) for each in sorted(_ABBREVIATIONS, key=len, reverse=True)) + r")(?!\w)",
    re.IGNORECASE,
)
_NUMBER_SIGN = re.compile(r"(?<!\w)(?:№|No\.|Nr\.|#)\s?(?=[0-9])")
_ENGLISH_SIGNS = {
    "%": " percent", "&": " and ", "@": " at ", "°": " degrees ", "§": " section ", "×": " times ", "÷": " divided by ",
    "±": " plus or minus ", "=": " equals ", "≈": " about ", "≤": " at most ", "≥": " at least ",
    "→": " to ", "µ": " micro",
    "©": "", "®": "", "™": "",
}  # fmt: skip
_TYPOGRAPHY = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": " - ", "—": " - ",
        "…": "...",
        "•": ", ", "·": ", ", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u00ad": "", "\u200b": "", "\u200d": "",
        "\u2060": "", "\ufeff": "", "\ufe0f": "",
    }
)  # fmt: skip
_FOLDED = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h", "ŋ": "ng",
    }
)  # fmt: skip
_KANA = ("HIRAGANA", "KATAKANA")
# The first language that is written so; a voice of another one with the same letters keeps its text.
_LANGUAGES_BY_SCRIPT = {
    "CYRILLIC": ("ru", "uk", "bg", "be", "mk", "sr", "kk", "ky", "tt"), "GREEK": ("el",),
    "CJK": ("cmn", "zh", "yue", "ja"),
    "HIRAGANA": ("ja",), "KATAKANA": ("ja",), "HANGUL": ("ko",), "ARABIC": ("ar", "fa", "ur"), "HEBREW": ("he",),
    "DEVANAGARI": ("hi", "mr", "ne"), "BENGALI": ("bn", "as"), "TAMIL": ("ta",), "TELUGU": ("te",), "THAI": ("th",),
    "GUJARATI": ("gu",), "GURMUKHI": ("pa",), "KANNADA": ("kn",), "MALAYALAM": ("ml",), "SINHALA": ("si",),
    "ARMENIAN": ("hy",), "GEORGIAN": ("ka",), "ETHIOPIC": ("am",), "MYANMAR": ("my",),
}  # fmt: skip


def spoken_form(text: str, language: str) -> str:
    """A text as it is said. language: the tag of the voice; what is put into words is English."""
    text = unicodedata.normalize("NFC", text)
    if language.split("-")[0] == "en":
        text = _CODE.sub(lambda match: _CODES[match[1] or match[2]], text)
        text = _VULGAR.sub(_vulgar, _FRACTION.sub(_fraction, _MONEY.sub(_money, text)))
        text = _ABBREVIATION.sub(lambda match: _ABBREVIATIONS[match.group().lower()], text)
        text = _NUMBER_SIGN.sub("number ", text)
        text = _MINUS.sub("minus ", _phones(text))
        for sign, said in _ENGLISH_SIGNS.items():
            text = text.replace(sign, said)
        # A sign that stands alone is named too.
        text = "".join(f" {_CURRENCIES[each][1]} " if each in _CURRENCIES else each for each in text)
    else:
        text = _phones(text)
    return " ".join(text.translate(_TYPOGRAPHY).split())


def folded(text: str) -> str:
    """A text in the letters of English, for engines that know no others: accents are left out, ligatures are spelt."""
    plain = unicodedata.normalize("NFKD", text.translate(_FOLDED))
    return "".join(character for character in plain if not unicodedata.combining(character))


def has_signs(text: str) -> bool:
    """Whether a text has more than punctuation and blanks: letters, figures, signs such as emoji."""
    return any(unicodedata.category(character)[0] in "LNS" for character in text)


def script_of(text: str) -> str:
    """The script that the first letter is written in (CYRILLIC, CJK …); empty for Latin letters, and without any."""
    for character in text:
        if character.isalpha() and (script := _script(character)):
            return script
    return ""


def by_script(text: str) -> Iterator[tuple[str, str]]:
    """A text cut where its script changes: each part with its script, empty for Latin. Signs stay behind."""
    part: list[str] = []
    current: str | None = None
    for character in text:
        if character.isalpha():
            script = _script(character)
            if current is not None and script != current and not _belong(current, script):
                yield current, "".join(part)
                part = []
            current = script if current not in _KANA or script != "CJK" else current
        part.append(character)
    if part:
        yield current or "", "".join(part)


def languages_of(script: str) -> tuple[str, ...]:
    """The languages that are written in a script, the commonest first; none for Latin and for what is not known."""
    return _LANGUAGES_BY_SCRIPT.get(script, ())


def _script(character: str) -> str:
    name = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
    return "" if name in ("LATIN", "FULLWIDTH", "MODIFIER", "FEMININE", "MASCULINE", "MICRO", "") else name


def _belong(one: str, other: str) -> bool:
    """Japanese is written in three scripts at once."""
    return {one, other} <= {"CJK", "HIRAGANA", "KATAKANA"}


def _money(match: re.Match[str]) -> str:
    sign = match["sign"] or match["sign2"]
    one, several, hundredth, hundredths = _CURRENCIES[sign]
    figure = match["after"] or match["before"]
    if re.fullmatch(_EUROPEAN, figure):
        figure = figure.replace(".", "").replace(",", ".")
    amount = Decimal(figure.replace(",", ""))
    minus = "minus " if match["minus"] or match["minus2"] else ""
    if match["scale"]:
        return f"{minus}{amount}{match['scale']} {several}"
    whole, rest = divmod(amount, 1)
    cents = int(rest * 100)
    said = []
    if whole or not cents or not hundredth:
        said.append(f"{words(int(whole))} {one if whole == 1 else several}")
    if cents and hundredth:
        said.append(f"{words(cents)} {hundredth if cents == 1 else hundredths}")
    return minus + " and ".join(said)


def _phones(text: str) -> str:
    return _PHONE.sub(_phone, _GROUPED_PHONE.sub(_grouped_phone, text))


def _grouped_phone(match: re.Match[str]) -> str:
    """Digit by digit, with a pause where the writer had one."""
    return ", ".join(" ".join(group) for group in re.findall(r"[0-9]+", match.group()))


def _phone(match: re.Match[str]) -> str:
    """Digit by digit, with a short pause where the groups of a North American number end."""
    digits = match.group().lstrip("+")
    if len(digits) in (10, 11) and (len(digits) == 10 or digits.startswith("1")):
        national = digits[-10:]
        groups = [*([digits[0]] if len(digits) == 11 else []), national[:3], national[3:6], national[6:]]
    else:
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return ", ".join(" ".join(group) for group in groups)


def _fraction(match: re.Match[str]) -> str:
    return _said_fraction(match["whole"], int(match["over"]), int(match["under"]))


def _vulgar(match: re.Match[str]) -> str:
    over, _, under = unicodedata.normalize("NFKD", match["sign"]).partition("\u2044")
    if not under.isdecimal() or int(under) not in _PARTS:
        return match.group()
    return _said_fraction((match["whole"] or "").strip(), int(over), int(under))


def _said_fraction(whole: str | None, over: int, under: int) -> str:
    part = _PARTS[under]
    several = "halves" if part == "half" else f"{part}s"
    said = f"{words(over)} {part if over == 1 else several}"
    return f"{whole} and {'a' if over == 1 else words(over)} {part if over == 1 else several}" if whole else said
