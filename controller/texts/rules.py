"""What a licence key's settings say about one of its texts: keywords and their replies, review, quiet hours."""

from __future__ import annotations

from datetime import datetime

from controller.directory.quiet_hours import held_until
from controller.directory.snapshot import LicenseKey
from controller.directory.text_settings import KeywordSet
from controller.texts.keywords import ConsentWord, Keyword, Keywords
from controller.texts.review import Review

STOP_REPLY = "This provider is now blocked. Text back RESUME to unblock your number."
RESUME_REPLY = "OK."
ANY_LANGUAGE = ""


class KeyRules:
    """The rules of one licence key."""

    def __init__(self, key: LicenseKey) -> None:
        self.key = key
        settings = key.texts
        self._quiet_hours = settings.quiet_hours
        self._keywords = Keywords(settings.keywords)
        self._review = Review(settings.review_phrases)
        self._sets = {keywords.language: keywords for keywords in settings.keywords}

    def keyword(self, body: str) -> Keyword | None:
        """The consent keyword that a text is, None when it is none."""
        return self._keywords.match(body)

    def asks_for_review(self, body: str) -> bool:
        """Whether a text, which is no keyword, may be an opt-out in words of one's own."""
        return self._review.asks_for_review(body)

    def reply(self, keyword: Keyword) -> str:
        """What is answered to a keyword, in its language where the key has that."""
        for language in (keyword.language, ANY_LANGUAGE):
            keywords = self._sets.get(language)
            if keywords and (reply := _reply_of(keywords, keyword.word)):
                return reply
        match keyword.word:
            case ConsentWord.STOP:
                return STOP_REPLY
            case ConsentWord.RESUME:
                return RESUME_REPLY
            case ConsentWord.HELP:
                return self._help()

    def held_until(self, number: str, moment: datetime, *, transactional: bool) -> datetime | None:
        """Until when the quiet hours hold a text to `number` that is due at `moment`; None when it may go then."""
        if self._quiet_hours is None or transactional:
            return None
        return held_until(self._quiet_hours, number, moment)

    def _help(self) -> str:
        # CDYNE's help names the business, how to stop, and that texts can cost something.
        name = self.key.description.strip() or self.key.name
        return f"{name}: text STOP to get no more texts, RESUME to get them again. Message and data rates may apply."


def _reply_of(keywords: KeywordSet, word: ConsentWord) -> str | None:
    match word:
        case ConsentWord.STOP:
            return keywords.stop_reply
        case ConsentWord.RESUME:
            return keywords.resume_reply
        case ConsentWord.HELP:
            return keywords.help_reply


class Rules:
    """The rules of every key, made once for each of its settings."""

    def __init__(self) -> None:
        self._known: dict[str, KeyRules] = {}

    def of(self, key: LicenseKey) -> KeyRules:
        """The rules of a key."""
        known = self._known.get(key.name)
        if known is None or known.key is not key:
            known = self._known[key.name] = KeyRules(key)
        return known
