"""A curve of points as a small drawing."""

from dataclasses import dataclass

from tenure.health.measures import Measure

WIDTH, HEIGHT = 160, 56


@dataclass(frozen=True, slots=True)
class Drawing:
    """The line and its dots, in the drawing's own units, with its words for who cannot see it."""

    line: str
    dots: list[tuple[str, str]]
    words: str


def drawn(measure: Measure, text: str) -> Drawing | None:
    """The curve that these lines describe; None when they cannot be read."""
    points = []
    for line in text.splitlines():
        parts = line.replace("→", " ").replace("->", " ").replace("−", "-").split()
        try:
            if parts:
                value, height = map(float, parts)
                points.append((value, height))
        except ValueError:
            return None
    points.sort()
    if not points or not all(abs(v) < 1e9 and 0 <= h <= 100 for v, h in points):
        return None
    left, right = points[0][0], points[-1][0]
    span = right - left or 1
    placed = [
        (4 + (value - left) / span * (WIDTH - 8), 4 + (100 - height) / 100 * (HEIGHT - 8))
        for value, height in points
    ]
    dots = [(f"{x:.1f}", f"{y:.1f}") for x, y in placed]
    words = ", ".join(f"{value:g} earns {height:g}" for value, height in points)
    return Drawing(" ".join(f"{x},{y}" for x, y in dots), dots, f"{measure.label}: {words}")
