"""Every error that Ringpost raises on purpose, as one tree.

    RingpostError
    ├── ConfigurationError        the administrator's files or environment
    │   ├── InvalidConfiguration      (carries the list of mistakes, each with file, line and column)
    │   ├── PortInUse
    │   ├── UnsupportedSystem
    │   ├── DownloadFailed
    │   └── AlreadyRunning
    ├── AsteriskError             Asterisk said no, or nothing
    │   ├── AsteriskUnreachable       (not connected; the connection was lost under a request)
    │   ├── AsteriskRefused           (a login, or an ARI answer of 4xx/5xx; carries status and message)
    │   ├── AsteriskNotFound          (404: the channel, bridge or recording is gone)
    │   ├── AsteriskTimeout
    │   ├── AsteriskTooOld
    │   └── ApplicationReplaced       (another controller took the Stasis application over: fatal)
    ├── StoreError                PostgreSQL said no, or nothing
    │   ├── StoreUnreachable          (what is to be stored waits)
    │   │   └── StoreUnwilling            (PostgreSQL is there and takes it not now; carries the SQLSTATE)
    │   ├── StoreRefused              (a statement broke a rule of the schema; carries the SQLSTATE)
    │   ├── MigrationError
    │   └── JournalFull               (what waits in memory for the database has reached its limit)
    ├── SpeechError               a prompt could not be made
    │   ├── SynthesisFailed
    │   ├── VoiceUnavailable
    │   └── AudioInvalid
    ├── PhoneNumberInvalid        not a phone number, or not one that may be used there
    ├── NotificationRefused       a call that is not placed (carries the response code, and the script's mistakes)
    ├── KeyRefused                a licence key that the operator can neither make nor revoke so
    ├── SoundRefused              a sound that a customer's program may not keep under this id
    ├── StateInvalid              the stored state of a call's script cannot be read back
    ├── DestinationInvalid        an IVR's choice that leads to no kind of destination
    ├── CallerPatternInvalid      a caller-ID filter that names no caller
    ├── RoutingInvalid            a routing value of VoIP.ms that is none (carries the vendor's status)
    ├── UrlRefused                a URL that a customer named and the guard does not let through
    ├── MailRefused               a mail that the mail server will never take
    ├── MailServerAway            a mail that it could not take now
    ├── FetchFailed               one that the guard lets through, and no usable answer came from it
    └── SoftphoneError            the test phone could not do what was asked
        └── CallRefused               (the far side did not take the call; carries the SIP status and the Q.850 cause)

A class's docstring is its message when none is given. Its `error_id` stays when the class is renamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake in a file of the administrator: where it stands (line and column count from 1) and what is wrong.

    `severity` is "error" or "warning"; `expected` says what would be right there, when that can be said. A line of 0
    means the file as a whole. `code` is stable, for programs: that of a script's diagnostic, empty elsewhere. Secrets
    never appear in a message.
    """

    file: str
    line: int
    column: int
    message: str
    severity: str = "error"
    expected: str = ""
    code: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.severity}: {self.message}" + (f" (expected {self.expected})" if self.expected else "")


