"""Made-up values for the slots of sentences: names, places, organisations, addresses, numbers with their check digits.

Names come from Faker in many languages, places and organisations from ``places.yaml`` and Faker. Names, made-up
companies and streets of training and of test sentences are disjoint: such a value belongs to one side by its hash, so
that a tagger cannot win by heart. Countries and the listed places and organisations are the same on both sides.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import yaml
from faker import Faker
from stdnum.pt import cc, nif

Language = Literal["en", "pt"]
Side = Literal["train", "test"]

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
"""The type of personal data that a slot of ``phrases.yaml`` holds; other slots hold none."""

_HOME: Final[dict[Language, tuple[str, ...]]] = {"en": ("en_US", "en_GB"), "pt": ("pt_BR", "pt_PT")}
_ABROAD: Final = (
    *("es_ES", "fr_FR", "de_DE", "it_IT", "nl_NL", "pl_PL", "cs_CZ", "sv_SE", "fi_FI", "hu_HU", "ro_RO", "tr_TR"),
    *("en_IN", "hr_HR", "da_DK", "no_NO", "id_ID", "vi_VN"),
)
_HOME_SHARE: Final = 0.6
_POOL: Final = 1_200  # values drawn of each kind and locale
_TEST_SHARE: Final = 5  # one value in five is for test sentences
_STREETS_EN: Final = ("Street", "St", "Avenue", "Ave", "Road", "Rd", "Lane", "Drive", "Dr", "Court", "Close", "Way")
_STREETS_PT: Final = ("Rua", "R.", "Avenida", "Av.", "Travessa", "Praça", "Largo", "Estrada", "Alameda")
_AREA_CODES_BR: Final = ("11", "21", "31", "41", "51", "61", "71", "81", "85", "47", "19")
_AREA_CODES_US: Final = ("202", "212", "310", "415", "617", "713", "305", "206")
_COINED: Final = (
    ("ve", "no", "syn", "zen", "al", "tri", "lu", "qua", "in", "ap", "bio", "data", "cli", "mar", "op", "eco", "med"),
    ("ra", "li", "ta", "ne", "xi", "vo", "mi", "do", "gra", "ple", "sta", "cor", "fi"),
    ("x", "ly", "tech", "soft", "ware", "dyne", "corp", "labs", "tis", "nix", "via", "bank", "pay", "med", "ra", "go"),
)


def side_of(value: str) -> Side:
    """Return the side that `value` belongs to, by its hash."""
    return "test" if hashlib.sha256(value.encode()).digest()[0] % _TEST_SHARE == 0 else "train"


@cache
def _pool(locale: str, kind: str) -> tuple[str, ...]:
    fake = Faker(locale)
    fake.seed_instance(f"{locale} {kind}")
    make: Callable[[], str] = getattr(fake, kind)
    return tuple(sorted({make().strip() for _ in range(_POOL)}))


@cache
def _side_pool(locale: str, kind: str, side: Side) -> tuple[str, ...]:
    found = tuple(value for value in _pool(locale, kind) if side_of(value) == side)
    return found or _side_pool("en_US", kind, side)  # a locale with a handful of values may have none of a side


@cache
def _listed(kind: str, language: Language) -> tuple[str, ...]:
    listed = yaml.safe_load(files("synapse_pipelines.pii").joinpath("places.yaml").read_text(encoding="utf-8"))
    return tuple(listed[kind][language])


def known_names() -> frozenset[str]:
    """Return, in lower case, all names of people, places and organisations that are one word."""
    names: set[str] = set()
    for locale in (*_HOME["en"], *_HOME["pt"], *_ABROAD):
        for kind in ("first_name", "last_name"):
            names |= {value.lower() for value in _pool(locale, kind)}
    for kind in ("places", "orgs"):
        for language in _HOME:
            names |= {value.lower() for value in _listed(kind, language)}
    return frozenset(name for name in names if " " not in name)


class Values:
    """Draws the values of one sentence after another."""

    def __init__(self, rng: random.Random, side: Side) -> None:
        self._rng = rng
        self._side = side

    def draw(self, slot: str, language: Language) -> str:
        """Return a value for `slot` as it is written in `language`."""
        draw: Callable[[Language], str] = getattr(self, f"_{slot}")
        return draw(language)

    def _faked(self, kind: str, language: Language, home: float = _HOME_SHARE) -> str:
        locale = self._rng.choice(_HOME[language] if self._rng.random() < home else _ABROAD)
        return self._rng.choice(_side_pool(locale, kind, self._side))

    def _first(self, language: Language) -> str:
        return self._faked("first_name", language)

    def _last(self, language: Language) -> str:
        return self._faked("last_name", language)

    def _person(self, language: Language) -> str:
        first, last, chance = self._first(language), self._last(language), self._rng.random()
        if chance < 0.25:
            return self._rng.choice((first, last))
        if chance < 0.35:
            return f"{first} {self._rng.choice('ABCDEFGHJLMNPRST')}. {last}"
        if chance < 0.5:
            middle = self._rng.choice((" da ", " dos ", " de ")) if language == "pt" else " "
            return f"{first}{middle}{self._last(language)} {last}"
        return f"{first} {last}"

    def _place(self, language: Language) -> str:
        chance = self._rng.random()
        if chance < 0.6:
            return self._rng.choice(_listed("places", language))
        if chance < 0.8:
            return self._rng.choice(_pool(self._rng.choice(_HOME[language]), "country"))
        return self._faked("city", language, home=0.5)

    def _org(self, language: Language) -> str:
        chance = self._rng.random()
        if chance < 0.5:
            return self._rng.choice(_listed("orgs", language))
        if chance < 0.65:
            return self._faked("company", language)
        if chance < 0.85:
            name = "".join(self._rng.choice(part) for part in _COINED).capitalize()
            return name + self._rng.choice(("", "", "", " Inc", " Ltd", " SA", " Lda", " Group", " Labs"))
        name = self._rng.choice((self._place(language), self._last(language)))
        if language == "pt":
            return self._rng.choice(("Hospital ", "Banco ", "Clínica ", "Colégio ", "Escola ", "Grupo ")) + name
        return name + self._rng.choice((" Hospital", " University", " Bank", " College", " High School", " Motors"))

    def _address(self, language: Language) -> str:
        number = self._rng.randint(1, 9999 if language == "en" else 2500)
        if self._rng.random() < 0.25:
            return self._faked("street_address", language, home=0.4)
        name = self._rng.choice((self._last(language), self._place(language), self._person(language)))
        if language == "en":
            unit = self._rng.choice(("", "", f" Apt. {number % 97}", f", Flat {number % 9}", f" Suite {number % 400}"))
            return f"{number} {name} {self._rng.choice(_STREETS_EN)}{unit}"
        joint = self._rng.choice((" ", " ", " da ", " do ", " de ", " das "))
        before = self._rng.choice((", ", " ", ", nº ", " n.º "))
        floor = self._rng.choice(("", "", "", ", 2º esq", " 3º Dto", f", apto {number % 90}", f" bloco {number % 7}"))
        return f"{self._rng.choice(_STREETS_PT)}{joint}{name}{before}{number}{floor}"

    def _postcode_pt(self, _language: Language) -> str:
        return f"{self._rng.randint(1000, 9899)}-{self._rng.randint(1, 999):03}"

    def _postcode_br(self, _language: Language) -> str:
        return f"{self._rng.randint(1000, 99999):05}-{self._rng.randint(0, 999):03}"

    def _postcode_us(self, _language: Language) -> str:
        return f"{self._rng.randint(501, 99950):05}"

    _zip = _postcode_us

    def _postcode_uk(self, _language: Language) -> str:
        fake = Faker("en_GB")
        fake.seed_instance(self._rng.random())
        return str(fake.postcode())

    def _phone(self, language: Language) -> str:
        rng = self._rng
        last = f"{rng.randint(0, 9999):04}"
        if language == "en":
            area = rng.choice(_AREA_CODES_US)
            america = rng.choice((f"({area}) 555-01", f"+1 {area}-555-01", f"{area}-555-01")) + last[:2]
            return rng.choice((america, f"020 7946 0{last[:3]}", f"+44 20 7946 0{last[:3]}", f"07911 12{last}"))
        mobile = f"9{rng.choice('1236')}{rng.randint(1, 9)} {rng.randint(100, 999)} {rng.randint(100, 999)}"
        brazil = f"({rng.choice(_AREA_CODES_BR)}) 9{rng.randint(6000, 9999)}-{last}"
        return rng.choice((mobile, mobile.replace(" ", ""), f"+351 {mobile}", brazil, f"+55 {brazil}"))

    def _email(self, language: Language) -> str:
        user = "".join(filter(str.isalnum, self._first(language).lower()))
        domain = self._rng.choice(("example.com", "exemplo.pt", "mail.example.org"))
        return f"{user}.{self._rng.randint(1, 99)}@{domain}"

    def _url(self, _language: Language) -> str:
        host = self._rng.choice(("www.example.com", "example.pt", "example.org"))
        return f"https://{host}/{self._digits(4)}"

    def _ip(self, _language: Language) -> str:
        return ".".join(str(self._rng.randint(1, 254)) for _ in range(4))

    def _card(self, _language: Language) -> str:
        return self._from_faker("en_US", "credit_card_number")

    def _iban(self, language: Language) -> str:
        return self._from_faker(self._rng.choice(("en_GB", "de_DE") if language == "en" else ("pt_PT",)), "iban")

    def _ssn(self, _language: Language) -> str:
        return self._from_faker("en_US", "ssn")

    def _cpf(self, _language: Language) -> str:
        return self._from_faker("pt_BR", "cpf")

    def _cnpj(self, _language: Language) -> str:
        return self._from_faker("pt_BR", "cnpj")

    def _nif(self, _language: Language) -> str:
        body = self._rng.choice("25") + self._digits(7)
        return body + str(nif.calc_check_digit(body))

    def _cc(self, _language: Language) -> str:
        body = f"{self._digits(9)}ZZ"
        return f"{body[:8]} {body[8]} ZZ{cc.calc_check_digit(body)}"

    def _niss(self, _language: Language) -> str:
        body = "1" + self._digits(9)
        total = sum(w * int(d) for w, d in zip((29, 23, 19, 17, 13, 11, 7, 5, 3, 2), body, strict=True))
        return f"{body}{9 - total % 10}"

    def _birthdate(self, language: Language) -> str:
        return self._day(language, 1940, 2012)

    def _date(self, language: Language) -> str:
        return self._day(language, 2013, 2030)

    def _day(self, language: Language, first_year: int, last_year: int) -> str:
        day, month = self._rng.randint(1, 28), self._rng.randint(1, 12)
        year = self._rng.randint(first_year, last_year)
        words = f"{day} de maio de {year}" if language == "pt" else f"May {day}, {year}"
        written = f"{day:02}/{month:02}/{year}"
        return self._rng.choice((written, written.replace("/", "-"), f"{year}-{month:02}-{day:02}", words))

    def _age(self, _language: Language) -> str:
        return str(self._rng.randint(1, 99))

    def _year(self, _language: Language) -> str:
        return str(self._rng.randint(1900, 2026))

    def _number(self, _language: Language) -> str:
        return str(self._rng.randint(100, 10 ** self._rng.randint(3, 8)))

    def _time(self, language: Language) -> str:
        hour, minute = self._rng.randint(0, 23), self._rng.choice((0, 15, 30, 45))
        return f"{hour}h{minute:02}" if language == "pt" and self._rng.random() < 0.5 else f"{hour}:{minute:02}"

    def _digits(self, count: int) -> str:
        return "".join(self._rng.choices("0123456789", k=count))

    def _from_faker(self, locale: str, kind: str) -> str:
        fake = _faker(locale)
        fake.seed_instance(self._rng.random())
        return str(getattr(fake, kind)())


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale)
