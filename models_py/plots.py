"""The drawings of a card as inline SVG: same input, same bytes, and colours that follow the page into dark mode."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stand-ins that matplotlib can draw with; each becomes a CSS variable of the page.
INK, FAINT, ACCENT = "#0a0b0c", "#1a1b1c", "#2a2b2c"
VARIABLES = {INK: "var(--ink)", FAINT: "var(--faint)", ACCENT: "var(--accent)"}
TOP_FEATURES = 15
# A hundred counties in one drawing say nothing; the table has them.
NOT_DRAWN = "county"


def calibration_plot(deciles: list[dict[str, float]], did: str) -> str:
    """Mean score against the share that did what is predicted, by decile of the judged voters, with 95% intervals."""
    figure, axes = _canvas(4.6, 4.2)
    scores = [one["score"] for one in deciles]
    shares = [one["share"] for one in deciles]
    below = [one["share"] - one["low"] for one in deciles]
    above = [one["high"] - one["share"] for one in deciles]
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
    axes.errorbar(scores, shares, yerr=[below, above], fmt="o", color=ACCENT, markersize=4.5, linewidth=1.2, capsize=2)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="mean score of the decile", ylabel=f"share that {did}")
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value * 100:.0f}")
    return _svg(figure, f"Calibration: mean score against the share that {did}, by decile")


def gain_plot(gain: dict[str, float]) -> str:
    """The features that the trees lean on, as shares of the total gain."""
    top = sorted(gain.items(), key=lambda item: (-item[1], item[0]))[:TOP_FEATURES][::-1]
    figure, axes = _canvas(4.6, 0.6 + 0.24 * len(top))
    axes.barh([name for name, _ in top], [share * 100 for _, share in top], color=ACCENT, height=0.62)
    axes.set_xlabel("share of gain, %")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return _svg(figure, "Share of gain by feature")


def slices_plot(slices: list[dict[str, Any]]) -> str:
    """How far the mean score of each group of voters lies above what it did, in points, with 95% intervals."""
    shown = [one for one in slices if one["slice_kind"] != NOT_DRAWN][::-1]
    figure, axes = _canvas(7.2, 0.8 + 0.24 * max(len(shown), 1))
    axes.axvline(0, color=FAINT, linewidth=1)
    names = [f"{one['slice_kind']}: {one['slice_value'].replace('_', ' ')}" for one in shown]
    gaps, margins = ([one[key] * 100 for one in shown] for key in ("gap_share", "margin_share"))
    axes.errorbar(gaps, range(len(shown)), xerr=margins, fmt="o", color=ACCENT, markersize=4.5, linewidth=1.2)
    axes.set_yticks(range(len(shown)), names)
    axes.set_xlabel("points by which the score is above what they did (left: below)")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return _svg(figure, "Error by group of voters")


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9, color=FAINT)
    axes.xaxis.label.set(color=INK, size=9.5)
    axes.yaxis.label.set(color=INK, size=9.5)
    return figure, axes


def _svg(figure: Figure, title: str) -> str:
    from matplotlib import rc_context

    buffer = io.StringIO()
    # Ids are hashed with a fixed salt and no date is written: equal cards are equal files. Text stays text, in the page's font.
    with rc_context({"svg.hashsalt": title, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px var(--sans)", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
