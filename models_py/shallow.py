"""Trees of two questions as tables: the model's own probabilities, and exact SHAP values by reason, in one pass over the rows.

A tree of depth two has three yes/no answers, so a voter's place in it is two bits. Four voters share a byte, and one look-up in a
table of 256 entries yields the leaves of all four. Leaves are summed in the order of the trees, so the sum is LightGBM's to the last bit.
On one thread: numpy's steps here are so short that two threads would mostly wait for each other.

Such a tree is the sum of two functions of two answers each (root and left child, root and right child). Shapley values of
a function of two players have a closed form, hence the reasons are those of TreeSHAP, not an approximation of them:
Lundberg, Erion, Lee (2018), Consistent individualized feature attribution for tree ensembles, path-dependent variant.

Reads LightGBM's text format; needs numpy alone, because a child process that lives for seconds imports it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of LightGBM's decision_type: bit 0 a set of categories, bit 1 unknown goes left, bits 2-3 what counts as unknown.
IS_CATEGORICAL, UNKNOWN_LEFT, ZERO_IS_UNKNOWN, NAN_IS_UNKNOWN = 1, 2, 1, 2
BITS_OF_A_WORD = 32
# A block's answers stay in the processor's cache; a multiple of four.
BLOCK_ROWS = 40_960
# Four bytes that are 0 or 1 times this number: the topmost byte has their bits at places 0, 2, 4 and 6. One bit of each of four bytes.
GATHER, ONE_EACH = np.uint32(1 << 24 | 1 << 18 | 1 << 12 | 1 << 6), np.uint32(0x01010101)
BITS_OF_A_BYTE = 8
REASONS = 3
# Log-odds below this move no score by a tenth of a point; in whose place no reason is given.
LEAST_REASON = 0.005
# The low bits of a float32 hold the code of a reason while values are compared; they weigh less than a thousandth of it.
CODE_BITS = 6
MOST_GROUPS = 2 ** (CODE_BITS - 1) - 1


class Question(NamedTuple):
    """One distinct test of a column: greater than, at most, or among some categories. Unknown always answers no."""

    column: int
    how: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Node:
    """A question with what follows a no and a yes; a leaf has a value alone. ``count`` is of fitted rows."""

    value: float
    count: float
    question: int = -1
    no: Node | None = None
    yes: Node | None = None


class Place(NamedTuple):
    """The two answers that decide about half a tree: positions of the questions of the root and of one child."""

    root: int
    child: int


@dataclass(frozen=True)
class Asked:
    """All questions of one kind about one column, answered together.

    ``numbers``: their positions among the model's. ``limits`` (questions, 1), or ``among``: for each category, and last for all other
    values, the answers of eight questions a byte, (bytes, categories + 1).
    """

    column: int
    how: str
    numbers: NDArray[np.intp]
    limits: NDArray[np.float32]
    among: NDArray[np.uint8]

    def answer(self, column: NDArray[np.float32], packed: NDArray[np.uint8]) -> None:
        """Fill this subject's rows of ``packed`` (questions, rows / 4): the answers of four voters at bits 0, 2, 4 and 6."""
        rows, padded = len(column), 4 * packed.shape[1]
        if self.how != "among":
            yes = np.zeros((len(self.numbers), padded), dtype=bool)
            compare = np.greater if self.how == "above" else np.less_equal
            compare(column, self.limits, out=yes[:, :rows])
            packed[self.numbers] = _gathered(yes.view(np.uint32))
            return
        whole, others = np.trunc(column), self.among.shape[1] - 1
        category = np.full(padded, others, dtype=np.intp)
        category[:rows] = np.where((whole >= 0) & (whole < others), whole, np.float32(others))
        eights = np.take(self.among, category, axis=1, mode="clip").view(np.uint32)
        for bit in range(BITS_OF_A_BYTE):
            numbers = self.numbers[bit::BITS_OF_A_BYTE]
            packed[numbers] = _gathered(eights[: len(numbers)] >> np.uint32(bit) & ONE_EACH)


