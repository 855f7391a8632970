import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seggraph.errors import BadCursor, ErrorCode
from seggraph.events import cursors
from seggraph.events.cursors import Position

EPOCHS = st.text("0123456789abcdef", min_size=16, max_size=16)
NUMBERS = st.integers(0, 2**62)


@given(EPOCHS, NUMBERS, NUMBERS)
def test_a_cursor_stands_for_its_position(epoch: str, milliseconds: int, sequence: int) -> None:
    position = Position(epoch, (milliseconds, sequence))

    assert cursors.decode(cursors.encode(position)) == position


def _text(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "=",
        "a",
        "not a cursor",
        "é",
        "\x00",
        _text("0123456789abcdef"),
        _text("0123456789abcdef:1"),
        _text("0123456789abcdeX:1-1"),
        _text("0123456789abcdef:1-1\n"),
        _text("0123456789abcdef:01-1"),
        _text("0123456789abcdef:-1-1"),
        _text("0123456789abcdef:1-" + "9" * 400),
        _text("0123456789abcdef:1-1") + "=",
        _text("0123456789abcdef:1-1") + "\n",
    ],
)
def test_garbage_is_refused_with_its_path(garbage: str) -> None:
    with pytest.raises(BadCursor) as refused:
        cursors.decode(garbage, path=("after",))

    assert refused.value.code is ErrorCode.BAD_CURSOR
    assert refused.value.path == ("after",)


@given(st.text())
def test_any_text_is_a_position_or_a_bad_cursor(text: str) -> None:
    try:
        position = cursors.decode(text)
    except BadCursor:
        return
    assert cursors.encode(position) == text


def test_a_position_of_another_epoch_is_never_reached() -> None:
    position = Position("a" * 16, (5, 1))

    assert Position("a" * 16, (5, 1)).reaches(position)
    assert Position("a" * 16, (10, 0)).reaches(position)
    assert not Position("a" * 16, (5, 0)).reaches(position)
    assert not Position("b" * 16, (10, 0)).reaches(position)