class RingpostError(Exception):
    """Something went wrong in Ringpost."""

    error_id: str = "ringpost"
    """Each class has its own, which no rename changes: it is what programs, logs and metrics know the error by."""
    exit_status: int = 1
    """Of a command that ends with it: 3 where it is no use to start the service again."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class ConfigurationError(RingpostError):
    """The configuration cannot be used."""

    error_id = "configuration-error"


class InvalidConfiguration(ConfigurationError):
    """The configuration has mistakes."""

    error_id = "invalid-configuration"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        first = f"; the first: {self.mistakes[0]}" if self.mistakes else ""
        super().__init__(f"The configuration has {count} mistake{'' if count == 1 else 's'}{first}")


class PortInUse(ConfigurationError):
    """A port that Ringpost needs is taken by another program."""

    error_id = "port-in-use"


class UnsupportedSystem(ConfigurationError):
    """This system cannot run the embedded Asterisk."""

    error_id = "unsupported-system"


class DownloadFailed(ConfigurationError):
    """A download that the first run needs did not succeed."""

    error_id = "download-failed"


class AlreadyRunning(ConfigurationError):
    """Ringpost is running already."""

    error_id = "already-running"


class AsteriskError(RingpostError):
    """Asterisk did not do what was asked."""

    error_id = "asterisk-error"


class AsteriskUnreachable(AsteriskError):
    """There is no connection to Asterisk."""

    error_id = "asterisk-unreachable"


class AsteriskRefused(AsteriskError):
    """Asterisk refused a request."""

    error_id = "asterisk-refused"

    def __init__(self, message: str | None = None, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class AsteriskNotFound(AsteriskRefused):
    """What the request named does not exist (any more) in Asterisk."""

    error_id = "asterisk-not-found"


class AsteriskTimeout(AsteriskError):
    """Asterisk did not answer in time."""

    error_id = "asterisk-timeout"


class AsteriskTooOld(AsteriskError):
    """This Asterisk is older than 20.14 or 22.4, which Ringpost needs."""

    error_id = "asterisk-too-old"

    exit_status = 3


class ApplicationReplaced(AsteriskError):
    """Another program took over the Stasis application."""

    error_id = "application-replaced"

    exit_status = 3


class StoreError(RingpostError):
    """PostgreSQL did not do what was asked."""

    error_id = "store-error"


class StoreUnreachable(StoreError):
    """There is no connection to PostgreSQL."""

    error_id = "store-unreachable"


class StoreUnwilling(StoreUnreachable):
    """PostgreSQL does not take this now."""

    error_id = "store-unwilling"

    def __init__(self, message: str | None = None, *, sqlstate: str = "") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class StoreRefused(StoreError):
    """PostgreSQL refused a statement: what was to be stored can never be."""

    error_id = "store-refused"

    def __init__(self, message: str | None = None, *, sqlstate: str = "", constraint: str = "") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.constraint = constraint


class MigrationError(StoreError):
    """The database's schema and the migration files do not agree."""

    error_id = "migration-error"


class JournalFull(StoreError):
    """What waits in memory for the database has reached its limit."""

    error_id = "journal-full"


class SpeechError(RingpostError):
    """A prompt could not be made."""

    error_id = "speech-error"


class SynthesisFailed(SpeechError):
    """The speech engine failed."""

    error_id = "synthesis-failed"


class VoiceUnavailable(SpeechError):
    """No installed speech engine has this voice."""

    error_id = "voice-unavailable"


class AudioInvalid(SpeechError):
    """This file is not audio that Ringpost can read."""

    error_id = "audio-invalid"


class PhoneNumberInvalid(RingpostError):
    """This is not a phone number."""

    error_id = "phone-number-invalid"


class NotificationRefused(RingpostError):
    """This call is not placed."""

    error_id = "notification-refused"

    def __init__(self, code: int, message: str | None = None, mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.mistakes = tuple(mistakes)


class KeyRefused(RingpostError):
    """This licence key cannot be made, or revoked."""

    error_id = "key-refused"


class SoundRefused(RingpostError):
    """This sound is not kept."""

    error_id = "sound-refused"


class StateInvalid(RingpostError):
    """The stored state of this call cannot be read."""

    error_id = "state-invalid"


class DestinationInvalid(RingpostError):
    """Not a valid destination."""

    error_id = "destination-invalid"


class CallerPatternInvalid(RingpostError):
    """Not a caller: expected a number, wildcards such as 214XXX*, 0 for anonymous callers, or i for foreign ones."""

    error_id = "caller-pattern-invalid"


class RoutingInvalid(RingpostError):
    """Not a valid routing. `status`: what VoIP.ms answers."""

    error_id = "routing-invalid"

    def __init__(self, status: str, message: str | None = None) -> None:
        super().__init__(message)
        self.status = status


class UrlRefused(RingpostError):
    """This URL may not be reached."""

    error_id = "url-refused"


class MailRefused(RingpostError):
    """The mail server does not take this mail."""

    error_id = "mail-refused"


class MailServerAway(RingpostError):
    """The mail server could not be reached, or could not take the mail now."""

    error_id = "mail-server-away"


class FetchFailed(RingpostError):
    """There was no usable answer from this URL."""

    error_id = "fetch-failed"


class SoftphoneError(RingpostError):
    """The test phone could not do what was asked."""

    error_id = "softphone-error"


class CallRefused(SoftphoneError):
    """The far side refused the call."""

    error_id = "call-refused"

    def __init__(self, message: str | None = None, *, status: int = 0, cause: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.cause = cause
