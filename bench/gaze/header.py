"""What the head of a recording file says about people, places and devices, field by field.

Nothing of it goes into any output unless it is asked for: these are the fields that can tell who
was recorded, by whom, when and on which machine.
"""

from __future__ import annotations

import gzip
import re
import zlib
from datetime import datetime, timedelta
from pathlib import Path

from bench.gaze.sniff import EYELINK_MAGIC

# Field: the kind of thing that it reveals. The names are those of `keep_header:` in dataset.yaml.
FIELDS = {
    "converted_from": "file name or whole path on the converting computer, and the date",
    "date": "date and time of the recording",
    "tracker": "model and software of the tracker",
    "camera": "name of the camera",
    "camera_config": "camera file, often the serial number",
    "serial_number": "serial number of the device",
    "recorded_by": "name or session as the experimenter typed it",
    "software": "experiment software with its licence number and dates",
    "patient_code": "code of the person",
    "patient_name": "name of the person",
    "patient_sex": "sex of the person",
    "patient_birthdate": "date of birth",
    "patient_additional": "further words on the person",
    "admin_code": "administration code of the investigation",
    "technician": "code or name of the investigator",
    "equipment": "recording equipment",
    "recording_additional": "further words on the recording",
    "other": "further lines of the header",
}
# Of the labels, the first that a line starts with says the field; these two reveal nothing.
_LABELS = (
    ("CONVERTED FROM", "converted_from"),
    ("DATE:", "date"),
    ("TYPE:", None),
    ("VERSION:", None),
    ("SOURCE:", "tracker"),
    ("EYELINK", "tracker"),
    ("CAMERA:", "camera"),
    ("CAMERA_CONFIG:", "camera_config"),
    ("SERIAL NUMBER:", "serial_number"),
    ("RECORDED BY", "recorded_by"),
    ("SREB", "software"),
    ("SRESEARCH", "software"),
)
HEAD_BYTES = 64 * 1024
# The tracker that first wrote this format; an earlier date is a clock that was never set.
FIRST_YEAR = 2002
_DATE = re.compile(r"(?:\w{3} )?(\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def read_header(path: Path, kind: str) -> dict[str, list[str]]:
    """{field of FIELDS: its values} of the recording at `path`; fields without a value left out.

    `kind` is what `recording_format` says. At most 64 KiB are read. Raises OSError where the file
    cannot be read.
    """
    if kind in ("edfplus", "bdfplus"):
        with path.open("rb") as file:
            return _european(file.read(256))
    return _eyelink(_preamble(path, kind))


def header_warnings(header: dict[str, list[str]], changed: float) -> list[str]:
    """What cannot be about the date of an EyeLink recording; the date itself is not shown.

    `changed` is the file's own time in seconds since 1970: no recording is younger than its file.
    """
    found = next((date for text in header.get("date", []) if (date := _date_in(text))), None)
    if found is None:
        return []
    if found.year < FIRST_YEAR:
        return [
            f"the header's date lies before {FIRST_YEAR}, when there was no such tracker: the host "
            "PC's clock was wrong"
        ]
    written = datetime.fromtimestamp(changed)
    # A day for time zones. Archives set a file's time to their own first day: that tells nothing.
    if written.year >= FIRST_YEAR and found > written + timedelta(days=1):
        return [
            "the header's date lies after the file's own time: the host PC's clock was wrong, or "
            "the file's time was changed"
        ]
    return []


def _preamble(path: Path, kind: str) -> bytes:
    """The part before the first event."""
    if kind == "asc_gz":
        with path.open("rb") as file:
            packed = file.read(HEAD_BYTES)
        try:
            return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(packed, HEAD_BYTES)
        except (zlib.error, gzip.BadGzipFile):
            return b""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return head.partition(b"ENDP:")[0] if kind == "eyelink_edf" else head


def _eyelink(head: bytes) -> dict[str, list[str]]:
    header: dict[str, list[str]] = {}
    lines = re.split(rb"[\r\n]+", head.replace(b"\0", b""))
    # In an .asc the stars set the header's lines apart; in an .edf they are all there is.
    lines = lines[1:] if head.startswith(EYELINK_MAGIC) else [x for x in lines if x[:2] == b"**"]
    for line in lines:
        text = line.lstrip(b"*").decode("utf-8", errors="replace").strip()
        known = (pair for pair in _LABELS if text.upper().startswith(pair[0]))
        label, field = next(known, ("", "other"))
        value = text[len(label) :].strip() if label.endswith((":", "BY", "FROM")) else text
        if field and value:
            header.setdefault(field, []).append(value)
    return header


def _european(head: bytes) -> dict[str, list[str]]:
    """EDF+ and BDF+ headers hold two lines of subfields, 'X' where unknown; EDF free text."""
    text = head.decode("latin-1")
    patient, recording = text[8:88].split(), text[88:168].split()
    names = ("patient_code", "patient_sex", "patient_birthdate", "patient_name")
    found = {"date": text[168:184].strip()}
    if text[192:197] in ("EDF+C", "EDF+D", "BDF+C", "BDF+D"):
        found |= dict(zip(names, patient, strict=False))
        found["patient_additional"] = " ".join(patient[4:])
        names = ("admin_code", "technician", "equipment")
        found |= dict(zip(names, recording[2:], strict=False))
        found["recording_additional"] = " ".join(recording[5:])
    else:
        found["patient_additional"] = " ".join(patient)
        found["recording_additional"] = " ".join(recording)
    return {name: [value] for name, value in found.items() if value.replace("_", " ").strip(" X")}


def _date_in(text: str) -> datetime | None:
    match = _DATE.search(text)
    if match is None or match[1] not in _MONTHS:
        return None
    day, hour, minute, second, year = map(int, match.groups()[1:])
    try:
        return datetime(year, _MONTHS.index(match[1]) + 1, day, hour, minute, second)
    except ValueError:
        return None
