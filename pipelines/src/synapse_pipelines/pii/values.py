"""Made-up values for the slots of sentences: names, places, organisations and addresses; `numbers` has the rest.

Names come from Faker in many languages and from lists; organisations and addresses are mostly composed, as there are
more of them than any list holds.
"""

from __future__ import annotations

import random
from typing import Final

from synapse_pipelines.pii.numbers import Numbers
from synapse_pipelines.pii.pools import ABROAD, HOME, Language, Side, listed, pool, side_listed, side_pool

TYPE_OF_SLOT: Final = {
    "first": "PERSON",
    "last": "PERSON",
    "person": "PERSON",
    "place": "LOCATION",
    "org": "ORG",
    "address": "ADDRESS",
    **dict.fromkeys(("postcode_pt", "postcode_br", "postcode_us", "postcode_uk", "zip"), "POSTCODE"),
    **{name: name.upper() for name in ("phone", "email", "url", "ip", "card", "iban", "birthdate", "ssn")},
    **{name: name.upper() for name in ("nif", "cc", "niss", "cpf", "cnpj")},
}
"""The type of personal data that a slot of ``phrases/`` holds; other slots hold none."""

WORDS: Final = ("thing", "nation", "day", "month", "job", "tag", "user", "work")
"""Slots of words that only look like personal data; their lists are in ``lists/words.yaml``."""

_HOME_SHARE: Final = 0.6
_STREETS_EN: Final = (
    *("Street", "St", "St.", "Avenue", "Ave", "Road", "Rd", "Lane", "Drive", "Dr", "Court", "Close", "Way"),
    *("Boulevard", "Blvd", "Square", "Terrace", "Place", "Crescent", "Hill", "Gardens", "Parkway"),
)
_STREETS_PT: Final = (
    *("Rua", "Rua", "Rua", "R.", "Avenida", "Av.", "Travessa", "Praça", "Largo", "Estrada", "Alameda"),
    *("Praceta", "Beco", "Rodovia", "Calçada", "Quinta", "Bairro"),
)


