"""What a caller is told by an IVR itself, in the languages that IVRs have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Announcements:
    """The texts of one language, and the id of the voice that speaks it (those of Phone Notify!)."""

    voice: int
    unreachable: str
    no_service: str
    disconnected: str
    press_keys: str
    you_pressed: str
    leave_message: str
    enter_pin: str
    enter_number: str


ANNOUNCEMENTS: Mapping[str, Announcements] = {
    "en": Announcements(
        voice=0,
        unreachable="We are sorry, nobody can be reached at the moment.",
        no_service="The number that you have called is not in service.",
        disconnected="The number that you have called has been disconnected.",
        press_keys="Press some keys, and then the pound key, to hear them read back.",
        you_pressed="You pressed",
        leave_message="Please leave a message after the tone, and press the pound key when you are done.",
        enter_pin="Please enter your PIN, and then the pound key.",
        enter_number="Please dial the number, and then the pound key.",
    ),
    "es": Announcements(
        voice=17,
        unreachable="Lo sentimos, en este momento no podemos comunicarle con nadie.",
        no_service="El número que ha marcado no está en servicio.",
        disconnected="El número que ha marcado ha sido desconectado.",
        press_keys="Pulse algunas teclas y después la tecla numeral para oírlas.",
        you_pressed="Ha pulsado",
        leave_message="Deje su mensaje después de la señal y pulse la tecla numeral al terminar.",
        enter_pin="Introduzca su clave y después la tecla numeral.",
        enter_number="Marque el número y después la tecla numeral.",
    ),
    "fr": Announcements(
        voice=7,
        unreachable="Nous sommes désolés, personne ne peut être joint pour le moment.",
        no_service="Le numéro que vous avez composé n'est pas en service.",
        disconnected="Le numéro que vous avez composé a été débranché.",
        press_keys="Appuyez sur quelques touches, puis sur le carré, pour les entendre.",
        you_pressed="Vous avez appuyé sur",
        leave_message="Laissez un message après le signal, et appuyez sur le carré quand vous aurez terminé.",
        enter_pin="Composez votre code, puis le carré.",
        enter_number="Composez le numéro, puis le carré.",
    ),
}
