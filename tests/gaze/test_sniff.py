"""The format by its first bytes, and a clear refusal of everything else."""

import gzip
import os
import zipfile

import pytest

from bench.errors import DataError
from bench.gaze import read_recording, recording_format


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"SR_RESEARCH_1000FILE\n** DATE: x\nENDP:\n", "eyelink_edf"),
        (b"0       X" + b" " * 300, "edfplus"),
        (b"\xffBIOSEMI" + b" " * 300, "bdfplus"),
        (b"** CONVERTED FROM a.edf\n", "asc"),
        (b"\xef\xbb\xbf** CONVERTED FROM a.edf\n", "asc"),
        (b"\r\nMSG\t100 TRIALID 1\r\n", "asc"),
        (gzip.compress(b"MSG\t100 TRIALID 1\n"), "asc_gz"),
    ],
)
def test_the_header_decides_and_not_the_extension(tmp_path, content, expected):
    path = tmp_path / "recording.csv"
    path.write_bytes(content)
    assert recording_format(path) == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"time,x,y\n1,2,3\n", "a table or plain text that starts with 'time,x,y'"),
        (b"dear diary\n", "plain text that starts with 'dear diary'"),
        (bytes(range(256)) * 4, "starts with the bytes"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        ("** CONVERTED FROM a.edf\n".encode("utf-16"), "UTF-16"),
        (b"SR_RESEARCH_1000FILE" + b"\x07" * 5000, "ENDP:"),
        (b"SR_RESEARCH", "truncated or damaged"),
        (gzip.compress(b"SR_RESEARCH_1000FILE ENDP:"), "Unpack it first"),
        (gzip.compress(b"hello"), "inside it"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 99, "cannot be unpacked"),
    ],
)
def test_what_is_no_recording_is_named(tmp_path, content, words):
    path = tmp_path / "viewer.edf"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        read_recording(path)
    assert "viewer.edf" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_zip_archive_is_to_be_unpacked(tmp_path):
    path = tmp_path / "viewer.edf"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("viewer.edf", b"SR_RESEARCH")
    with pytest.raises(DataError, match="ZIP archive; unpack it"):
        read_recording(path)


def test_a_missing_path_is_named_as_given(tmp_path):
    path = tmp_path / "nowhere" / "viewer.edf"
    with pytest.raises(DataError, match="no such file") as caught:
        read_recording(path)
    assert str(path) in str(caught.value)


def test_a_folder_is_no_recording(tmp_path):
    with pytest.raises(DataError, match="a folder, not a file"):
        read_recording(tmp_path)


def test_a_dangling_link_is_told_from_a_missing_file(tmp_path):
    path = tmp_path / "viewer.edf"
    path.symlink_to(tmp_path / "gone.edf")
    with pytest.raises(DataError, match="a link to a file that does not exist"):
        read_recording(path)


def test_a_device_is_never_opened():
    with pytest.raises(DataError, match="a device or pipe"):
        read_recording("/dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path):
    path = tmp_path / "viewer.edf"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(DataError, match="no permission"):
        read_recording(path)


def test_gaze_does_not_import_torch():
    import subprocess
    import sys

    code = (
        "import sys, bench.gaze as g; [getattr(g, n) for n in g.__all__]; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
