"""What people show of themselves: birthday, city, gender, faith, views; and the lines of ``users`` and ``friend_shared``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.synth.app import cast as casts
from groundgame.synth.app import places
from groundgame.synth.app.accounts import Accounts
from groundgame.synth.app.calendar import DAY_MS
from groundgame.synth.app.cast import Cast
from groundgame.synth.app.labels import Labels
from groundgame.synth.app.text import coded, digits, joined, only, plain, quoted
from groundgame.synth.people import Records
from groundgame.synth.tables import Bools, Ints, draw

FULL, PARTIAL, HIDDEN = range(3)
# Full birthday, day and month only, nothing: most people keep the default of the sign-up form.
BIRTHDAY_SHARES = np.array([0.64, 0.22, 0.14])
CITY_SHARE, HOMETOWN_SHARE = 0.82, 0.35
# The app's city is behind the file for some who moved of late, and ahead of it for those who told the app first.
STALE_SHARE, STALE_YEARS, AHEAD_SHARE = 0.4, 3.0, 0.045
GENDER_SHARE, LOCAL_GENDER_SHARE, SPANISH_SHARE = 0.93, 0.7, 0.3
RELIGION_SHARE, POLITICAL_SHARE = 0.17, 0.21
EMAIL_SHARE, PROXY_SHARE = 0.72, 0.15  # some hide their address behind the network's relay
# Of all friends, and of those who share anything: friends' privacy settings leave little.
SHARING_SHARE, SHARED_BIRTHDAY, SHARED_CITY, SHARED_FAITH, SHARED_VIEWS = 0.13, 0.65, 0.7, 0.08, 0.1
SIX_HOURS = 6 * 3_600_000

GENDERS = ("female", "male", "mujer", "hombre", "weiblich", "männlich", "femme", "homme")
LOCALES = ("en_US", "es_LA", "es_US", "en_GB", "de_DE", "fr_FR", "es_ES")
GENDERS_OF_LOCALE = np.array([0, 2, 2, 0, 4, 6, 2])  # where the two words of the locale's language begin
RELIGIONS = (
    *("Christian", "Baptist", "Christian - Baptist", "Catholic", "Roman Catholic", "Methodist", "christian ✝"),
    *("Presbyterian", "Lutheran", "AME Zion", "Jewish", "Muslim", "Islam", "Hindu", "Buddhist", "Agnostic", "Atheist"),
    *("Spiritual but not religious", "None", "Jesus saves!!", "Love", "Quaker", "Católica", "Pastafarian"),
)
RELIGION_WEIGHTS = np.array([22, 14, 6, 9, 4, 8, 2, 4, 3, 2, 2, 1.5, 0.5, 1, 1, 3, 2, 6, 3, 2, 2, 1, 2, 0.5])
VIEWS = (
    *("Very Liberal", "Liberal", "Democratic Party", "Democrat", "Progressive 🌈", "Yellow dog Democrat"),
    *("Moderate", "Independent", "Other", "Libertarian", "Apathetic", "I hate politics", "It's complicated"),
    *("Conservative", "Very Conservative", "Republican Party", "Republican", "Constitutional Conservative"),
)
LEFT, MIDDLE, RIGHT = 6, 7, 5  # how many views stand in each part of the list
PROVIDERS = ("example.com", "example.org", "mail.example.net", "example.net")


@dataclass
class Profiles(Records):
    """Codes per cast row, negative where nothing is shown. ``city`` points into ``places.labels()``."""

    birthday: Ints
    city: Ints
    hometown: Ints
    gender: Ints
    locale: Ints
    religion: Ints
    views: Ints
    is_moved: Bools


def build(rng: np.random.Generator, cast: Cast, on: int) -> Profiles:
    """Draw what each of the cast shows."""
    size = len(cast)
    stale = (
        (cast.city_before != cast.city) & (cast.move_day > on - STALE_YEARS * 365) & (rng.random(size) < STALE_SHARE)
    )
    inside = cast.kind == casts.VOTER
    ahead = ~stale & inside & (rng.random(size) < AHEAD_SHARE)
    towards = cast.city[rng.integers(0, size, size)]  # cities by how many live there, a few of them elsewhere
    city = np.where(stale, cast.city_before, np.where(ahead, towards, cast.city))
    has_city = rng.random(size) < CITY_SHARE
    locale = _locales(rng, cast)
    local = np.where(rng.random(size) < LOCAL_GENDER_SHARE, GENDERS_OF_LOCALE[locale], 0)
    gendered = (cast.sex != 2) & (rng.random(size) < GENDER_SHARE)
    return Profiles(
        birthday=draw(rng, BIRTHDAY_SHARES, size).astype(np.int8),
        city=np.where(has_city, city, -1),
        hometown=np.where(rng.random(size) < HOMETOWN_SHARE, cast.city_before, -1),
        gender=np.where(gendered, local + cast.sex, -1),
        locale=locale,
        religion=np.where(rng.random(size) < RELIGION_SHARE, draw(rng, RELIGION_WEIGHTS, size), -1),
        views=np.where(rng.random(size) < POLITICAL_SHARE, _views(rng, cast), -1),
        is_moved=has_city & (city != cast.city),
    )


def _locales(rng: np.random.Generator, cast: Cast) -> Ints:
    spanish = cast.is_hispanic & (rng.random(len(cast)) < SPANISH_SHARE)
    found = np.where(spanish, rng.integers(1, 3, len(cast)), 0)
    by_place = np.array([LOCALES.index(locale) for _, _, locale in places.ABROAD])
    first = places.abroad_codes()[0]
    return np.where(cast.kind == casts.ABROAD, by_place[np.maximum(cast.city - first, 0) % len(by_place)], found)


def _views(rng: np.random.Generator, cast: Cast) -> Ints:
    """Views follow what people really support, the middle being everybody's."""
    size = len(cast)
    lefts = rng.random(size) < cast.support
    middle = rng.random(size) < 0.3
    start = np.where(middle, LEFT, np.where(lefts, 0, LEFT + MIDDLE))
    count = np.where(middle, MIDDLE, np.where(lefts, LEFT, RIGHT))
    return start + (rng.random(size) * count).astype(np.int64)


