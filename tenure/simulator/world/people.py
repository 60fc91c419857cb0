"""Made-up companies and the people in them. No real company, every address at an example domain."""

import re
import unicodedata
from dataclasses import dataclass
from random import Random

from tenure.simulator.world.places import Country

FIRST_WORDS = (
    "Alder Amber Anvil Arbor Ashfield Aspen Basalt Beacon Birch Blackthorn Bluebird Bramble Brass "
    "Brindle Cairn Calder Cedar Cinder Clover Cobalt Copper Coral Cypress Dapple Delta Dovetail "
    "Driftwood Ember Falcon Fathom Fern Flint Foxglove Gable Garnet Glacier Granite Greyfriar Grove "
    "Halcyon Harrow Hazel Heath Heron Hollow Indigo Iron Juniper Keel Kestrel Lantern Larch Laurel "
    "Linden Lodestar Lupin Mallow Maple Marlin Marsh Meadow Meridian Millstone Moss Nettle Nimbus "
    "North Oak Obsidian Onyx Orchard Osprey Otter Parallel Pebble Pewter Pine Plover Quarry Quill "
    "Raven Redwood Ridge River Rowan Saffron Sable Sequoia Shale Silver Slate Sorrel Sparrow Spruce "
    "Stonecrop Summit Swift Tamarack Teal Thistle Timber Topaz Tundra Umber Verdant Vesper Walnut "
    "Wharf Willow Wren Yarrow Zephyr"
).split()
SECOND_WORDS = (
    "bridge brook crest dale field ford gate haven holm hurst lane leigh mere mont port ridge row "
    "shire side stead stone view water way well wick wood worth yard"
).split()
TRADES = (
    "Logistics",
    "Heating & Cooling",
    "Elevators",
    "Facility Services",
    "Dental Group",
    "Landscaping",
    "Fire Safety",
    "Solar",
    "Pest Control",
    "Plumbing",
    "Medical Devices",
    "Electrical",
    "Water Treatment",
    "Telecom",
    "Roofing",
    "Property Care",
    "Fleet Services",
    "Catering",
    "Security Systems",
    "Laboratories",
    "Instruments",
    "Refrigeration",
)
FIRST_NAMES = (
    "Amara Anika Arjun Beatriz Benoît Camille Chidi Clara Dario Dmitri Elif Emeka Esther Farah Fiona "
    "Gustav Hana Hugo Ines Ivan Jonas Joyce Kaito Katarzyna Lars Leila Liam Lucía Mai Marcus Mateo "
    "Mei Mia Naomi Nikhil Noah Olga Omar Paula Petra Priya Quentin Rafael Rosa Ruth Samir Sofia "
    "Stefan Tara Thomas Uma Viktor Wanda Yusuf Zoë Åsa Siobhán"
).split()
LAST_NAMES = (
    "Abara Almeida Andersson Aoki Bakker Bauer Bennett Bianchi Carter Castillo Chen Cohen Dubois "
    "Eriksen Farouk Fischer García Haddad Hoffmann Ivanova Jansen Kaur Keller Kim Kowalska Lambert "
    "Lindqvist Mbeki Moreau Murphy Nakamura Nguyen Novák O'Brien Okafor Olsen Osei Park Patel "
    "Petrov Quinn Reyes Rossi Sato Schmidt Silva Singh Suzuki Tanaka Thompson Ueda Vargas Visser "
    "Wagner Walker Weber Yılmaz Zhang Zieliński"
).split()
INDUSTRIES = (
    ("Field services Healthcare Construction Utilities Logistics Hospitality Manufacturing Retail")
    .replace("Field services", "Field-services")
    .split()
)
MANAGERS = ("ada.winter", "jon.mbali", "priya.nair", "lotte.vink", "sam.okoro", "ruth.alder")


@dataclass(frozen=True, slots=True)
class Person:
    """A first and a last name."""

    first: str
    last: str


def ascii_slug(text: str) -> str:
    """Lower-case letters, digits and single hyphens; "" for a name wholly in another script."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def person(dice: Random) -> Person:
    """Somebody at a customer."""
    return Person(dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES))


def company(country: Country, dice: Random) -> str:
    """A company name of at most 50 characters, Recurly's limit, with its legal form."""
    stem = dice.choice(FIRST_WORDS)
    stem += dice.choice(SECOND_WORDS) if dice.random() < 0.6 else ""
    return f"{stem} {dice.choice(TRADES)} {dice.choice(country.legal)}"[:50]


def domain(name: str, index: int) -> str:
    """The company's mail domain under .example, which never resolves."""
    return f"{ascii_slug(name)[:40].strip('-') or f'customer-{index}'}.example"


def email(who: Person, host: str) -> str:
    """``first.last@host`` in plain letters."""
    return f"{ascii_slug(who.first)}.{ascii_slug(who.last)}@{host}"
