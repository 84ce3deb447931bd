"""Whether what is found again is no worse than what somebody has already handled. Anything new or unlike is worse."""

from __future__ import annotations

from collections.abc import Mapping

from bot.symptoms.questionnaire import Questionnaire, Reply


def no_worse(
    check: Questionnaire, symptoms: tuple[str, ...], now: Mapping[str, Reply], then: Mapping[str, Reply]
) -> bool:
    """Every answer about these symptoms was given before, too, and is at most as bad as it was."""
    keys = [key for key in now if key.partition(".")[0] in symptoms]
    return bool(keys) and all(key in then and _at_most(check, key, now[key], then[key]) for key in keys)


def _at_most(check: Questionnaire, key: str, now: Reply, then: Reply) -> bool:
    if now == then:
        return True
    if isinstance(now, float) and isinstance(then, float):
        return now < then
    ranks = check.rank(key, now), check.rank(key, then)
    return ranks[0] is not None and ranks[1] is not None and ranks[0] <= ranks[1]
