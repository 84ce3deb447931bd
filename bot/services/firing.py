"""What each kind of timer does when it fires, written out in one place."""

from __future__ import annotations

from collections.abc import Mapping

from bot.services import (
    asides,
    digests,
    doubts,
    edge_checks,
    left_talks,
    pro_checks,
    reminding,
    restoring,
    symptom_checks,
    told_amounts,
    visit_checks,
)
from bot.services.timers import Fire

FIRE: Mapping[str, Fire] = {
    **reminding.FIRE,
    **symptom_checks.FIRE,
    **pro_checks.FIRE,
    **edge_checks.FIRE,
    **visit_checks.FIRE,
    **restoring.FIRE,
    **asides.FIRE,
    **told_amounts.FIRE,
    **left_talks.FIRE,
    **doubts.FIRE,
    "digest": digests.send,
}
