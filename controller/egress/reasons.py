"""Why a request failed, in people's words."""

from __future__ import annotations

import errno
import http
import os
import re
import socket
import ssl

import aiohttp

from controller.errors import UrlRefused

# Codes of OpenSSL's X509_verify_cert_error_string(3).
_CERTIFICATE_PROBLEMS = {
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate's chain ends in a self-signed one",
    20: "the certificate's issuer is unknown",
    21: "the certificate's issuer is unknown",
    23: "the certificate was revoked",
    64: "the certificate is not for this address",
}
_OWN_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.ENOSPC})
EXPIRED = 10
WRONG_NAME = 62


def reason_of(error: BaseException, *, host: str = "", timeout: float = 0.0) -> str:
    """One line about what went wrong. `timeout`: the limit of the whole, in seconds."""
    certificate = certificate_error(error)
    if certificate is not None:
        return _certificate_reason(certificate, host)
    if is_own_shortage(error):
        return f"not sent: {os.strerror(_number_of(error)).lower()} on this machine"
    match error:
        case UrlRefused():
            return str(error)
        case UnicodeError() | aiohttp.InvalidURL():
            return "the host in the URL is not a name"
        case aiohttp.ClientConnectorDNSError():
            return f"DNS: {_lookup_reason(error)}"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return f"TLS: {_tls_reason(error)}"
        case aiohttp.ConnectionTimeoutError():
            return "no connection in time"
        case TimeoutError():
            return f"no answer within {timeout:g} s"
    return _reason_of_connection(error)


def _reason_of_connection(error: BaseException) -> str:
    """Of what went wrong once there was a connection, or instead of one."""
    match error:
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed before an answer"
        case aiohttp.ClientPayloadError():
            return "the answer broke off"
        case aiohttp.ClientResponseError():
            # The parser draws what it has read, with a caret, over several lines.
            return f"the answer is not HTTP: {_one_line(error.message)}"
        case aiohttp.ClientOSError() if "SSL" in str(error):
            return f"TLS: {_alert(str(error))}"
        case aiohttp.ClientConnectorError():
            return f"no connection: {_system_reason(error.os_error)}"
        case OSError():
            return f"the connection failed: {_system_reason(error)}"
    return f"the request failed: {_one_line(str(error))}" if str(error) else "the request failed"


def is_own_shortage(error: BaseException) -> bool:
    """Whether a request failed for want of something here, such as descriptors: no receiver is to blame."""
    return _number_of(error) in _OWN_SHORTAGES


def _number_of(error: BaseException) -> int:
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    return (error.errno or 0) if isinstance(error, OSError) else 0


def _one_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[0].rstrip(": ")[:200]


def _alert(text: str) -> str:
    """What OpenSSL tells of an alert: "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required"."""
    if "CERTIFICATE_REQUIRED" in text:
        return "the receiver demands a certificate of ours"
    found = re.search(r"\[SSL: ([A-Z0-9_]+)\]", text)
    return found[1].replace("_", " ").lower() if found else _one_line(text)


def certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """The refused certificate behind an error, if that is what it was."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        error = error.certificate_error
    return error if isinstance(error, ssl.SSLCertVerificationError) else None


def answer_reason(status: int) -> str:
    """What a failing status says: "answered 500 Internal Server Error"."""
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    if 300 <= status < 400:
        return f"answered {status} {phrase}: redirects are not followed"
    return f"answered {status} {phrase}".rstrip()


def _certificate_reason(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code == WRONG_NAME:
        return f"TLS: the certificate is not for {host or 'this name'}"
    problem = _CERTIFICATE_PROBLEMS.get(error.verify_code)
    return f"TLS: {problem or error.verify_message}"


def _lookup_reason(error: aiohttp.ClientConnectorDNSError) -> str:
    cause = error.os_error
    if isinstance(cause, socket.gaierror):
        missing = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        if cause.errno in missing:
            return f"{error.host} has no address"
        return f"{error.host}: {cause.strerror or cause}".lower()
    return str(cause.strerror or cause)


def _tls_reason(error: BaseException) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    reason = getattr(cause, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else str(cause)[:200]


def _system_reason(error: OSError) -> str:
    names = {
        errno.ECONNREFUSED: "refused",
        errno.ECONNRESET: "cut by the receiver",
        errno.EPIPE: "cut by the receiver",
        errno.EHOSTUNREACH: "no route to the host",
        errno.ENETUNREACH: "no route to the network",
        errno.ETIMEDOUT: "no answer",
    }
    if error.errno in names:
        return names[error.errno]
    return os.strerror(error.errno) if error.errno else (str(error) or type(error).__name__)
