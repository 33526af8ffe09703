"""Why a request failed, in people's words."""

from __future__ import annotations

import errno
import http
import os
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
EXPIRED = 10
WRONG_NAME = 62


def reason_of(error: BaseException, *, host: str = "", timeout: float = 0.0) -> str:
    """One line about what went wrong. `timeout`: the limit of the whole, in seconds."""
    certificate = certificate_error(error)
    if certificate is not None:
        return _certificate_reason(certificate, host)
    match error:
        case UrlRefused():
            return str(error)
        case aiohttp.ClientConnectorDNSError():
            return f"DNS: {_lookup_reason(error)}"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return f"TLS: {_tls_reason(error)}"
        case aiohttp.ConnectionTimeoutError():
            return "no connection in time"
        case TimeoutError():
            return f"no answer within {timeout:g} s"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed before an answer"
        case aiohttp.ClientPayloadError():
            return "the answer broke off"
        case aiohttp.ClientResponseError():
            return f"the answer is not HTTP: {error.message}"[:200]
        case aiohttp.ClientConnectorError():
            return f"no connection: {_system_reason(error.os_error)}"
        case OSError():
            return f"the connection failed: {_system_reason(error)}"
    return f"{type(error).__name__}: {error}"[:200]


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
