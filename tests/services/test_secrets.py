"""Secrets at rest: nobody reads them without the key, and not for another purpose."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from seggraph.files import secrets
from seggraph.files.secrets import SecretKeyMissing, SecretUnreadable
from seggraph.settings import Settings

SECRET = "sk_live_0123456789"


def test_a_secret_is_read_again_for_its_purpose_only(tmp_path: Path) -> None:
    settings = Settings(files_dir=tmp_path / "files")

    first = secrets.encrypt(settings, SECRET, purpose="destination:1")
    second = secrets.encrypt(settings, SECRET, purpose="destination:1")

    assert SECRET.encode() not in first
    assert first != second
    assert secrets.decrypt(settings, first, purpose="destination:1") == SECRET
    assert (tmp_path / "files" / "secret-key").stat().st_mode & 0o077 == 0
    for sealed, purpose in ((first, "destination:2"), (first[:-1], "destination:1"), (b"", "destination:1")):
        with pytest.raises(SecretUnreadable):
            secrets.decrypt(settings, sealed, purpose=purpose)


def test_another_key_reads_nothing(tmp_path: Path) -> None:
    settings = Settings(secret_key=SecretStr("k" * 32), files_dir=tmp_path)
    sealed = secrets.encrypt(settings, SECRET, purpose="webhook:1")

    assert secrets.decrypt(settings, sealed, purpose="webhook:1") == SECRET
    assert list(tmp_path.iterdir()) == []
    other = Settings(secret_key=SecretStr("K" * 32))
    with pytest.raises(SecretUnreadable):
        secrets.decrypt(other, sealed, purpose="webhook:1")


def test_no_key_is_kept_where_it_would_be_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "folder", lambda _: tmp_path)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))

    with pytest.raises(SecretKeyMissing):
        secrets.encrypt(Settings(), SECRET, purpose="destination:1")


def test_a_hint_shows_little_of_a_long_secret_and_nothing_of_a_short_one() -> None:
    assert secrets.hint(SECRET) == "…6789"
    assert secrets.hint("password") == "…"
