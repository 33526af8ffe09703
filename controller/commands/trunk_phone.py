"""The test phone of the command line: at the demo's trunk, an address of this machine."""

from __future__ import annotations

from controller.config.load import Configuration
from controller.directory.snapshot import Trunk
from controller.errors import ConfigurationError, UnsupportedSystem
from controller.programs import ProgramTree
from controller.softphone.phone import Softphone


def trunk_here(configuration: Configuration, command: str) -> Trunk:
    """The trunk at an address of this machine. `command`: what needs it, for the message. ConfigurationError."""
    trunks = configuration.snapshot.trunks.values()
    trunk = next((trunk for trunk in trunks if trunk.host.startswith("127.")), None)
    if trunk is None:
        raise ConfigurationError(f"`{command}` needs a trunk with a loopback address, and none is configured.")
    return trunk


def server_of(configuration: Configuration) -> tuple[str, int]:
    """Where the system's SIP is reached on this machine."""
    sip = configuration.settings.sip
    return ("127.0.0.1" if sip.host == "0.0.0.0" else sip.host, sip.port)  # noqa: S104


def phone_at_trunk(configuration: Configuration, command: str) -> tuple[Softphone, Trunk]:
    """A phone, not started yet, and the trunk that it is at. `command`: what needs it, for messages.

    ConfigurationError without a trunk on this machine, UnsupportedSystem without SIPp.
    """
    trunk = trunk_here(configuration, command)
    sipp = ProgramTree(configuration.settings.tools_dir).command_here("sipp")
    if sipp is None:
        raise UnsupportedSystem(f"`{command}` needs the program sipp, and this system does not have it.")
    return Softphone(sipp, server=server_of(configuration), local_host=trunk.host), trunk
