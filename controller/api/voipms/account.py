"""Methods about the account and where it is used from."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import NoParameters, operation
from controller.api.bindings.model import element, structure

NAMESPACE = "https://voip.ms/api/schema"


@structure("getIPOutput", NAMESPACE)
class IpAnswer:
    """The address that a request came from."""

    ip: str = element("ip")


class AccountMethods:
    """What an account's programs ask of the account itself."""

    @operation("getIP")
    async def ip(self, _request: NoParameters, caller: Caller) -> IpAnswer:
        """The address that this request came from; every address may ask."""
        return IpAnswer(ip=caller.origin.address)
