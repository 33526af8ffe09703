"""The menu that load and adversity tests call: three tone-coded sounds, two branches, post-backs to one customer."""

from __future__ import annotations

from pathlib import Path

from controller.softphone.phone_call import PhoneCall
from tests.support.house import KEY
from tests.support.tones import Ear, write_tone

NUMBER = "12015550101"
MENU, ONE, TWO = 10, 11, 12

SCRIPT = r"""
~\ClearDTMF()~ ~\AssignDTMF(1|one)~ ~\AssignDTMF(2|two)~
~^menu~ ~\WaitForDTMF(8)~ ~\EndCall()~
~\Label(one)~ ~\SetVar(branch|one)~ ~^one~ ~\EndCall()~
~\Label(two)~ ~\SetVar(branch|two)~ ~^two~
"""


def menu_yaml(folder: Path, url: str) -> str:
    """Write the script and its sounds into the folder; the admin YAML that uses them."""
    (folder / "sounds").mkdir(exist_ok=True)
    for name, code in (("menu", MENU), ("one", ONE), ("two", TWO)):
        write_tone(folder / "sounds" / f"{name}.wav", code, 0.5)
    (folder / "menu.txt").write_text(SCRIPT)
    return f"""
license_keys:
  acme: {{key: {KEY}, products: [phone], status_post_url: "{url}/calls", sounds: sounds}}
dids:
  "+{NUMBER}": {{voice: acme, script: menu.txt}}
trunks:
  carrier: {{host: 127.0.0.2}}
"""


async def choose(call: PhoneCall, index: int) -> int:
    """Hear the menu, press 1 (even) or 2 (odd), and hear the branch; the code that was heard."""
    ear = Ear(call)
    await ear.hear(MENU)
    await call.press("1" if index % 2 == 0 else "2")
    return (await ear.hear(ONE if index % 2 == 0 else TWO)).code