def birthdays(cast: Cast, profiles: Profiles, rows: Ints) -> pa.Array:
    """``MM/DD/YYYY``, ``MM/DD`` or null."""
    days = pa.array(cast.birth_day[rows].astype("datetime64[D]"))
    style = profiles.birthday[rows]
    texts = pc.if_else(pa.array(style == FULL), pc.strftime(days, "%m/%d/%Y"), pc.strftime(days, "%m/%d"))
    return only(texts, style != HIDDEN)


def timestamps(milliseconds: Ints) -> pa.Array:
    """ISO 8601 as the graph writes it, with its offset."""
    return joined(pc.strftime(pa.array(milliseconds // 1000, pa.timestamp("s")), "%Y-%m-%dT%H:%M:%S"), "+0000")


def emails(rng: np.random.Generator, labels: Labels, cast: Cast, accounts: Accounts) -> pa.Array:
    """Addresses of reserved domains only; spelled by their owners, null where not given."""
    at, size = pa.array(accounts.member), len(accounts)
    parts = [
        pc.replace_substring_regex(pc.utf8_lower(text.take(at)), "[^a-z]", "") for text in (labels.first, labels.last)
    ]
    tail = digits(
        np.where(rng.random(size) < 0.6, rng.integers(1, 99, size), cast.birth_day[accounts.member] // 365 % 100)
    )
    domain = coded(list(PROVIDERS), draw(rng, np.array([6, 2, 1, 1.0]), size))
    own = joined(parts[0], ".", parts[1], tail, "@", domain)
    relayed = joined("apps+", digits(accounts.number_of[accounts.member] % 999_983_777), ".relay@proxymail.example.net")
    chosen = pc.if_else(pa.array(rng.random(size) < PROXY_SHARE), relayed, own)
    return only(chosen, rng.random(size) < EMAIL_SHARE)


class UserLines:
    """The objects of ``users.jsonl`` for a block's accounts."""

    def __init__(
        self, rng: np.random.Generator, cast: Cast, accounts: Accounts, labels: Labels, profiles: Profiles
    ) -> None:
        rows = accounts.member
        at, shown = pa.array(rows), profiles.take(rows)
        self._before = joined(
            quoted("id", digits(accounts.number_of[rows]), "{"),
            *(quoted(key, texts.take(at)) for key, texts in _named(labels)),
            quoted("gender", coded(list(GENDERS), shown.gender)),
            quoted("birthday", birthdays(cast, profiles, rows)),
        )
        self._cities = shown.city, np.where(shown.city >= 0, cast.city[rows], shown.city)
        self._after = joined(
            plain("hometown", coded(places.objects(), shown.hometown)),
            quoted("email", emails(rng, labels, cast, accounts)),
            quoted("religion", coded(list(RELIGIONS), shown.religion)),
            quoted("political", coded(list(VIEWS), shown.views)),
            quoted("locale", coded(list(LOCALES), shown.locale)),
        )
        self._ages = rng.exponential(40 * DAY_MS, len(rows)).astype(np.int64)
        self._installed = accounts.installed_at
        self._rng = rng

    def of(self, picked: Ints, cut: int | None = None) -> pa.Array:
        """Lines of the picked accounts; with ``cut`` (ms) as they were changed shortly before, the city brought up to date."""
        at = pa.array(picked)
        city = self._cities[cut is not None][picked]
        updated = (self._installed - self._ages)[picked]
        if cut is not None:
            updated = np.maximum(cut - 1000 - self._rng.integers(0, SIX_HOURS, len(picked)), self._installed[picked])
        return joined(
            self._before.take(at),
            plain("location", coded(places.objects(), city)),
            self._after.take(at),
            quoted("updated_time", timestamps(updated)),
            quoted("installed_at", timestamps(self._installed[picked])),
            "}\n",
        )


def _named(labels: Labels) -> tuple[tuple[str, pa.Array], ...]:
    return ("name", labels.name), ("first_name", labels.first), ("last_name", labels.last)


def shared_lines(
    rng: np.random.Generator, cast: Cast, accounts: Accounts, profiles: Profiles, friends: Ints
) -> tuple[Ints, pa.Array]:
    """The friends (cast rows) who share something, and their lines of ``friend_shared.jsonl``."""
    rows = friends[rng.random(len(friends)) < SHARING_SHARE]
    chances = rng.random((4, len(rows)))
    shown = profiles.take(rows)
    birthday = only(birthdays(cast, profiles, rows), chances[0] < SHARED_BIRTHDAY)
    city = only(coded(places.objects(), shown.city), chances[1] < SHARED_CITY)
    religion = only(coded(list(RELIGIONS), shown.religion), chances[2] < SHARED_FAITH / RELIGION_SHARE)
    political = only(coded(list(VIEWS), shown.views), chances[3] < SHARED_VIEWS / POLITICAL_SHARE)
    values = (birthday, city, religion, political)
    says = np.flatnonzero(~np.all([value.is_null().to_numpy(zero_copy_only=False) for value in values], axis=0))
    lines = joined(
        quoted("friend_id", digits(accounts.number_of[rows]), "{"),
        quoted("birthday", birthday),
        plain("location", city),
        quoted("religion", religion),
        quoted("political", political),
        "}\n",
    )
    return rows[says], lines.take(pa.array(says))