@dataclass
class ShallowTrees:
    """A model of shallow trees, ready to look voters up.

    ``asked``: its questions by subject, ``question_count`` in all. ``sigmoid``: of the log-odds that a classifier's leaves add up to;
    None where they add up to the answer, as in a regression. ``group_count``: of reasons. ``tables``: per place and reason, float32
    contributions to the log-odds for four voters at each byte.
    """

    asked: list[Asked]
    question_count: int
    trees: list[Node]
    sigmoid: float | None
    leaves: list[NDArray[Any]]
    tables: dict[Place, list[tuple[int, NDArray[Any]]]]
    group_count: int

    def predict(self, columns: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Raw predictions (rows,) and codes of the three weightiest reasons (3, rows), zero for none.

        A code is 1 + 2 * reason where it raises the score, one more where it lowers it.
        """
        rows = len(columns[0])
        raw, reasons = np.empty(rows), np.zeros((REASONS, rows), dtype=np.uint8)
        for start in range(0, rows, BLOCK_ROWS):
            part = slice(start, min(start + BLOCK_ROWS, rows))
            raw[part], reasons[:, part] = self._block([column[part] for column in columns])
        return raw, reasons

    def contributions(self, columns: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """SHAP values in log-odds, summed by reason: (reasons, rows)."""
        return self._contributions(self._answers(columns))[:, : len(columns[0])]

    def _block(self, columns: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        rows = len(columns[0])
        answers = self._answers(columns)
        total = self._sums(answers)[:rows]
        reasons = np.zeros((REASONS, rows), dtype=np.uint8)
        if self.group_count:
            reasons = weightiest(self._contributions(answers)[:, :rows])
        if self.sigmoid is None:
            return total, reasons
        # math.exp is the C library's, as in LightGBM; numpy's vectorised one differs in the last bit.
        odds = np.fromiter(map(math.exp, (-self.sigmoid * total).tolist()), np.float64, rows)
        return 1.0 / (1.0 + odds), reasons

    def _answers(self, columns: Sequence[NDArray[np.float32]]) -> NDArray[np.uint8]:
        """(questions, rows / 4): the answers of four voters who follow each other, at bits 0, 2, 4 and 6."""
        # One row at the least: trees of one leaf ask nothing.
        packed = np.empty((max(self.question_count, 1), -(-len(columns[0]) // 4)), dtype=np.uint8)
        for asked in self.asked:
            asked.answer(columns[asked.column], packed)
        return packed

    def _sums(self, answers: NDArray[np.uint8]) -> NDArray[np.float64]:
        quarter = answers.shape[1]
        total = np.zeros((quarter, 4))
        found: NDArray[Any] = np.empty(quarter, dtype="V32")
        values = found.view(np.float64).reshape(quarter, 4)
        # The second bit is the answer of the child that the root's answer leads to. Trees of one leaf read anything.
        root, no, yes = (
            answers[[max(node.question, 0) if node else 0 for node in nodes]]
            for nodes in zip(*((tree, tree.no, tree.yes) for tree in self.trees), strict=True)
        )
        places = no ^ (no ^ yes) & root | root << 1
        index = np.empty(quarter, dtype=np.intp)
        for tree, leaves, place in zip(self.trees, self.leaves, places, strict=True):
            if tree.no is None:
                np.add(total, tree.value, out=total)
                continue
            index[:] = place
            np.take(leaves, index, out=found, mode="wrap")
            np.add(total, values, out=total)
        return total.reshape(-1)

    def _contributions(self, answers: NDArray[np.uint8]) -> NDArray[np.float32]:
        quarter = answers.shape[1]
        total = np.zeros((self.group_count, quarter, 4), dtype=np.float32)
        found: NDArray[Any] = np.empty(quarter, dtype="V16")
        values = found.view(np.float32).reshape(quarter, 4)
        places = answers[[place.child for place in self.tables]] | answers[[place.root for place in self.tables]] << 1
        index = np.empty(quarter, dtype=np.intp)
        for place, tables in zip(places, self.tables.values(), strict=True):
            index[:] = place
            for group, table in tables:
                np.take(table, index, out=found, mode="wrap")
                np.add(total[group], values, out=total[group])
        return total.reshape(self.group_count, -1)


def read_shallow(text: str, groups: Sequence[int]) -> ShallowTrees | None:
    """The tables of a LightGBM text model; None where a tree asks more than two questions in a row, or in a way not known here."""
    head, *parts = text.split("\nTree=")
    objective = next((line[10:].split() for line in head.splitlines() if line.startswith("objective=")), [])
    sigmoid = next((float(word[8:]) for word in objective if word.startswith("sigmoid:")), None)
    is_known = objective == ["regression"] or (objective[:1] == ["binary"] and sigmoid is not None)
    questions: dict[Question, int] = {}
    trees = [_read_tree(part, questions) for part in parts]
    if not is_known or any(tree is None or _depth(tree) > 2 for tree in trees):
        return None
    known = [tree for tree in trees if tree is not None]
    asked = list(questions)
    tables = _reason_tables(known, [groups[question.column] for question in asked], asked)
    leaves = [_leaf_table(tree) for tree in known]
    return ShallowTrees(_by_subject(asked), len(asked), known, sigmoid, leaves, tables, max(groups, default=-1) + 1)


def _read_tree(part: str, questions: dict[Question, int]) -> Node | None:
    lines = dict(line.split("=", 1) for line in part.split("\n\n")[0].splitlines()[1:])
    words = {name: value.split() for name, value in lines.items()}
    if words["is_linear"] != ["0"]:
        return None
    if words["num_leaves"] == ["1"]:
        return Node(float(words["leaf_value"][0]), 1.0)

    def child(number: int, level: int) -> Node | None:
        if number < 0:
            return Node(float(words["leaf_value"][~number]), float(words["leaf_count"][~number]))
        return node(number, level + 1)

    def node(number: int, level: int) -> Node | None:
        question = _read_question(words, number)
        if question is None or level > 2:
            return None
        asked, yes_side = question
        sides = [child(int(words[side][number]), level) for side in ("left_child", "right_child")]
        left, right = sides
        if left is None or right is None:
            return None
        count = left.count + right.count
        value = (left.value * left.count + right.value * right.count) / count
        no, yes = (right, left) if yes_side == "left" else (left, right)
        return Node(value, count, questions.setdefault(asked, len(questions)), no, yes)

    return node(0, 1)


def _read_question(words: dict[str, list[str]], number: int) -> tuple[Question, str] | None:
    """The question and the side of a yes, so that LightGBM's rule for unknown values is a plain no."""
    column, kind = int(words["split_feature"][number]), int(words["decision_type"][number])
    unknown = kind >> 2 & 3
    if kind & IS_CATEGORICAL:
        place = int(float(words["threshold"][number]))
        start, end = (int(words["cat_boundaries"][place + step]) for step in (0, 1))
        bits = [int(word) for word in words["cat_threshold"][start:end]]
        codes = [float(code) for code in range(BITS_OF_A_WORD * len(bits)) if bits[code // 32] >> code % 32 & 1]
        return Question(column, "among", tuple(codes)), "left"
    if unknown == ZERO_IS_UNKNOWN:
        return None
    threshold = float(words["threshold"][number])
    # Where no value was unknown in training, LightGBM reads an unknown one as zero.
    is_left = bool(kind & UNKNOWN_LEFT) if unknown == NAN_IS_UNKNOWN else threshold >= 0.0
    limit = np.float32(threshold)
    if float(limit) > threshold:  # the largest float32 that is not above it tells the same float32 values apart
        limit = np.nextafter(limit, np.float32(-np.inf))
    if is_left:
        return Question(column, "above", (float(limit),)), "right"
    return Question(column, "at most", (float(limit),)), "left"


def _depth(node: Node) -> int:
    return 0 if node.no is None or node.yes is None else 1 + max(_depth(node.no), _depth(node.yes))


def _by_subject(questions: Sequence[Question]) -> list[Asked]:
    subjects: dict[tuple[int, str], list[int]] = {}
    for number, question in enumerate(questions):
        subjects.setdefault((question.column, question.how), []).append(number)
    return [_subject(column, how, numbers, questions) for (column, how), numbers in subjects.items()]


def _subject(column: int, how: str, numbers: list[int], questions: Sequence[Question]) -> Asked:
    values = [questions[number].values for number in numbers]
    limits, among = np.empty((0, 1), dtype=np.float32), np.empty((0, 0), dtype=np.uint8)
    if how == "among":
        categories = 1 + int(max((code for codes in values for code in codes), default=-1))
        is_among = np.zeros((len(values), categories + 1), dtype=bool)
        for row, codes in zip(is_among, values, strict=True):
            row[np.array(codes, dtype=np.intp)] = True
        among = np.packbits(is_among, axis=0, bitorder="little")
    else:
        limits = np.array(values, dtype=np.float32)
    return Asked(column, how, np.array(numbers), limits, among)


def _gathered(bits: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Each four bytes that are 0 or 1 as one byte, with their bits at places 0, 2, 4 and 6, the first one's lowest."""
    return (bits * GATHER >> np.uint32(24)).astype(np.uint8)


def _four(values: Sequence[float], kind: type[np.float64] | type[np.float32]) -> NDArray[Any]:
    """A table of four places as one of 256 bytes, each the places of four voters; one entry is one opaque value."""
    single = np.asarray(values, dtype=kind)
    byte = np.arange(256)
    table = np.stack([single[byte >> 2 * voter & 3] for voter in range(4)], axis=1)
    return np.ascontiguousarray(table).view(f"V{4 * single.itemsize}").reshape(256)


def _leaf_table(tree: Node) -> NDArray[Any]:
    if tree.no is None or tree.yes is None:
        return np.empty(0)
    values = []
    for child in (tree.no, tree.yes):
        leaves = (child, child) if child.no is None or child.yes is None else (child.no, child.yes)
        values += [leaf.value for leaf in leaves]
    return _four(values, np.float64)


def _reason_tables(
    trees: Sequence[Node], group_of: Sequence[int], asked: Sequence[Question]
) -> dict[Place, list[tuple[int, NDArray[Any]]]]:
    """Shapley values of all half trees with the same two questions, added up by reason."""
    sums: dict[Place, dict[int, NDArray[np.float64]]] = {}
    for tree in trees:
        if tree.no is None or tree.yes is None:
            continue
        for answer, child in ((0, tree.no), (1, tree.yes)):
            leaves = (child, child) if child.no is None or child.yes is None else (child.no, child.yes)
            place = Place(tree.question, child.question if child.question >= 0 else tree.question)
            share = child.count / tree.count
            for root_answer in (0, 1):
                reaches = float(root_answer == answer)
                for child_answer in (0, 1):
                    value = leaves[child_answer].value
                    if asked[place.root].column == asked[place.child].column:
                        of_root, of_child = reaches * value - share * child.value, 0.0
                    else:
                        of_root = (reaches - share) * (child.value + value) / 2
                        of_child = (reaches + share) * (value - child.value) / 2
                    for question, amount in ((place.root, of_root), (place.child, of_child)):
                        group = group_of[question]
                        if group >= 0:
                            row = sums.setdefault(place, {}).setdefault(group, np.zeros(4))
                            row[2 * root_answer + child_answer] += amount
    return {
        place: [(group, _four(values.tolist(), np.float32)) for group, values in by_group.items()]
        for place, by_group in sorted(sums.items())
    }


def weightiest(contributions: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Codes of the three largest contributions by size, (3, rows); equal ones go to the higher code."""
    rows = contributions.shape[1]
    best = np.zeros((REASONS, rows), dtype=np.int32)
    mask = np.int32(-(1 << CODE_BITS))
    for group, values in enumerate(contributions):
        size = np.abs(values)
        # Positive floats compare like the integers that their bits spell.
        key = size.view(np.int32) & mask
        key |= np.int32(1 + 2 * group) + (values < 0)
        key[size < LEAST_REASON] = 0
        for place in range(REASONS):
            smaller = np.minimum(best[place], key)
            np.maximum(best[place], key, out=best[place])
            key = smaller
    return (best & ~mask).astype(np.uint8)
