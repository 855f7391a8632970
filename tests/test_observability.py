"""Logging: one shape for our lines and the libraries', context on every line, no secrets."""

import io
import json
import logging

import pytest
import structlog

from seggraph import observability

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_has_event_level_time_and_fields() -> None:
    stream = io.StringIO()
    observability.configure(as_json=True, stream=stream)

    structlog.get_logger().info("segment_recomputed", segment_id=7, member_count=3)

    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")  # type: ignore[attr-defined]  # a str, or it fails
    assert line == {"event": "segment_recomputed", "level": "info", "segment_id": 7, "member_count": 3}


def test_bound_fields_are_on_every_line_of_the_block_and_on_none_after_it() -> None:
    stream = io.StringIO()
    observability.configure(as_json=True, stream=stream)
    log = structlog.get_logger()

    with observability.bound(job_id="recompute:7:2"):
        log.info("inside")
        logging.getLogger("library").warning("library inside")
    log.info("outside")

    assert [line.get("job_id") for line in lines(stream)] == ["recompute:7:2", "recompute:7:2", None]


def test_the_level_decides_what_is_written() -> None:
    stream = io.StringIO()
    observability.configure(level="WARNING", as_json=True, stream=stream)

    structlog.get_logger().info("too quiet")
    structlog.get_logger().warning("loud enough")

    assert [line["event"] for line in lines(stream)] == ["loud enough"]


@pytest.mark.parametrize(("level", "heard"), [("info", ["warned"]), ("debug", ["told", "warned"])])
def test_libraries_are_heard_less_and_never_at_debug(level: str, heard: list[str]) -> None:
    stream = io.StringIO()
    observability.configure(level=level, as_json=True, stream=stream)
    library = logging.getLogger("some.library")

    library.debug("SELECT with a person's address in it")
    library.info("told")
    library.warning("warned")

    assert [line["event"] for line in lines(stream)] == heard
    assert {line["logger"] for line in lines(stream)} == {"some.library"}


def test_secrets_are_hidden_by_the_name_of_their_field() -> None:
    stream = io.StringIO()
    observability.configure(as_json=True, stream=stream)

    structlog.get_logger().info("started", jwt_secret="a", api_key="b", database_url="c", port=8000)

    (line,) = lines(stream)
    assert (line["jwt_secret"], line["api_key"], line["database_url"]) == ("***", "***", "***")
    assert line["port"] == 8000


def test_an_exception_is_one_line_of_json() -> None:
    stream = io.StringIO()
    observability.configure(as_json=True, stream=stream)

    try:
        raise ValueError("seven is not six")
    except ValueError:
        structlog.get_logger().exception("job_failed")

    (line,) = lines(stream)
    assert line["exception"][0]["exc_type"] == "ValueError"  # type: ignore[index]  # a list, or it fails
    assert line["exception"][0]["exc_value"] == "seven is not six"  # type: ignore[index]


def test_text_for_people_has_no_colour_codes_in_a_file() -> None:
    stream = io.StringIO()
    observability.configure(stream=stream)

    structlog.get_logger().info("listening", port=8000)

    assert "listening" in stream.getvalue()
    assert "port=8000" in stream.getvalue()
    assert "\x1b[" not in stream.getvalue()


def test_nothing_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    observability.configure()

    structlog.get_logger().info("listening")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "listening" in captured.err


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    observability.silence()

    structlog.get_logger().error("nobody hears this")
    logging.getLogger("library").critical("nor this")

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_an_unknown_level_is_refused_with_those_that_work() -> None:
    with pytest.raises(ValueError, match="'loud' is none of debug, info, warning, error"):
        observability.configure(level="loud")
