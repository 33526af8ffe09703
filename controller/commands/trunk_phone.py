"""The test phone of the command line: at the demo's trunk, an address of this machine."""

from __future__ import annotations

from controller.config.load import Configuration
from controller.directory.snapshot import Trunk
from controller.errors import ConfigurationError, UnsupportedSystem
from controller.programs import ProgramTree
from controller.softphone.phone import Softphone


def phone_at_trunk(configuration: Configuration, command: str) -> tuple[Softphone, Trunk]:
    """A phone, not started yet, and the trunk that it is at. `command`: what needs it, for messages.

    ConfigurationError without a trunk on this machine, UnsupportedSystem without SIPp.
    """
    settings = configuration.settings
    trunk = next((trunk for trunk in configuration.snapshot.trunks.values() if trunk.host.startswith("127.")), None)
    if trunk is None:
        raise ConfigurationError(f"`{command}` needs a trunk with a loopback address, and none is configured.")
    sipp = ProgramTree(settings.tools_dir).command_here("sipp")
    if sipp is None:
        raise UnsupportedSystem(f"`{command}` needs the program sipp, and this system does not have it.")
    server = ("127.0.0.1" if settings.sip.host == "0.0.0.0" else settings.sip.host, settings.sip.port)  # noqa: S104
    return Softphone(sipp, server=server, local_host=trunk.host), trunk
