"""Made-up numbers with their check digits, dates and other values that have a form."""

from __future__ import annotations

import random
from functools import cache
from typing import Final

from faker import Faker
from stdnum.pt import cc, nif

from synapse_pipelines.pii.pools import ABROAD, Language

_AREA_CODES_BR: Final = ("11", "21", "31", "41", "51", "61", "71", "81", "85", "47", "19")
_AREA_CODES_US: Final = ("202", "212", "310", "415", "617", "713", "305", "206")
_FOREIGN_SHARE: Final = 0.25
_MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    "pt": (
        *("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho"),
        *("agosto", "setembro", "outubro", "novembro", "dezembro"),
    ),
}


class Numbers:
    """Draws numbers; a method is a slot, given the language that the value is written in."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def postcode_pt(self, _language: Language) -> str:
        """``4000-123``."""
        return f"{self._rng.randint(1000, 9899)}-{self._rng.randint(1, 999):03}"

    def postcode_br(self, _language: Language) -> str:
        """``01234-000``."""
        return f"{self._rng.randint(1000, 99999):05}-{self._rng.randint(0, 999):03}"

    def postcode_us(self, _language: Language) -> str:
        """``02134``."""
        return f"{self._rng.randint(501, 99950):05}"

    def postcode_uk(self, _language: Language) -> str:
        """``SW1A 1AA``."""
        return self._from_faker("en_GB", "postcode")

    def zip(self, language: Language) -> str:
        """A postcode of the United States, or of anywhere."""
        if self._rng.random() < _FOREIGN_SHARE:
            return self._from_faker(self._rng.choice(ABROAD), "postcode")
        return self.postcode_us(language)

    def phone(self, language: Language) -> str:
        """A phone number, some of them in forms that no pattern knows."""
        rng = self._rng
        if rng.random() < _FOREIGN_SHARE:
            return self._from_faker(rng.choice(ABROAD), "phone_number")
        last = f"{rng.randint(0, 9999):04}"
        if language == "en":
            area = rng.choice(_AREA_CODES_US)
            america = rng.choice((f"({area}) 555-01", f"+1 {area}-555-01", f"{area}-555-01")) + last[:2]
            return rng.choice((america, f"020 7946 0{last[:3]}", f"+44 20 7946 0{last[:3]}", f"07911 12{last}"))
        mobile = f"9{rng.choice('1236')}{rng.randint(1, 9)} {rng.randint(100, 999)} {rng.randint(100, 999)}"
        brazil = f"({rng.choice(_AREA_CODES_BR)}) 9{rng.randint(6000, 9999)}-{last}"
        return rng.choice((mobile, mobile.replace(" ", ""), f"+351 {mobile}", brazil, f"+55 {brazil}"))

    def url(self, _language: Language) -> str:
        """A page of a host that documentation may use."""
        host = self._rng.choice(("www.example.com", "example.pt", "example.org"))
        return f"https://{host}/{self._digits(4)}"

    def ip(self, _language: Language) -> str:
        """Four bytes."""
        return ".".join(str(self._rng.randint(1, 254)) for _ in range(4))

    def card(self, _language: Language) -> str:
        """A payment card."""
        return self._from_faker("en_US", "credit_card_number")

    def iban(self, language: Language) -> str:
        """A bank account."""
        return self._from_faker(self._rng.choice(("en_GB", "de_DE") if language == "en" else ("pt_PT",)), "iban")

    def ssn(self, _language: Language) -> str:
        """United States: social security."""
        return self._from_faker("en_US", "ssn")

    def cpf(self, _language: Language) -> str:
        """Brazil: people."""
        return self._from_faker("pt_BR", "cpf")

    def cnpj(self, _language: Language) -> str:
        """Brazil: companies."""
        return self._from_faker("pt_BR", "cnpj")

    def nif(self, _language: Language) -> str:
        """Portugal: tax number."""
        body = self._rng.choice("25") + self._digits(7)
        return body + str(nif.calc_check_digit(body))

    def cc(self, _language: Language) -> str:
        """Portugal: citizen card."""
        body = f"{self._digits(9)}ZZ"
        return f"{body[:8]} {body[8]} ZZ{cc.calc_check_digit(body)}"

    def niss(self, _language: Language) -> str:
        """Portugal: social security."""
        body = "1" + self._digits(9)
        total = sum(w * int(d) for w, d in zip((29, 23, 19, 17, 13, 11, 7, 5, 3, 2), body, strict=True))
        return f"{body}{9 - total % 10}"

    def birthdate(self, language: Language) -> str:
        """A day in the life of those who are alive."""
        return self._day(language, 1940, 2012)

    def date(self, language: Language) -> str:
        """A day that is nobody's."""
        return self._day(language, 2013, 2030)

    def age(self, _language: Language) -> str:
        """A small number."""
        return str(self._rng.randint(1, 99))

    def year(self, _language: Language) -> str:
        """A year."""
        return str(self._rng.randint(1900, 2026))

    def number(self, _language: Language) -> str:
        """A number of three to eight digits."""
        return str(self._rng.randint(100, 10 ** self._rng.randint(3, 8)))

    def time(self, language: Language) -> str:
        """A time of the day."""
        hour, minute = self._rng.randint(0, 23), self._rng.choice((0, 15, 30, 45))
        return f"{hour}h{minute:02}" if language == "pt" and self._rng.random() < 0.5 else f"{hour}:{minute:02}"

    def _day(self, language: Language, first_year: int, last_year: int) -> str:
        day, month = self._rng.randint(1, 28), self._rng.randint(1, 12)
        year, name = self._rng.randint(first_year, last_year), _MONTHS[language][month - 1]
        if language == "pt":
            words = (f"{day} de {name} de {year}", f"{day}/{name[:3]}/{year}", f"{day} {name} {year}")
        else:
            words = (f"{name} {day}, {year}", f"{day} {name} {year}", f"{name[:3]} {day} {year}")
        written = f"{day:02}/{month:02}/{year}"
        forms = (written, written.replace("/", "-"), written.replace("/", "."), f"{year}-{month:02}-{day:02}")
        return self._rng.choice((*forms, f"{day}/{month}/{year % 100:02}", *words))

    def _digits(self, count: int) -> str:
        return "".join(self._rng.choices("0123456789", k=count))

    def _from_faker(self, locale: str, kind: str) -> str:
        fake = _faker(locale)
        fake.seed_instance(self._rng.random())
        return str(getattr(fake, kind)())


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale)
