"""The certificate that phones and carriers see over TLS: the configured one, or one that is made at the first start."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from controller.errors import ConfigurationError

CERTIFICATE, KEY = "certificate.pem", "key.pem"
YEARS = 10


def provide_certificate(folder: Path, *, certificate: str, key: str, name: str) -> None:
    """Have the certificate and its key in `folder`, readable by their owner alone. ConfigurationError.

    certificate, key: the configured files, in PEM; without them one is made that signs itself, for `name` (a host or an
    address), unless it was made before.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if certificate:
            pair = Path(certificate).expanduser().read_bytes(), Path(key).expanduser().read_bytes()
            _require_a_pair(*pair, where=certificate)
        elif (folder / CERTIFICATE).exists() and (folder / KEY).exists():
            return
        else:
            pair = self_signed(name)
        for file, content in zip((CERTIFICATE, KEY), pair, strict=True):
            _write(folder / file, content)
    except OSError as error:
        raise ConfigurationError(
            f"The certificate for TLS cannot be used: {error.filename}: {error.strerror}."
        ) from error


def self_signed(name: str) -> tuple[bytes, bytes]:
    """A certificate for a host or an address, and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode() if not name.isascii() else name)


def _require_a_pair(certificate: bytes, key: bytes, *, where: str) -> None:
    try:
        shown = x509.load_pem_x509_certificate(certificate)
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"The certificate for TLS, {where}, or its key cannot be read: {error}") from None
    if private.public_key() != shown.public_key():
        raise ConfigurationError(f"The key does not belong to the certificate {where}.")
    if shown.not_valid_after_utc < datetime.now(UTC):
        raise ConfigurationError(f"The certificate {where} has expired on {shown.not_valid_after_utc:%Y-%m-%d}.")


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)
