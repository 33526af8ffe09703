"""The true answers to texts, read from the SIP that Asterisk mirrors.

ARI and AMI report success whatever the far side answers. Our MESSAGE carries a header with the text's id; its Call-ID
joins it to the final response (RFC 3261 section 8.1.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from controller.asterisk.hep import CapturedSipMessage, HepPacket

ID_HEADER = "X-Ringpost-Id"
"""The header of a MESSAGE that names its text."""

ANSWER_SECONDS = 32.0
"""RFC 3261's timer F: when a request without an answer is given up."""

# A demand for a password is answered at once, with the same Call-ID. One that nobody answers is a refusal.
_CHALLENGES = frozenset({401, 407})
CHALLENGE_SECONDS = 3.0


@dataclass(slots=True)
class _Waiting:
    """A text without an answer. `cseq`: of the last request that was seen; `refused_at`, `status`: of a demand for a
    password."""

    since: float
    cseq: int = 0
    call_id: str = ""
    status: int = 0
    refused_at: float = 0.0


@dataclass(frozen=True, slots=True)
class SipAnswer:
    """How a text was answered; a status of 0 is no answer."""

    text_id: UUID
    status: int


class Answers:
    """Joins texts to their answers.

    clock: seconds, of any origin. `take` is given every answer once; also one to a text that another process sent over
    the same Asterisk.
    """

    def __init__(self, take: Callable[[SipAnswer], None], clock: Callable[[], float]) -> None:
        self._take = take
        self._clock = clock
        self._waiting: dict[UUID, _Waiting] = {}
        self._by_call: dict[str, UUID] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, text_id: UUID) -> None:
        """A text is about to be handed over."""
        self._waiting[text_id] = _Waiting(self._clock())

    def forget(self, text_id: UUID) -> None:
        """A text was not handed over after all."""
        waiting = self._waiting.pop(text_id, None)
        if waiting:
            self._by_call.pop(waiting.call_id, None)

    def on_sip(self, _packet: HepPacket, message: CapturedSipMessage) -> None:
        """A SIP message that went through Asterisk."""
        if message.is_request:
            if message.method == "MESSAGE" and (header := message.header(ID_HEADER)):
                self._sent(header, message)
        elif message.status >= 200 and message.cseq_method == "MESSAGE":
            text_id = self._by_call.get(message.call_id)
            if text_id is not None:
                self._answered(text_id, message)

    def give_up(self) -> None:
        """Whoever has waited long enough gets what there is: the refusal, or no answer at all."""
        now = self._clock()
        for text_id, waiting in list(self._waiting.items()):
            if waiting.refused_at and now - waiting.refused_at >= CHALLENGE_SECONDS:
                self._end(text_id, waiting.status)
            elif now - waiting.since >= ANSWER_SECONDS:
                self._end(text_id, 0)

    def _sent(self, header: str, message: CapturedSipMessage) -> None:
        try:
            text_id = UUID(header)
        except ValueError:
            return
        waiting = self._waiting.get(text_id)
        if waiting is None:
            waiting = self._waiting[text_id] = _Waiting(self._clock())
        waiting.cseq = max(waiting.cseq, message.cseq_number)
        waiting.refused_at = 0.0
        if waiting.call_id != message.call_id:
            self._by_call.pop(waiting.call_id, None)
            waiting.call_id = message.call_id
            self._by_call[message.call_id] = text_id

    def _answered(self, text_id: UUID, message: CapturedSipMessage) -> None:
        waiting = self._waiting[text_id]
        if message.cseq_number < waiting.cseq:
            return
        if message.status in _CHALLENGES:
            waiting.status, waiting.refused_at = message.status, self._clock()
        else:
            self._end(text_id, message.status)

    def _end(self, text_id: UUID, status: int) -> None:
        self.forget(text_id)
        self._take(SipAnswer(text_id, status))
