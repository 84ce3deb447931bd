"""A symptom's course as points of a small drawing: grades 0 to 4 upwards, time to the right. No words, no judgement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.services.symptom_courses import Trajectory

WIDTH, HEIGHT = 320, 112
LEFT, RIGHT, TOP, BOTTOM = 22, 12, 10, 22
GRADES = 4


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    grade: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Drawing:
    """`levels`: height of each grade's line; `line`: the points as SVG writes them."""

    dots: tuple[Dot, ...]
    line: str
    levels: tuple[tuple[int, float], ...]
    first: datetime
    last: datetime
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM


def draw(course: Trajectory) -> Drawing:
    """Every point in its place in time. One point alone stands in the middle."""
    first, last = course.points[0].at, course.points[-1].at
    span = max(last - first, timedelta(seconds=1))
    dots = tuple(
        Dot(
            _x((point.at - first) / span if len(course.points) > 1 else 0.5),
            _y(point.grade),
            point.grade,
            point.at,
        )
        for point in course.points
    )
    line = " ".join(f"{dot.x:g},{dot.y:g}" for dot in dots)
    return Drawing(dots, line, tuple((grade, _y(grade)) for grade in range(GRADES + 1)), first, last)


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(grade: int) -> float:
    return round(TOP + (1 - min(grade, GRADES) / GRADES) * (HEIGHT - TOP - BOTTOM), 1)