class Values:
    """Draws the values of one sentence after another."""

    def __init__(self, rng: random.Random, side: Side) -> None:
        self._rng = rng
        self._side: Side = side
        self._numbers = Numbers(rng)
        self._named = {
            "first": self._first,
            "last": self._last,
            "person": self._person,
            "place": self._place,
            "org": self._org,
            "address": self._address,
            "email": self._email,
        }

    def draw(self, slot: str, language: Language) -> str:
        """Return a value for `slot` as it is written in `language`."""
        if slot in WORDS:
            return self._pick("words", slot, language)
        if slot in self._named:
            return self._named[slot](language)
        return str(getattr(self._numbers, slot)(language))

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _pick(self, file: str, *keys: str) -> str:
        return self._rng.choice(listed(file, *keys))

    def _faked(self, kind: str, language: Language, home: float = _HOME_SHARE) -> str:
        locale = self._rng.choice(HOME[language] if self._chance(home) else ABROAD)
        return self._rng.choice(side_pool(locale, kind, self._side))

    def _first(self, language: Language) -> str:
        chance = self._rng.random()
        if chance < 0.12:
            return self._rng.choice(side_listed(self._side, "names", "short", language))
        if chance < 0.24:
            return self._rng.choice(side_listed(self._side, "names", "first"))
        return self._faked("first_name", language)

    def _last(self, language: Language) -> str:
        if self._chance(0.15):
            return self._rng.choice(side_listed(self._side, "names", "last"))
        return self._faked("last_name", language)

    def _person(self, language: Language) -> str:
        first, last, chance = self._first(language), self._last(language), self._rng.random()
        initial = self._rng.choice("ABCDEFGHJLMNPRST")
        if chance < 0.22:
            return self._rng.choice((first, last))
        if chance < 0.3:
            return f"{first} {initial}. {last}"
        if chance < 0.34:
            return self._rng.choice((f"{initial}. {last}", f"{first} {last[0]}.", f"{initial}.{first[0]}. {last}"))
        if chance < 0.37:
            return f"{first} {last}-{self._last(language)}"
        if chance < 0.5:
            middle = self._rng.choice((" da ", " dos ", " de ", " ", " e ")) if language == "pt" else " "
            return f"{first}{middle}{self._last(language)} {last}"
        return f"{first} {last}"

    def _place(self, language: Language) -> str:
        chance = self._rng.random()
        if chance < 0.35:
            return self._pick("places", "places", language)
        if chance < 0.5:
            return self._pick("regions", language)
        if chance < 0.6:
            return self._rng.choice(pool(self._rng.choice(HOME[language]), "country"))
        if chance < 0.7:
            locale, kind = self._rng.choice(
                (("en_US", "state"), ("en_GB", "county"))
                if language == "en"
                else (("pt_BR", "state"), ("pt_PT", "concelho"), ("pt_PT", "freguesia"), ("pt_BR", "bairro"))
            )
            return self._rng.choice(side_pool(locale, kind, self._side))
        city = self._faked("city", language, home=0.4)
        return city.upper() if self._chance(0.15) and len(city.upper()) == len(city) else city

    def _org(self, language: Language) -> str:
        chance = self._rng.random()
        if chance < 0.28:
            return self._pick("places", "orgs", language)
        if chance < 0.42:
            return self._faked("company", language)
        if chance < 0.54:
            coined = "".join(self._rng.choice(listed_part) for listed_part in _coined()).capitalize()
            return f"{coined} {self._pick('parts', 'legal', language)}" if self._chance(0.4) else coined
        if chance < 0.58:
            return "".join(self._rng.choices("ABCDEFGILMNOPRSTU", k=self._rng.randint(3, 4)))
        return self._composed_pt() if language == "pt" else self._composed_en()

    def _composed_en(self) -> str:
        last, place, business = self._last("en"), self._place("en"), self._pick("parts", "business", "en")
        noun, field = self._pick("parts", "noun", "en"), self._pick("parts", "field", "en")
        return self._rng.choice(
            (
                f"{last} {business}",
                f"{last} & {self._last('en')}",
                f"{last}, {self._last('en')} and {self._last('en')}",
                f"{noun} {business}",
                f"{noun} {business} {self._pick('parts', 'legal', 'en')}",
                f"{self._rng.choice(('Department', 'Ministry', 'Office', 'Institute'))} of {field}",
                f"{place} {self._pick('parts', 'of_place', 'en')}",
                f"{place} {self._pick('parts', 'of_place', 'en')}",
                f"University of {place}",
                f"{place} {business}",
                f"St. {self._first('en')}'s {self._rng.choice(('Hospital', 'School', 'College', 'Church'))}",
                f"the {last} {self._rng.choice(('Foundation', 'Institute', 'Group', 'Hotel', 'Trust'))}",
            )
        )

    def _composed_pt(self) -> str:
        last, place, business = self._last("pt"), self._place("pt"), self._pick("parts", "business", "pt")
        noun, field = self._pick("parts", "noun", "pt"), self._pick("parts", "field", "pt")
        saint = self._rng.choice(("São", "Santa", "Dom"))
        return self._rng.choice(
            (
                f"{last} {business}",
                f"{last} & {self._last('pt')} {self._pick('parts', 'legal', 'pt')}",
                f"{business} {last} {self._pick('parts', 'legal', 'pt')}",
                f"{noun} {business}",
                f"Grupo {self._rng.choice((last, noun))}",
                f"{self._pick('parts', 'shop', 'pt')} {self._rng.choice((last, noun, noun))}",
                f"{self._pick('parts', 'shop', 'pt')} {self._rng.choice((last, noun, noun))}",
                f"{self._rng.choice(('Ministério', 'Secretaria', 'Direção-Geral'))} da {field}",
                f"{self._pick('parts', 'of_place', 'pt')} {place}",
                f"{self._pick('parts', 'of_place', 'pt')} {place}",
                f"{self._rng.choice(('Hospital', 'Colégio', 'Igreja'))} {saint} {self._first('pt')}",
                f"Escola {self._rng.choice(('Secundária', 'Estadual', 'Municipal'))} {self._first('pt')} {last}",
            )
        )

    def _address(self, language: Language) -> str:
        chance = self._rng.random()
        if chance < 0.12:
            return self._faked("street_address", language, home=0.4)
        if chance < 0.26:
            whole = self._faked("address", language, home=0.5)
            return whole.replace("\n", ", ") if self._chance(0.6) else whole
        street = self._street_pt() if language == "pt" else self._street_en()
        return street + self._town(language) if self._chance(0.3) else street

    def _street_en(self) -> str:
        rng, number = self._rng, self._rng.randint(1, 9999 if self._chance(0.4) else 250)
        if self._chance(0.15):  # a street abroad, as someone there would write it in English
            return f"{number} {rng.choice(side_pool(rng.choice(ABROAD), 'street_name', self._side))}"
        name = rng.choice((self._last("en"), self._place("en"), self._pick("parts", "street", "en")))
        unit = rng.choice(("", "", "", f" Apt. {number % 97}", f", Flat {number % 9}", f" Suite {number % 400}"))
        street = f"{number}{rng.choice(('', '', '', '', 'a', 'B'))} {name} {rng.choice(_STREETS_EN)}{unit}"
        return f"Flat {rng.randint(1, 40)}, {street}" if self._chance(0.06) and not unit else street

    def _street_pt(self) -> str:
        rng, number = self._rng, self._rng.randint(1, 2500 if self._chance(0.4) else 300)
        name = rng.choice(
            (
                self._last("pt"),
                self._place("pt"),
                f"{self._first('pt')} {self._last('pt')}",
                self._pick("parts", "street", "pt"),
            )
        )
        joint = " " if name[0].islower() else rng.choice((" ", " ", " da ", " do ", " de ", " das "))
        before = rng.choice((", ", " ", ", nº ", " n.º ", ", n. ", " número "))
        floors = (", 2º esq", " 3º Dto", f", {number % 9}º A", f", apto {number % 90}", f" bloco {number % 7}", ", r/c")
        floor = rng.choice(floors) if self._chance(0.35) else ""
        return f"{rng.choice(_STREETS_PT)}{joint}{name}{before}{number}{floor}"

    def _town(self, language: Language) -> str:
        rng, numbers = self._rng, self._numbers
        city, state = self._faked("city", language, home=0.6), self._pick("parts", "states", language)
        land = rng.choice(pool(HOME[language][0], "country"))
        if language == "en":
            return rng.choice(
                (
                    f", {city}",
                    f", {city}, {state} {numbers.postcode_us('en')}",
                    f", {city} {numbers.postcode_uk('en')}",
                    f"\n{city}, {state} {numbers.postcode_us('en')}",
                    f", {city}, {land}",
                    f"\n {city}\n {land} {numbers.zip('en')}",
                )
            )
        return rng.choice(
            (
                f", {city}",
                f", {numbers.postcode_pt('pt')} {city}",
                f" - Centro, {city} - {state}",
                f", {city}/{state}",
                f"\n{numbers.postcode_pt('pt')} {city}",
                f", {city} - {state}, {numbers.postcode_br('pt')}",
            )
        )

    def _email(self, language: Language) -> str:
        user = "".join(filter(str.isalnum, self._first(language).lower()))
        domain = self._rng.choice(("example.com", "exemplo.pt", "mail.example.org"))
        return f"{user}.{self._rng.randint(1, 99)}@{domain}"


def _coined() -> list[tuple[str, ...]]:
    return [listed("parts", "coined", number) for number in range(3)]
