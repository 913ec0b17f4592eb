"""A custom audience for Meta: users of the app who agreed to be contacted, as hashes by Meta's own rules of normalisation.

The rules are those of Meta's customer-information parameters (and of its ``facebook-business`` SDK): trimmed, lower case, UTF-8,
SHA-256 in lower-case hex; the id is sent as it is, and ours is a hash already. Voters who are no users of the app are in no audience:
a public record is no consent.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.publish.exports.served import Served
from groundgame.publish.exports.suppression import phone_digits, phone_sql
from groundgame.warehouse.base import Warehouse

BATCH_ROWS = 10_000  # the most that one call of Meta's interface takes
SCHEMA = ("EXTERN_ID", "EMAIL", "PHONE", "FN", "LN", "DOBY", "DOBM", "DOBD", "GEN", "CT", "ST", "ZIP", "COUNTRY")
_NOT_LETTERS = re.compile(r"[^a-z]")
_PUNCTUATION = re.compile(r"[^\w\s]|_", re.UNICODE)


def people(served: Served) -> str:
    """Rows of an audience: who agreed to contact, with the voter where one is linked."""
    return (
        f"select u.person_key, d.voter_id, lower(u.email) as email, {phone_sql('u.phone')} as phone,"
        " coalesce(u.first_name, split_part(u.full_name, ' ', 1)) as first_name,"
        " coalesce(u.last_name, split_part(u.full_name, ' ', -1)) as last_name, u.birth_year, u.birth_month, u.birth_day, u.sex_code,"
        " u.city, s.state_abbr, u.zip_code"
        " from intermediate.int_app_users__latest as u"
        " inner join intermediate.int_app_users__consented as agreed on u.person_key = agreed.person_key and agreed.has_contact_consent"
        f" left join {served.table('dim_app_users')} as d on u.person_key = d.person_key"
        " left join exports.chosen as c on d.voter_id = c.voter_id"
        " left join staging.us_states as s on upper(u.state_name) in (s.state_name, s.state_abbr)"
        " where coalesce(u.country_code, 'US') = 'US'"
        " and (d.voter_id is null or c.voter_id is not null)"
    )


def write(_: Settings, warehouse: Warehouse, table: str, folder: Path) -> dict[str, Any]:
    """``meta_audience_N.csv``, each of at most one call's rows; the manifest says what the call needs beside them."""
    count, number = 0, 0
    for batch in warehouse.stream(f"select * from {table} order by person_key", BATCH_ROWS):
        rows = batch.to_pylist()
        for start in range(0, len(rows), BATCH_ROWS):
            number += 1
            part = rows[start : start + BATCH_ROWS]
            with (folder / f"meta_audience_{number}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(SCHEMA)
                writer.writerows(hashed(row) for row in part)
            count += len(part)
    return {
        "schema": list(SCHEMA),
        "batches": number,
        "customer_file_source": "USER_PROVIDED_ONLY",
        "estimated_num_total": count,
    }


def hashed(row: dict[str, Any]) -> list[str]:
    """One line of the audience, in the order of ``SCHEMA``; what is not known is empty."""
    plain = normalised(row)
    return [extern_id(row["person_key"]), *(hash_of(plain[name]) for name in SCHEMA[1:])]


def extern_id(person_key: str) -> str:
    """Our id of an account as the recipient knows it: the same in every audience, and no id of ours."""
    return hash_of(f"groundgame|{person_key}")


def hash_of(text: str) -> str:
    """SHA-256 in lower-case hex; empty stays empty."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def normalised(row: dict[str, Any]) -> dict[str, str]:
    """The values that are hashed, by their names in ``SCHEMA``."""
    digits = phone_digits(row["phone"])
    sex = (row["sex_code"] or "").strip().lower()[:1]
    return {
        "EMAIL": email(row["email"]),
        "PHONE": f"1{digits}" if digits else "",
        "FN": name(row["first_name"]),
        "LN": name(row["last_name"]),
        "DOBY": f"{row['birth_year']:04d}" if row["birth_year"] else "",
        "DOBM": f"{row['birth_month']:02d}" if row["birth_month"] else "",
        "DOBD": f"{row['birth_day']:02d}" if row["birth_day"] else "",
        "GEN": sex if sex in ("m", "f") else "",
        "CT": _NOT_LETTERS.sub("", _ascii(row["city"])),
        "ST": (row["state_abbr"] or "").strip().lower(),
        "ZIP": (row["zip_code"] or "").strip()[:5],
        "COUNTRY": "us",
    }


def email(text: str | None) -> str:
    """Trimmed and lower case; what is no address is nothing."""
    clean = (text or "").strip().lower()
    return clean if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", clean) else ""


def name(text: str | None) -> str:
    """Trimmed, lower case, no punctuation; letters beyond a to z stay as UTF-8."""
    return " ".join(_PUNCTUATION.sub("", (text or "").strip().lower()).split())


def _ascii(text: str | None) -> str:
    return unicodedata.normalize("NFKD", (text or "").lower()).encode("ascii", "ignore").decode()
