"""What stands on the stage before the first line: a site, a nurse, one participant, and the phones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import update

from bot.db.sites import Site
from bot.rehearsal.stage import Stage
from bot.services.author import Author
from bot.services.context import Ctx
from bot.services.enrolment import NewParticipant, NewSite, NewStaff, add_site, add_staff, enrol

SITE, SITE_PHONE = "TST", "010-12345678"
NAME, PHONE = "李桂兰", "13900001234"
NURSE, NURSE_MAIL = "王护士", "nurse@example.org"
STUDY = "nct04217967"
STAFF = Author("staff:0", "staff")
CHANNELS = {"telegram": "telegram", "page": "web"}


@dataclass(frozen=True, slots=True)
class Scene:
    """The header of a transcript. `now`: local time of the first line; `phones`: number -> telegram or page.

    `questionnaire`: items of PRO-CTCAE for which whoever plays the scene brings a wording; none is shipped.
    """

    now: datetime
    arm: str = "combination"
    start: date = date(2026, 11, 2)
    time: time = time(8, 0)
    telegram: str = "full"
    language: str = "zh_Hans_CN"
    zone: str = "Asia/Shanghai"
    linked: bool = True
    questionnaire: tuple[int, ...] = ()
    staff: tuple[str, ...] = ()  # roles beside the nurse; with them, what becomes of each alert is told
    phones: dict[str, str] = field(default_factory=lambda: {"1": "telegram"})

    @property
    def instant(self) -> datetime:
        return self.now.replace(tzinfo=ZoneInfo(self.zone))


async def set_scene(ctx: Ctx, scene: Scene) -> str:
    """Site, nurse, participant. Returns the invitation's code."""
    async with ctx.begin() as tx:
        site = NewSite(SITE, "协作医院", scene.zone, scene.language, SITE_PHONE, scene.telegram)
        await add_site(tx, site, "rehearsal")
        nurse = NewStaff(SITE, "nurse", NURSE, NURSE_MAIL, scene.language)
        await add_staff(tx, nurse, "rehearsal")
        for role in scene.staff:
            more = NewStaff(SITE, role, role, f"{role}@example.org", scene.language)
            await add_staff(tx, more, "rehearsal")
        new = NewParticipant(
            STUDY, SITE, scene.arm, scene.start, scene.time, NAME, PHONE, "female", 1956, scene.language
        )
        return (await enrol(tx, new, STAFF)).invited.code


async def set_telegram_mode(ctx: Ctx, mode: str) -> None:
    async with ctx.begin() as tx:
        await tx.execute(update(Site).where(Site.code == SITE).values(telegram_mode=mode))


def set_phones(stage: Stage, scene: Scene) -> None:
    for number, channel in scene.phones.items():
        stage.phone(number, CHANNELS[channel])
