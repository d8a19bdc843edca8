"""A session as EDF+ (European Data Format): gaze and pupil as channels, messages as annotations.

Not to be taken for the tracker's own `.edf`, which is another format. The file is continuous:
between two trials, and while the eye is closed, a channel holds its physical minimum.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np

from bench.datasets.demo.screen import SAMPLE_MS, SAMPLES_PER_S
from bench.datasets.demo.session import Session
from bench.files import written_whole

START = datetime(2019, 1, 1, 12, 0, 0)  # made up, like all of the recording
CHANNELS = (("gaze_x", "px"), ("gaze_y", "px"), ("pupil", "au"))
DIGITAL = (-32768, 32767)
STEP = 0.1  # physical units per digital one: +-3276.8 px in 16 bits
MISSING = DIGITAL[0]  # the physical minimum, -3276.8
LONGEST_ANNOTATION = 40  # characters; pyedflib cuts what is longer without a word


def write_european_data(path: Path, session: Session) -> None:
    """Writes `session` to `path` as continuous EDF+ with records of one second.

    Raises ValueError for a message that has no form of 40 characters, and for two eyes.
    """
    if len(session.eyes) > 1:
        raise ValueError(f"the demo's EDF+ holds one eye, not {session.eyes}")
    from pyedflib import FILETYPE_EDFPLUS, EdfWriter

    signals = _digital(session)
    annotations = [
        ((message.ms - session.start_ms) / 1000, message.within_40)
        for message in sorted(session.messages, key=lambda message: message.ms)
    ]
    for _, text in annotations:
        if len(text) > LONGEST_ANNOTATION:
            raise ValueError(f"annotation of more than {LONGEST_ANNOTATION} characters: {text!r}")
    # An annotation channel holds one message a record; what finds no place would be lost.
    busiest = max(Counter(int(onset) for onset, _ in annotations).values())
    with (
        written_whole(path) as part,
        EdfWriter(str(part), len(CHANNELS), file_type=FILETYPE_EDFPLUS) as writer,
    ):
        writer.setStartdatetime(START)
        writer.setEquipment("simulated")
        writer.set_number_of_annotation_signals(busiest)
        writer.setSignalHeaders([_header(*channel) for channel in CHANNELS])
        writer.writeSamples(signals, digital=True)
        for onset, text in annotations:
            writer.writeAnnotation(onset, -1, text)


def _digital(session: Session) -> list[np.ndarray]:
    """The three channels in digital units, from the session's start to a whole second."""
    seconds = (max(m.ms for m in session.messages) - session.start_ms) // 1000 + 2
    signals = np.full((len(CHANNELS), seconds * SAMPLES_PER_S), MISSING, np.int32)
    for trial in session.trials:
        first = (trial.start_ms - session.start_ms) // SAMPLE_MS
        values = np.array([trial.x_px, trial.y_px, trial.pupil]) / STEP
        closed = np.isnan(trial.x_px)
        values[:, closed] = MISSING
        signals[:, first : first + len(closed)] = np.round(values)
    return list(signals)


def _header(label: str, unit: str) -> dict[str, object]:
    return {
        "label": label,
        "dimension": unit,
        "sample_frequency": SAMPLES_PER_S,
        "physical_min": DIGITAL[0] * STEP,
        "physical_max": round(DIGITAL[1] * STEP, 1),
        "digital_min": DIGITAL[0],
        "digital_max": DIGITAL[1],
        "transducer": "simulated",
        "prefilter": "",
    }
