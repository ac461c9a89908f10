"""Plots as inline SVG.  Colours are the page's: classes of report_page.STYLE."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, log10

ROW, GAP, LABEL, BAR, VALUE = 21, 5, 150, 230, 110


@dataclass(frozen=True)
class Bar:
    """A row of a plot: parts behind each other, by their class, and a range if there is one."""

    label: str
    parts: Sequence[tuple[str, float]]
    text: str
    span: tuple[float, float] | None = None

    @property
    def end(self) -> float:
        """How far it reaches."""
        return max(sum(value for _kind, value in self.parts), self.span[1] if self.span else 0)


def number(value: float) -> str:
    """A coordinate."""
    return f"{value:.1f}".removesuffix(".0")


def svg(width: float, height: float, title: str, content: str) -> str:
    """A whole drawing, which is as wide as there is room."""
    return (
        f'<svg viewBox="0 0 {number(width)} {number(height)}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{content}</svg>'
    )


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Words at a place."""
    return f'<text x="{number(x)}" y="{number(y)}" class="{kind}">{escape(words)}</text>'


def parts(bar: Bar, y: float, scale: float) -> Iterator[str]:
    """The rectangles of a bar; what is there is seen, be it ever so little."""
    x = float(LABEL)
    for kind, value in bar.parts:
        width = max(value * scale, 1.5) if value else 0
        if width:
            yield (
                f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" '
                f'width="{number(width)}" height="{ROW - GAP}"/>'
            )
        x += width


def whisker(bar: Bar, y: float, scale: float) -> str:
    """Where most of the runs lie."""
    if not bar.span:
        return ""
    low, high = (LABEL + value * scale for value in bar.span)
    middle = y + (ROW - GAP) / 2
    return (
        f'<path class="whisker" d="M{number(low)} {number(middle)}H{number(high)}'
        f'M{number(low)} {number(middle - 4)}v8M{number(high)} {number(middle - 4)}v8"/>'
    )


def bars(title: str, found: Sequence[Bar]) -> str:
    """One below the other, with a scale of their own that begins at 0."""
    scale = BAR / (max((bar.end for bar in found), default=0) or 1)
    rows = []
    for index, bar in enumerate(found):
        y = index * ROW + GAP / 2
        base = y + ROW - GAP - 4
        rows += [
            text(LABEL - 8, base, bar.label, "side"),
            *parts(bar, y, scale),
            whisker(bar, y, scale),
            text(LABEL + bar.end * scale + 8, base, bar.text),
        ]
    return svg(LABEL + BAR + VALUE, len(found) * ROW, title, "".join(rows))


# ---- one against the other ----

SIDE, MARGIN = 330, 52


@dataclass(frozen=True)
class Point:
    """Two numbers of one thing."""

    name: str
    x: float
    y: float
    far: bool


def place(value: float, decades: float) -> float:
    """Along an axis that shows 0 and powers of ten."""
    return SIDE * log10(1 + value) / decades


def axes(powers: int, decades: float, along: str, up: str) -> Iterator[str]:
    """Lines and numbers of both, and where both numbers are the same."""
    for value in (0, *(10**power for power in range(powers + 1))):
        at = place(value, decades)
        x, y = MARGIN + at, SIDE - at + 8
        lines = f"M{number(x)} 8V{SIDE + 8}M{MARGIN} {number(y)}H{MARGIN + SIDE}"
        yield f'<path class="grid" d="{lines}"/>'
        yield text(x, SIDE + 24, f"{value:,}", "centre quiet")
        yield text(MARGIN - 6, y + 4, f"{value:,}", "side quiet")
    yield f'<path class="diagonal" d="M{MARGIN} {SIDE + 8}L{MARGIN + SIDE} 8"/>'
    yield text(MARGIN + SIDE / 2, SIDE + 42, along, "centre")
    yield f'<g transform="translate(11 {SIDE / 2 + 8}) rotate(-90)">{text(0, 0, up, "centre")}</g>'


def mark(point: Point, decades: float) -> str:
    """One point, with its name if it is far from the line."""
    x, y = MARGIN + place(point.x, decades), SIDE - place(point.y, decades) + 8
    kind = "far" if point.far else "near"
    words = escape(f"{point.name}: {point.x:g} and {point.y:g}")
    circle = f'<circle class="{kind}" cx="{number(x)}" cy="{number(y)}" r="4">'
    away = (x - 8, y + 4, point.name, "side") if point.y > point.x else (x + 8, y + 4, point.name)
    name = text(*away) if point.far else ""
    return f"{circle}<title>{words}</title></circle>{name}"


def scatter(title: str, along: str, up: str, points: Sequence[Point]) -> str:
    """A point for each thing."""
    most = max((max(point.x, point.y) for point in points), default=1)
    powers = max(ceil(log10(1 + most)), 1)
    decades = powers + 0.1
    content = (*axes(powers, decades, along, up), *(mark(point, decades) for point in points))
    return svg(MARGIN + SIDE + 40, SIDE + 50, title, "".join(content))
