"""The random secrets that are made at first start and kept: passwords, tokens and licence keys that nobody chose."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets as randomness
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from controller.errors import ConfigurationError

_LOCK_SECONDS = 5.0

KEY_NAME = "key_name."
"""What stands before a licence key's name in the YAML: the value is the name under which the store knows it."""


def make_token() -> str:
    """A random secret of 256 bits in letters that need no quoting anywhere (RFC 4648, base64url)."""
    return randomness.token_urlsafe(32)


class SecretSource(Protocol):
    """Where values come from that the YAML leaves out: the same value for the same name each time."""

    def get_or_make(self, name: str, make: Callable[[], str]) -> str:
        """The secret of this name; `make` makes it when there is none yet."""
        ...


class Secrets:
    """A JSON file of names and secrets, readable by its owner alone; made when the first secret is.

    Several threads and processes may use one file: a new secret is added under a lock, and the file is replaced as a
    whole, so that a reader or a crash never sees half of it. Every method raises ConfigurationError when the file
    cannot be read or written; what is in it is never part of a message.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """The secret of this name, None when there is none."""
        if name not in self._known:
            self._known = {**self._read(), **self._known}
        return self._known.get(name)

    def get_or_make(self, name: str, make: Callable[[], str] = make_token) -> str:
        """The secret of this name; when there is none yet, what `make` returns is stored as it."""
        known = self.get(name)
        if known is not None:
            return known
        with self._lock, self._locked():
            stored = self._read()
            if name not in stored:
                stored[name] = make()
                self._write(stored)
            self._known = stored
            return stored[name]

    def all(self) -> dict[str, str]:
        """All secrets there are, by their names."""
        return self._read()

    def learn(self, known: Mapping[str, str]) -> None:
        """Take over secrets that somebody else made; those of the same names are replaced."""
        with self._lock, self._locked():
            stored = self._read()
            if not known.items() <= stored.items():
                stored.update(known)
                self._write(stored)
            self._known = stored

    def forget(self, name: str) -> None:
        """Remove a secret, so that the next start makes a new one."""
        with self._lock, self._locked():
            stored = self._read()
            if stored.pop(name, None) is not None:
                self._write(stored)
            self._known = stored

    def _read(self) -> dict[str, str]:
        try:
            data = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be read: {error.strerror}") from error
        except ValueError:
            # `from None`: the JSON error's context quotes nothing, but its document attribute holds the secrets.
            raise ConfigurationError(f"{self.path} is damaged; remove it, and new secrets are made") from None
        if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
            raise ConfigurationError(f"{self.path} is damaged; remove it, and new secrets are made")
        return data

    def _write(self, stored: dict[str, str]) -> None:
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(stored, stream, indent=2, sort_keys=True)
                stream.write("\n")
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ConfigurationError(f"{self.path} cannot be written: {error.strerror}") from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock that all processes share; at most five seconds of waiting for it."""
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(f"{lock} cannot be made: {error.strerror}") from error
        try:
            deadline = time.monotonic() + _LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ConfigurationError(f"another process holds {lock} for too long") from None
                    time.sleep(0.01)
            yield
        finally:
            os.close(descriptor)
