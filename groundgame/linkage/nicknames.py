"""Which first names may be forms of one name.

The pairs come from the package ``nicknames`` (public lists, Apache-2.0). They are noisy, so none links by itself: a pair only
opens a comparison, and how much it is worth is learned each night from links that do not rest on names.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@cache
def nickname_pairs() -> pa.Table:
    """Columns ``name`` and ``form``, in capitals, letters only, each pair in both directions, sorted; about 4,400 rows."""
    import pyarrow as pa
    from nicknames import name_triplets

    pairs: set[tuple[str, str]] = set()
    for triplet in name_triplets():
        first, second = (_plain(name) for name in (triplet.name1, triplet.name2))
        if first and second and first != second:
            pairs |= {(first, second), (second, first)}
    names, forms = zip(*sorted(pairs), strict=True)
    return pa.table({"name": pa.array(names, pa.string()), "form": pa.array(forms, pa.string())})


def _plain(name: str) -> str:
    return "".join(letter for letter in name.upper() if "A" <= letter <= "Z")
