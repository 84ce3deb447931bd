"""No push and no staff notice names a drug, a disease, a symptom or a person."""

from __future__ import annotations

from sqlalchemy import select

from bot.db.outbox import OutboundMessage
from bot.rehearsal.evidence import Evidence, Findings, Violation

MEDICINES = ("伊沙佐米", "来那度胺", "恩莱瑞", "瑞复美", "ixazomib", "lenalidomide", "ninlaro", "revlimid")
DISEASE = ("骨髓瘤", "肿瘤", "癌", "化疗", "myeloma", "cancer")
SYMPTOMS = (
    *("发烧", "发热", "拉肚子", "腹泻", "便秘", "恶心", "呕吐", "皮疹"),
    *("发麻", "乏力", "胸口", "疼"),
)
TO_PATIENTS = (*SYMPTOMS, "药", "毫克", "剂量", "漏", "忘了")


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        query = select(OutboundMessage.message_id).where(OutboundMessage.pushed)
        pushed = {f"m{number}" for number in (await tx.execute(query)).scalars()}
    found = Findings()
    for one in evidence.ledgers:
        words = (*MEDICINES, *DISEASE, *TO_PATIENTS, one.name)
        for seen in one.seen:
            if seen.key in pushed:
                found.checked += 1
                _look(found, "\n".join((seen.text, *seen.labels)), words, f"{one.subject_id} {seen.key}")
    of_staff = (*MEDICINES, *DISEASE, *SYMPTOMS, *(one.name for one in evidence.ledgers))
    for letter in evidence.letters:
        if letter.key in pushed:
            found.checked += 1
            _look(found, f"{letter.subject}\n{letter.text}", of_staff, f"{letter.address} {letter.key}")
    return found


def _look(found: Findings, text: str, words: tuple[str, ...], where: str) -> None:
    said = [word for word in words if word and word in text.lower()]
    if said:
        found.violations.append(Violation(7, f"says {', '.join(said)}", where))
