"""The words of the mails about coming in, in the languages that we have; English for all others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from backend.profiles.types import Profile
from shared.kernel.clock import zone_named

Kind = Literal[
    "new_device",
    "claim_code",
    "sign_in_code",
    "recovery_code",
    "not_set_up",
    "password_set",
    "passkey_added",
    "authenticator_set",
    "authenticator_removed",
    "sign_on_connected",
]
_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "new_device": (
            "You signed in on a new device",
            "Dear {name},\n\nSomebody signed in to your account on {day} at {time}, on a device that we have not seen before: {device}.\n\n"
            "Was this you? Then there is nothing to do.\n\n"
            "If not, sign in, end that session and choose a new password:\n{link}\n",
        ),
        "claim_code": (
            "Your code",
            "Dear {name},\n\nYour code is {code}. Enter it on the page where you asked for it, to set up your account. It is good for ten minutes.\n\n"
            "You did not ask for it? Then give it to nobody: nothing happens without it.\n",
        ),
        "sign_in_code": (
            "Sign in with this code",
            "Dear {name},\n\nYour code is {code}. Enter it on the page where you asked for it.\n\n"
            "Or sign in by this link:\n{link}\n\nBoth are good for ten minutes, and once.\n\n"
            "You did not ask for it? Then give it to nobody: nothing happens without it.\n",
        ),
        "recovery_code": (
            "Your code for a new password",
            "Dear {name},\n\nYour code is {code}. Enter it on the page where you asked for it, and choose a new password. It is good for ten minutes.\n\n"
            "You did not ask for it? Then give it to nobody: your password stays as it is.\n",
        ),
        "not_set_up": (
            "Set up your account",
            "Dear {name},\n\nSomebody wanted to sign in with this address, perhaps you. Your account is not set up yet. You can do that here, with your customer number:\n"
            "{link}\n\nIf it was not you, there is nothing to do.\n",
        ),
        "password_set": (
            "Your password was changed",
            "Dear {name},\n\nThe password of your account was chosen anew on {day} at {time}. Wherever you were signed in before, you have to sign in again.\n\n"
            "Was this not you? Then choose another one at once:\n{link}\n",
        ),
        "passkey_added": (
            "A passkey was added",
            "Dear {name},\n\nOn {day} at {time} a passkey was added to your account: {passkey}. Whoever has it can sign in as you.\n\n"
            "Was this not you? Then remove it:\n{link}\n",
        ),
        "authenticator_set": (
            "Codes by your authenticator",
            "Dear {name},\n\nSince {day} at {time} your account asks for a code of your authenticator, beside your password. Keep the codes on paper safe: they help when your telephone is lost.\n\n"
            "Was this not you? Then call us.\n",
        ),
        "authenticator_removed": (
            "No more codes by your authenticator",
            "Dear {name},\n\nSince {day} at {time} your account asks for no code of an authenticator any more.\n\n"
            "Was this not you? Then set it up again, and choose a new password:\n{link}\n",
        ),
        "sign_on_connected": (
            "Another way into your account",
            "Dear {name},\n\nSince {day} at {time} your account opens with your organisation's sign-in, too. You can end that on the page that says how you sign in.\n\n"
            "Was this not you? Then call us.\n",
        ),
    },
    "es": {
        "new_device": (
            "Ha entrado desde un dispositivo nuevo",
            "Hola {name}:\n\nAlguien ha entrado en su cuenta el {day} a las {time}, desde un dispositivo que no conocíamos: {device}.\n\n"
            "¿Fue usted? Entonces no tiene que hacer nada.\n\n"
            "Si no, entre, cierre esa sesión y elija otra contraseña:\n{link}\n",
        ),
        "claim_code": (
            "Su código",
            "Hola {name}:\n\nSu código es {code}. Escríbalo en la página donde lo pidió para activar su cuenta. Vale diez minutos.\n\n"
            "¿No lo pidió usted? No se lo dé a nadie: sin él no ocurre nada.\n",
        ),
        "sign_in_code": (
            "Entre con este código",
            "Hola {name}:\n\nSu código es {code}. Escríbalo en la página donde lo pidió.\n\n"
            "O entre con este enlace:\n{link}\n\nAmbos valen diez minutos y una sola vez.\n\n"
            "¿No lo pidió usted? No se lo dé a nadie: sin él no ocurre nada.\n",
        ),
        "recovery_code": (
            "Su código para una contraseña nueva",
            "Hola {name}:\n\nSu código es {code}. Escríbalo en la página donde lo pidió y elija una contraseña nueva. Vale diez minutos.\n\n"
            "¿No lo pidió usted? No se lo dé a nadie: su contraseña sigue igual.\n",
        ),
        "not_set_up": (
            "Active su cuenta",
            "Hola {name}:\n\nAlguien quiso entrar con esta dirección, quizá usted. Su cuenta aún no está activada. Puede hacerlo aquí, con su número de cliente:\n"
            "{link}\n\nSi no fue usted, no tiene que hacer nada.\n",
        ),
        "password_set": (
            "Su contraseña ha cambiado",
            "Hola {name}:\n\nLa contraseña de su cuenta se eligió de nuevo el {day} a las {time}. Donde estaba dentro, tendrá que entrar otra vez.\n\n"
            "¿No fue usted? Elija otra enseguida:\n{link}\n",
        ),
        "passkey_added": (
            "Se ha añadido una llave de acceso",
            "Hola {name}:\n\nEl {day} a las {time} se añadió una llave de acceso a su cuenta: {passkey}. Quien la tenga puede entrar como usted.\n\n"
            "¿No fue usted? Quítela:\n{link}\n",
        ),
        "authenticator_set": (
            "Códigos de su autenticador",
            "Hola {name}:\n\nDesde el {day} a las {time} su cuenta pide un código de su autenticador, además de la contraseña. Guarde bien los códigos en papel: sirven si pierde el teléfono.\n\n"
            "¿No fue usted? Llámenos.\n",
        ),
        "authenticator_removed": (
            "Ya no se piden códigos del autenticador",
            "Hola {name}:\n\nDesde el {day} a las {time} su cuenta ya no pide ningún código de un autenticador.\n\n"
            "¿No fue usted? Actívelo de nuevo y elija otra contraseña:\n{link}\n",
        ),
        "sign_on_connected": (
            "Otra manera de entrar en su cuenta",
            "Hola {name}:\n\nDesde el {day} a las {time} su cuenta se abre también con el acceso de su organización. Puede quitarlo en la página que dice cómo entra.\n\n"
            "¿No fue usted? Llámenos.\n",
        ),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """Which letter, and what stands in it beside the name, the day and the time."""

    kind: Kind
    values: Mapping[str, str] = field(default_factory=dict)


def written(letter: Letter, profile: Profile, at: datetime) -> tuple[str, str]:
    """Subject and text."""
    words = _WORDS.get(profile.language[:2].lower(), _WORDS["en"])
    subject, text = words[letter.kind]
    local = at.astimezone(zone_named(profile.timezone))
    day = f"{local:%d/%m/%Y}" if words is _WORDS["es"] else f"{local.day} {local:%B %Y}"
    return subject, text.format(name=profile.name, day=day, time=f"{local:%H:%M}", **letter.values)
