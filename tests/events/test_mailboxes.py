from hypothesis import given
from hypothesis import strategies as st

from seggraph.events.facts import Fact, MembershipChanged
from seggraph.events.mailboxes import Delivery, Mailbox, Resync, coalesced
from seggraph.events.stream import ResyncReason
from tests.events.example_facts import entered, reach


def _delivery(at: int, fact: Fact) -> Delivery:
    return Delivery(f"{at:04d}", fact)


def _taken(mailbox: Mailbox) -> list[Delivery | Resync]:
    return list(iter(mailbox.take, None))


def test_nothing_is_coalesced_while_there_is_room() -> None:
    mailbox = Mailbox(4, "0000")
    deliveries = [_delivery(at, reach(1, at)) for at in range(1, 5)]

    for delivery in deliveries:
        mailbox.put(delivery)

    assert _taken(mailbox) == deliveries
    assert mailbox.take() is None


def test_a_full_mailbox_keeps_the_last_state_of_each_subject() -> None:
    mailbox = Mailbox(4, "0000")
    for at, segment_id in enumerate([7, 7, 8, 7], start=1):
        mailbox.put(_delivery(at, reach(1, at, segment_id=segment_id)))

    mailbox.put(_delivery(5, reach(1, 5, segment_id=9)))

    assert _taken(mailbox) == [
        _delivery(3, reach(1, 3, segment_id=8)),
        _delivery(4, reach(1, 4, segment_id=7)),
        _delivery(5, reach(1, 5, segment_id=9)),
    ]


def test_what_cannot_be_coalesced_gives_way_to_one_resync() -> None:
    mailbox = Mailbox(4, "0000")

    for at in range(1, 8):
        mailbox.put(_delivery(at, reach(1, at, segment_id=at)))
        assert len(mailbox) <= 4

    assert _taken(mailbox) == [
        Resync(ResyncReason.SLOW_CONSUMER, "0005"),
        _delivery(6, reach(1, 6, segment_id=6)),
        _delivery(7, reach(1, 7, segment_id=7)),
    ]


def test_overflowing_again_leaves_one_resync() -> None:
    mailbox = Mailbox(4, "0000")

    for at in range(1, 14):
        mailbox.put(_delivery(at, reach(1, at, segment_id=at)))

    assert _taken(mailbox) == [Resync(ResyncReason.SLOW_CONSUMER, "0013")]


def test_what_follows_a_resync_is_coalesced_behind_it() -> None:
    mailbox = Mailbox(4, "0000")
    mailbox.put_resync(Resync(ResyncReason.LOST, "0001"))

    for at in range(2, 6):
        mailbox.put(_delivery(at, reach(1, at)))

    assert _taken(mailbox) == [
        Resync(ResyncReason.LOST, "0001"),
        _delivery(4, reach(1, 4)),
        _delivery(5, reach(1, 5)),
    ]


def test_increments_are_added_up_and_the_state_before_gets_an_older_cursor() -> None:
    deliveries = [
        _delivery(1, entered(1, 1, 10, segment_id=8)),
        _delivery(2, entered(1, 2, 2)),
        _delivery(3, reach(1, 3)),
        _delivery(4, entered(1, 4, 3)),
    ]

    kept = coalesced(deliveries, "0000")

    assert [(item.cursor, type(item.fact).__name__, item.fact.subject_id) for item in kept] == [
        ("0001", "MembershipChanged", 8),
        ("0001", "ReachChanged", 7),
        ("0004", "MembershipChanged", 7),
    ]
    assert isinstance(kept[2].fact, MembershipChanged)
    assert kept[2].fact.entered == 5


FACTS = st.lists(st.tuples(st.booleans(), st.integers(1, 3)), max_size=24)


def _totals(deliveries: list[Delivery]) -> dict[int, int]:
    totals: dict[int, int] = {}
    for delivery in deliveries:
        if isinstance(delivery.fact, MembershipChanged):
            totals[delivery.fact.segment_id] = totals.get(delivery.fact.segment_id, 0) + delivery.fact.entered
    return totals


def _states(deliveries: list[Delivery]) -> dict[int, Fact]:
    return {delivery.fact.subject_id: delivery.fact for delivery in deliveries if not delivery.fact.adds_up}


@given(FACTS)
def test_from_every_cursor_a_subscriber_ends_with_the_same_states_and_sums(
    told: list[tuple[bool, int]],
) -> None:
    """Take some of the coalesced deliveries, then all that the stream holds after the last one's cursor."""
    deliveries = [
        _delivery(
            at, entered(1, at, at, segment_id=segment_id) if adds_up else reach(1, at, segment_id=segment_id)
        )
        for at, (adds_up, segment_id) in enumerate(told, start=1)
    ]
    kept = coalesced(deliveries, "0000")

    assert len(kept) <= len(deliveries)
    assert [item.cursor for item in kept] == sorted(item.cursor for item in kept)
    for count in range(len(kept) + 1):
        seen = kept[:count]
        cursor = seen[-1].cursor if seen else "0000"
        resumed = seen + [delivery for delivery in deliveries if delivery.cursor > cursor]
        assert _totals(resumed) == _totals(deliveries)
        assert _states(resumed) == _states(deliveries)
