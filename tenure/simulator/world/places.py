"""Where customers are: countries with cities, address forms, language, time zone and tax."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from tenure.simulator.world.chance import weighted
from tenure.simulator.world.shapes import Record, record


@dataclass(frozen=True, slots=True)
class City:
    """A city with its region, the start of its postal codes and its sales tax where the US levies one."""

    name: str
    region: str | None
    postal: str
    sales_tax: str = "0"


@dataclass(frozen=True, slots=True)
class Country:
    """How addresses look in one country and how it taxes a software subscription."""

    code: str
    currency: str
    locale: str | None
    zone: str
    phone: str
    streets: tuple[str, ...]
    cities: tuple[City, ...]
    vat: str = "0"
    vat_digits: int = 0
    legal: tuple[str, ...] = ("Ltd",)


# A street form's {n} is the house number; a postal form's # a digit and @ a letter.
_US_STREETS = ("{n} Market Street", "{n} Commerce Blvd", "{n} Foundry Ave, Suite 300", "{n} Elm St")
_GERMAN = ("Lindenstraße {n}", "Am Hafen {n}", "Goethestraße {n}", "Industrieweg {n}")

COUNTRIES = {
    c.code: c
    for c in (
        Country(
            "US",
            "USD",
            "en-US",
            "America/New_York",
            "+1 555 01##",
            _US_STREETS,
            (
                City("Austin", "TX", "787##", "0.0825"),
                City("Columbus", "OH", "432##"),
                City("Portland", "OR", "972##"),
                City("New York", "NY", "100##", "0.08875"),
                City("Pittsburgh", "PA", "152##", "0.07"),
                City("San José", "CA", "951##"),
                City("Seattle", "WA", "981##", "0.1035"),
                City("Denver", "CO", "802##"),
            ),
            legal=("Inc.", "LLC", "Co.", "Corp."),
        ),
        Country(
            "CA",
            "USD",
            "en-CA",
            "America/Toronto",
            "+1 555 01##",
            ("{n} King Street West", "{n} rue Sherbrooke"),
            (City("Toronto", "ON", "M5V #A#", "0.13"), City("Montréal", "QC", "H2X #B#", "0.05")),
            legal=("Inc.", "Ltd."),
        ),
        Country(
            "GB",
            "GBP",
            "en-GB",
            "Europe/London",
            "+44 20 7946 0###",
            ("{n} Wharf Road", "Unit {n}, Canal Works", "{n} High Street"),
            (
                City("London", None, "N1 #AA"),
                City("Leeds", None, "LS1 #AB"),
                City("Bristol", None, "BS1 #AC"),
            ),
            vat="0.20",
            vat_digits=9,
            legal=("Ltd", "PLC", "LLP"),
        ),
        Country(
            "IE",
            "EUR",
            "en-IE",
            "Europe/Dublin",
            "+353 20 914 ####",
            ("{n} Quay Street",),
            (City("Dublin", "D", "D02 X2##"), City("Galway", "G", "H91 E2##")),
            vat="0.23",
            vat_digits=7,
            legal=("Ltd", "DAC"),
        ),
        Country(
            "DE",
            "EUR",
            "de-DE",
            "Europe/Berlin",
            "+49 30 23125 ###",
            _GERMAN,
            (
                City("Hamburg", None, "200##"),
                City("Köln", None, "506##"),
                City("Jena", None, "077##"),
            ),
            vat="0.19",
            vat_digits=9,
            legal=("GmbH", "AG", "GmbH & Co. KG"),
        ),
        Country(
            "FR",
            "EUR",
            "fr-FR",
            "Europe/Paris",
            "+33 1 99 00 ## ##",
            ("{n} rue des Tanneurs", "{n} quai de la Gare"),
            (City("Lyon", None, "690##"), City("Nantes", None, "440##")),
            vat="0.20",
            vat_digits=11,
            legal=("SAS", "SARL"),
        ),
        Country(
            "NL",
            "EUR",
            "nl-NL",
            "Europe/Amsterdam",
            "+31 20 555 01##",
            ("Keizerskade {n}", "Havenweg {n}"),
            (City("Utrecht", None, "35## AB"), City("Groningen", None, "97## CD")),
            vat="0.21",
            vat_digits=9,
            legal=("B.V.",),
        ),
        Country(
            "SE",
            "EUR",
            "sv-SE",
            "Europe/Stockholm",
            "+46 8 465 004 ##",
            ("Storgatan {n}", "Östra Hamnen {n}"),
            (City("Göteborg", None, "411 ##"), City("Malmö", None, "211 ##")),
            vat="0.25",
            vat_digits=12,
            legal=("AB",),
        ),
        Country(
            "PL",
            "EUR",
            "pl-PL",
            "Europe/Warsaw",
            "+48 22 555 01 ##",
            ("ul. Łąkowa {n}",),
            (City("Wrocław", None, "50-1##"), City("Łódź", None, "90-0##")),
            vat="0.23",
            vat_digits=10,
            legal=("Sp. z o.o.",),
        ),
        Country(
            "JP",
            "JPY",
            "ja-JP",
            "Asia/Tokyo",
            "+81 3 5555 01##",
            ("丸の内{n}丁目", "{n}-4 Nihonbashi"),
            (City("東京", "東京都", "100-00##"), City("Osaka", "Osaka", "530-00##")),
            vat="0.10",
            legal=("K.K.", "株式会社"),
        ),
        Country(
            "KW",
            "KWD",
            None,
            "Asia/Kuwait",
            "+965 2222 01##",
            ("Block {n}, Gulf Road",),
            (City("Kuwait City", None, "130##"),),
            legal=("W.L.L.",),
        ),
    )
}
EUROPEAN_UNION = frozenset({"IE", "DE", "FR", "NL", "SE", "PL"})

US_SITE = ((84, "US"), (9, "CA"), (3, "GB"), (3, "JP"), (1, "KW"))
EU_SITE = ((28, "GB"), (26, "DE"), (14, "FR"), (12, "NL"), (8, "IE"), (6, "SE"), (6, "PL"))


def digits(pattern: str, dice: Random) -> str:
    """The pattern with every ``#`` made a digit."""
    return "".join(str(dice.randrange(10)) if sign == "#" else sign for sign in pattern)


def country_for(region: str, dice: Random) -> Country:
    """A country in proportion to where the site of that Recurly region sells."""
    return COUNTRIES[weighted(dice, EU_SITE if region == "eu" else US_SITE)]


def address(country: Country, city: City, dice: Random) -> Record:
    """A full postal address in the country's own form."""
    return record(
        "address",
        phone=digits(country.phone, dice),
        street1=dice.choice(country.streets).format(n=dice.randint(1, 240)),
        street2=dice.choice((None, None, None, "", "2nd floor")),
        city=city.name,
        region=city.region,
        postal_code=digits(city.postal, dice),
        country=country.code,
    )


def vat_number(country: Country, dice: Random) -> str | None:
    """A number in the country's form, or None where there is no such number."""
    if not country.vat_digits:
        return None
    return country.code + digits("#" * country.vat_digits, dice)


def tax_rate(country: Country, city: City, vat: str | None, *, exempt: bool) -> Decimal:
    """What an invoice adds. The seller is Irish in the EU: a VAT number elsewhere reverses the charge."""
    reversed_charge = vat and country.code in EUROPEAN_UNION and country.code != "IE"
    if exempt or reversed_charge:
        return Decimal(0)
    return Decimal(country.vat) or Decimal(city.sales_tax)
