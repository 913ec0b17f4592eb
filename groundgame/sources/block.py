"""What all blocks of a spec have in common; what they say is in ``spec``, ``text`` and ``history``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictStr


def _compiled(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


def _linear(pattern: str) -> str:
    if re.search(r"\(\?(?:[=!(]|<[=!]|P=)|\\[1-9]", pattern):
        raise ValueError("look-around and back-references are not for whole columns: match what the value is")
    return pattern


Pattern = Annotated[StrictStr, AfterValidator(_compiled)]
# A pattern that Arrow matches against a whole column at once, in time linear in the text.
ColumnPattern = Annotated[Pattern, AfterValidator(_linear)]


class Block(BaseModel):
    """Base of all blocks: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
