"""Polling loses nothing: whatever fails between Telegram and our database, the update comes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_polling import poll
from bot.messages import Choice, Inbound, Kind, Outbound, Press
from bot.rehearsal.bot_api.server import FakeBotApi
from tests.channels.desk import Desk, Quick, polling


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        yield server


@pytest.fixture
async def channel(api: FakeBotApi) -> AsyncIterator[TelegramChannel]:
    telegram = TelegramChannel(api.token, api.base)
    yield telegram
    await telegram.close()


async def test_everything_is_accepted_once_and_in_order(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    for number in range(250):
        api.say(number % 7, f"{number}")
    async with polling(channel, desk):
        await api.until(lambda: len(api.queue.confirmed) == 250)
        api.say(1, "later")
        await api.until(lambda: "later" in desk.texts())
    assert desk.texts() == [*map(str, range(250)), "later"]
    assert len(desk.seen) == 251
    assert {call.params["timeout"] for call in api.called("getUpdates")} == {"25"}
    assert "my_chat_member" in api.calls[0].params["allowed_updates"]


async def test_what_could_not_be_stored_comes_again(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk, chance = Desk(), Random(7)
    desk.refuse = lambda inbound: chance.random() < 0.5
    for number in range(30):
        api.say(number % 3, f"{number}")
    async with polling(channel, desk):
        await api.until(lambda: len(api.queue.confirmed) == 30)
    assert desk.texts() == [*map(str, range(30))]
    assert len(desk.seen) > 30


async def test_the_offset_never_passes_what_was_not_stored(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    desk.refuse = lambda inbound: inbound.text == "2"
    for number in range(5):
        api.say(1, f"{number}")
    async with polling(channel, desk):
        await api.until(lambda: len(desk.seen) > 6)
        assert desk.texts() == ["0", "1"]
        assert [item.update["message"]["text"] for item in api.queue.pending] == ["2", "3", "4"]
        desk.refuse = lambda inbound: False
        await api.until(lambda: not api.queue.pending)
    assert desk.texts() == ["0", "1", "2", "3", "4"]


async def test_killed_after_accepting_and_before_confirming(
    api: FakeBotApi, channel: TelegramChannel
) -> None:
    desk = Desk()
    api.say(1, "吃了")

    async def accept_and_die(inbound: Inbound) -> None:
        await desk.accept(inbound)
        raise asyncio.CancelledError  # the process ends here

    with pytest.raises(asyncio.CancelledError):
        await poll(channel, accept_and_die, desk.on_gap, asyncio.Event(), jitter=Quick())
    assert not api.queue.confirmed
    async with polling(channel, desk):
        await api.until(lambda: api.queue.confirmed)
    assert len(desk.seen) == 2, "delivered again, under the same id"
    assert desk.texts() == ["吃了"]


async def test_stopping_ends_a_waiting_request_at_once(api: FakeBotApi, channel: TelegramChannel) -> None:
    async with polling(channel, Desk()) as stop:
        await api.until(lambda: api.called("getUpdates"))
        stop.set()
    assert api.called("getUpdates")[0].status == 0, "it was still waiting"


async def test_stopping_lets_the_running_accept_end(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk, begun, go_on = Desk(), asyncio.Event(), asyncio.Event()
    stop = asyncio.Event()

    async def slow(inbound: Inbound) -> None:
        begun.set()
        await go_on.wait()
        await desk.accept(inbound)

    api.say(1, "1")
    api.say(1, "2")
    task = asyncio.create_task(poll(channel, slow, desk.on_gap, stop, jitter=Quick()))
    await begun.wait()
    stop.set()
    await asyncio.sleep(0)
    go_on.set()
    await task
    assert desk.texts() == ["1"], "the second one is left to whoever polls next"
    assert len(api.queue.pending) == 2


@pytest.mark.parametrize(
    "fault", ["401", "409", "429", "500", "502", "reset_before", "reset_after", "bad_json"]
)
async def test_a_failed_request_is_made_again(fault: str, api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    api.say(1, "吃了")
    api.fail(fault, method="getUpdates")
    async with polling(channel, desk):
        await api.until(lambda: api.queue.confirmed)
    assert desk.texts() == ["吃了"]


@pytest.mark.parametrize("answer", [None, 7, {"a": 1}, [7, None, {"update_id": "x"}]], ids=repr)
async def test_an_answer_of_the_wrong_shape_is_no_end(
    answer: object, api: FakeBotApi, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = api.methods.by_name["getUpdates"]
    answers = [answer, answer]

    async def odd(given: dict[str, object]) -> object:
        return answers.pop() if answers else await usual(given)

    monkeypatch.setitem(api.methods.by_name, "getUpdates", odd)
    desk = Desk()
    api.say(1, "吃了")
    async with polling(channel, desk):
        await api.until(lambda: desk.kept)
    assert desk.texts() == ["吃了"]


async def test_a_second_poller_ends_nobodys_conversation(api: FakeBotApi) -> None:
    first, second, desk = TelegramChannel(api.token, api.base), TelegramChannel(api.token, api.base), Desk()
    async with polling(first, desk), polling(second, desk):
        await api.until(lambda: any(call.status == 409 for call in api.calls))
        for number in range(20):
            api.say(1, f"{number}")
        await api.until(lambda: len(api.queue.confirmed) == 20)
    await first.close()
    await second.close()
    assert sorted(desk.texts(), key=int) == [*map(str, range(20))]


async def test_repeated_and_shuffled_updates(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    api.queue.repeats, api.queue.shuffled = 20, True
    for number in range(120):
        api.say(1, f"{number}")
    async with polling(channel, desk):
        await api.until(lambda: len(api.queue.confirmed) == 120 and len(desk.seen) == 140)
    assert len(desk.kept) == 120
    assert len(desk.seen) == 140


async def test_a_new_numbering_after_a_week_of_silence(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    async with polling(channel, desk):
        for number in range(6):
            api.say(1, f"{number}")
            await api.until(lambda: not api.queue.pending)
            api.queue.jump()
    assert desk.texts() == [*map(str, range(6))]
    numbers = [int(inbound.external_id[1:]) for inbound in desk.kept]
    assert numbers != sorted(numbers), "some ids went down"


async def test_what_is_nobodys_message_is_confirmed(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    api.queue.add_raw({"update_id": 700_000_000, "telepathy": {}})
    api.say(1, "吃了")
    async with polling(channel, desk):
        await api.until(lambda: not api.queue.pending)
    assert desk.texts() == ["吃了"]


async def test_a_tap_is_answered_after_it_is_stored(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    desk.refuse = lambda inbound: inbound.kind is Kind.CHOICE and len(desk.seen) < 3
    api.say(1, "/start")
    sent = await channel.send(Outbound("1", "吃了吗？", (Choice("吃了", Press("t", "taken")),)))
    api.press(1, int(sent), "吃了")
    async with polling(channel, desk):
        await api.until(lambda: api.called("answerCallbackQuery"))
    assert desk.kept[-1].press == Press("t", "taken")
    assert len(api.called("answerCallbackQuery")) == 1


async def test_a_silence_in_which_taps_died_is_told_once(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    api.say(1, "/start")
    sent = await channel.send(Outbound("1", "吃了吗？", (Choice("吃了", Press("t", "taken")),)))
    async with polling(channel, desk):
        await api.until(lambda: desk.alive)
        api.fail("502", method="getUpdates", times=None)
        api.say(1, "1")  # ends the request that waits; the next ones fail
        await api.until(lambda: api.called("getUpdates")[-1].fault)
        api.press(1, int(sent), "吃了")
        api.say(1, "写下的还在")
        desk.time += 151
        api.advance(151)
        api.faults.clear()
        await api.until(lambda: desk.gaps)
        api.say(1, "又好了")
        await api.until(lambda: "又好了" in desk.texts())
    assert desk.gaps == [151]
    assert len(api.queue.lost) == 1
    assert all(inbound.kind is not Kind.CHOICE for inbound in desk.kept)
    assert "写下的还在" in desk.texts(), "what was written survives the silence"


async def test_a_database_away_for_long_is_a_silence_too(api: FakeBotApi, channel: TelegramChannel) -> None:
    desk = Desk()
    async with polling(channel, desk):
        await api.until(lambda: api.called("getUpdates"))
        desk.refuse = lambda inbound: True
        api.say(1, "吃了")
        await api.until(lambda: len(desk.seen) > 2)
        desk.time += 200
        desk.refuse = lambda inbound: False
        await api.until(lambda: desk.gaps)
    assert desk.gaps == [200]


@pytest.mark.parametrize(("silent_for", "gaps"), [(0.0, []), (150.0, []), (150.5, [150.5])])
async def test_a_silence_before_the_start_counts(
    silent_for: float, gaps: list[float], api: FakeBotApi, channel: TelegramChannel
) -> None:
    desk = Desk()
    api.say(1, "吃了")
    async with polling(channel, desk, silent_for=silent_for):
        await api.until(lambda: desk.alive)
    assert desk.gaps == gaps


async def test_a_gap_that_could_not_be_handled_is_told_again(
    api: FakeBotApi, channel: TelegramChannel
) -> None:
    desk, tries = Desk(), 0

    async def fails_once(seconds: float) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionError("the database is away")
        desk.gaps.append(seconds)

    api.say(1, "1")
    async with polling(channel, desk, silent_for=300.0, on_gap=fails_once):
        await api.until(lambda: desk.seen)
        api.say(1, "2")
        await api.until(lambda: desk.gaps)
    assert desk.gaps == [300.0]
    assert tries == 2
