"""Secrets at rest: nobody reads them without the key, and not for another purpose."""

import gzip
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from seggraph.errors import Invalid
from seggraph.files import keyring, secrets, uploads
from seggraph.files.keyring import SecretKeyMissing
from seggraph.files.secrets import SecretUnreadable
from seggraph.services.exports import files as export_files
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
    monkeypatch.setattr(keyring, "folder", lambda _: tmp_path)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))

    with pytest.raises(SecretKeyMissing):
        secrets.encrypt(Settings(), SECRET, purpose="destination:1")


def test_a_hint_shows_little_of_a_long_secret_and_nothing_of_a_short_one() -> None:
    assert secrets.hint(SECRET) == "…6789"
    assert secrets.hint("password") == "…"


def test_a_key_of_the_settings_is_changed_without_losing_a_secret(tmp_path: Path) -> None:
    old, new = "k" * 32, "K" * 32
    sealed = secrets.encrypt(Settings(secret_key=SecretStr(old), files_dir=tmp_path), SECRET, purpose="x")
    changed = Settings(secret_key=SecretStr(new), previous_secret_keys=(SecretStr(old),), files_dir=tmp_path)

    assert secrets.decrypt(changed, sealed, purpose="x") == SECRET
    assert not secrets.is_current(changed, sealed)
    anew = secrets.encrypt(changed, SECRET, purpose="x")
    assert secrets.is_current(changed, anew)
    assert (
        secrets.decrypt(Settings(secret_key=SecretStr(new), files_dir=tmp_path), anew, purpose="x") == SECRET
    )
    with pytest.raises(SecretUnreadable):
        secrets.decrypt(Settings(secret_key=SecretStr(new), files_dir=tmp_path), sealed, purpose="x")


def test_the_key_of_the_files_folder_is_renewed_and_the_earlier_one_still_reads(tmp_path: Path) -> None:
    settings = Settings(files_dir=tmp_path)
    sealed = secrets.encrypt(settings, SECRET, purpose="x")
    before = keyring.current(settings)

    after = keyring.renew(settings)

    assert after == keyring.current(settings) != before
    assert secrets.decrypt(settings, sealed, purpose="x") == SECRET
    assert not secrets.is_current(settings, sealed)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("secret-key*")} == {0}
    keyring.renew(settings)
    assert secrets.decrypt(settings, sealed, purpose="x") == SECRET
    moved = Settings(files_dir=tmp_path, secret_key=SecretStr("k" * 32))
    assert secrets.decrypt(moved, sealed, purpose="x") == SECRET
    with pytest.raises(Invalid, match="PREVIOUS_SECRET_KEYS"):
        keyring.renew(moved)


def test_a_secret_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    settings = Settings(files_dir=tmp_path)
    content, nonce = keyring.current(settings).content, bytes(12)
    sealed = b"\x01" + nonce + AESGCM(content).encrypt(nonce, SECRET.encode(), b"x")

    assert secrets.decrypt(settings, sealed, purpose="x") == SECRET
    assert not secrets.is_current(settings, sealed)
    keyring.renew(settings)
    assert secrets.decrypt(settings, sealed, purpose="x") == SECRET


@pytest.mark.parametrize("compressed", [False, True])
def test_exports_are_readable_by_their_owner_only(tmp_path: Path, compressed: bool) -> None:
    before = os.umask(0)
    try:
        with export_files.open_file(tmp_path / "export", compressed=compressed) as file:
            file.write(b"name\n")
    finally:
        os.umask(before)
    assert (tmp_path / "export").stat().st_mode & 0o777 == 0o600
    content = (tmp_path / "export").read_bytes()
    assert (gzip.decompress(content) if compressed else content) == b"name\n"


async def test_uploads_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    settings, parts = Settings(files_dir=tmp_path), iter([b"name\nAnn\n", b""])

    async def read(_: int) -> bytes:
        return next(parts)

    before = os.umask(0)
    try:
        stored = await uploads.store(settings, read)
    finally:
        os.umask(before)
    assert uploads.path_of(settings, stored.name).stat().st_mode & 0o777 == 0o600
