"""Where a database is: the URL of libpq (PostgreSQL's manual, 34.1.1), checked before anything connects."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from controller.errors import ConfigurationError

# What asyncpg makes connections from.
_USED = frozenset(
    {"host", "port", "dbname", "database", "user", "password", "passfile", "service", "servicefile"}
    | {"sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"}
    | {"ssl_min_protocol_version", "ssl_max_protocol_version"}
    | {"target_session_attrs", "krbsrvname", "gsslib"}
)
# What the server takes as settings of the session.
_OF_THE_SERVER = frozenset(
    {"application_name", "client_encoding", "search_path", "options", "lock_timeout", "statement_timeout", "work_mem"}
    | {"idle_in_transaction_session_timeout", "default_transaction_isolation", "timezone", "datestyle", "role", "jit"}
)
# How libpq waits and keeps connections alive: Ringpost has limits of its own, so nothing is lost without them.
_LEFT_AWAY = frozenset(
    {"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"}
    | {"tcp_user_timeout", "fallback_application_name", "load_balance_hosts"}
)
# Parameters that may be there as long as they ask for nothing that is not done.
_HARMLESS = {"channel_binding": {"prefer", "disable"}, "gssencmode": {"prefer", "disable"}, "sslcompression": {"0"}}
_WRITE = "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
_ESCAPES = "in a password, write / as %2F, # as %23, ? as %3F, @ as %40, : as %3A and % as %25"


def usable_address(text: str) -> str:
    """The address as asyncpg takes it. ConfigurationError, in which no password is quoted, for one that it cannot."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("postgresql", "postgres"):
        raise ConfigurationError(f"The address of the database does not begin with postgresql://; {_WRITE}.")
    try:
        parts = urlsplit(text)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ConfigurationError(f"The address of the database cannot be read; {_WRITE}; {_ESCAPES}.") from None
    if parts.fragment or ("@" in rest and "@" not in parts.netloc and "@" not in parts.query):
        raise ConfigurationError(f"The address of the database names no host: {_ESCAPES}.")
    _check_ports(parts.netloc.rpartition("@")[2])
    kept = [(name, value) for name, value in pairs if _is_kept(name, value)]
    return text.partition("?")[0] + (f"?{urlencode(kept)}" if kept else "")


def _check_ports(hosts: str) -> None:
    for host in hosts.split(","):
        port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ConfigurationError(f"The port in the address of the database is not a number; {_WRITE}; {_ESCAPES}.")


def _is_kept(name: str, value: str) -> bool:
    if name in _USED or name in _OF_THE_SERVER:
        return True
    if name in _LEFT_AWAY or value in _HARMLESS.get(name, ()):
        return False
    if name in _HARMLESS:
        raise ConfigurationError(f"The address of the database asks for {name}={value}, which Ringpost cannot do.")
    raise ConfigurationError(f"The address of the database has the parameter {name[:40]!r}, which is not supported.")
