"""A session as EyeLink text (`.asc`), line for line as SR Research's edf2asc writes a recording.

Learnt from real files: fields and their separators, the order of lines of one time (message,
start of an event, sample, end of an event), durations of end - start + one sample. The header
says that the file is simulated; device, serial number and date are made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.datasets.demo.screen import PX_PER_DEG, SAMPLE_MS, SAMPLES_PER_S
from bench.datasets.demo.session import Message, Session, Trial, eye_name
from bench.datasets.demo.viewers import Event
from bench.files import written_whole

HEADER = """\
** CONVERTED FROM {id}.edf using edfapi 0.0 (simulated, no eye was tracked) on Tue Jan  1 12:30:00 2019
** DATE: Tue Jan  1 12:00:00 2019
** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED
** VERSION: EYELINK II 1
** SOURCE: EYELINK CL
** EYELINK II CL v5.15 Jan  1 2019 (EyeLink 1000 Plus)
** CAMERA: Simulated Camera Version 1.0
** SERIAL NUMBER: CLG-00000
** CAMERA_CONFIG: 00000000.SCD
** RECORDED BY simulation
**
"""  # noqa: E501 - a line of the format

# What the tracker says of a calibration; some of its lines have no time stamp, as in real files.
CALIBRATION = """\
MSG\t{ms} !CAL 
>>>>>>> CALIBRATION (HV9,P-CR) FOR {side}: <<<<<<<<<
MSG\t{ms} !CAL Calibration points:  
MSG\t{ms} !CAL -30.2, -41.7        -0,    124   
MSG\t{ms} !CAL -30.5, -54.1        -0,  -2204   
MSG\t{ms} !CAL -30.8, -27.9        -0,   2380   
MSG\t{ms} !CAL -58.4, -40.6     -4310,    124   
MSG\t{ms} !CAL -2.6, -42.3      4310,    124   
MSG\t{ms} !CAL -59.9, -55.0     -4381,  -2204   
MSG\t{ms} !CAL -1.4, -56.2      4381,  -2204   
MSG\t{ms} !CAL -58.0, -27.1     -4240,   2380   
MSG\t{ms} !CAL -2.9, -28.4      4240,   2380   
MSG\t{ms} !CAL eye check box: (L,R,T,B)
\t  -66     5   -62   -21
MSG\t{ms} !CAL href cal range: (L,R,T,B)
\t-6572  6572 -3350  3526
MSG\t{ms} !CAL CALIBRATION HV9 {eye} {side:<5}   GOOD 
"""  # noqa: W291 - the tracker writes these blanks


def write_eyelink_text(path: Path, session: Session) -> None:
    """Writes `session` to `path` as `.asc`: ASCII, gaze in screen pixels, 250 Hz."""
    with written_whole(path) as part, part.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(_lines(session))


def _lines(session: Session) -> Iterator[str]:
    yield HEADER.format(id=session.viewer.id) + "\n"
    waiting = sorted(session.messages, key=lambda message: message.ms)
    calibrated = list(session.calibrated_ms)
    for trial in session.trials:
        if calibrated and calibrated[0] < trial.start_ms:
            ms = calibrated.pop(0)
            yield from map(_message, _until(ms, waiting))
            for eye in session.eyes:
                yield CALIBRATION.format(ms=ms, eye=session.eyes, side=eye_name(eye))
        yield from map(_message, _until(trial.start_ms - 1, waiting))
        yield from _block(trial, _until(trial.last_ms, waiting), session.eyes)
    yield from map(_message, waiting)


def _until(ms: int, waiting: list[Message]) -> list[Message]:
    """Takes the messages up to `ms` out of `waiting`, which is in order of time."""
    count = sum(message.ms <= ms for message in waiting)
    taken = waiting[:count]
    del waiting[:count]
    return taken


def _message(message: Message) -> str:
    return f"MSG\t{message.ms} {message.text}\n"


def _block(trial: Trial, messages: list[Message], eyes: str) -> Iterator[str]:
    """A recording from its configuration to its END."""
    start = trial.start_ms
    sides = "\t".join(map(eye_name, eyes))
    thresholds = "  ".join(f"{eye} 85 221" for eye in eyes)
    for text in (
        f"RECCFG CR {SAMPLES_PER_S} 2 1 {eyes}",
        "ELCLCFG MTABLER",
        "GAZE_COORDS 0.00 0.00 1919.00 1079.00",
        f"THRESHOLDS {thresholds}",
        "ELCL_PROC CENTROID (3)",
    ):
        yield f"MSG\t{start - 2} {text}\n"
    yield f"START\t{start} \t{sides}\tSAMPLES\tEVENTS\n"
    yield "PRESCALER\t1\nVPRESCALER\t1\nPUPIL\tAREA\n"
    for kind in ("EVENTS", "SAMPLES"):
        rate = f"RATE\t{SAMPLES_PER_S:7.2f}\tTRACKING\tCR\tFILTER\t2"
        yield f"{kind}\tGAZE\t{sides}\t{rate}\n"
    yield f"INPUT\t{start}\t127\n"
    yield f"MSG\t{start} !MODE RECORD CR {SAMPLES_PER_S} 2 1 {eyes}\n"
    yield from _recorded(trial, messages, eyes)
    resolution = f"{PX_PER_DEG:7.2f}\t{PX_PER_DEG:7.2f}"
    yield f"END\t{trial.last_ms + 1} \tSAMPLES\tEVENTS\tRES\t{resolution}\n"
    yield f"INPUT\t{trial.last_ms + 2}\t127\n"


def _recorded(trial: Trial, messages: list[Message], eyes: str) -> Iterator[str]:
    """Samples, with messages and events between them where they belong."""
    starts = {event.start_ms: [] for event in trial.events}
    ends = {event.end_ms: [] for event in trial.events}
    for event in trial.events:
        starts[event.start_ms].append(event)
        ends[event.end_ms].insert(0, event)  # a blink ends before the saccade around it
    waiting = list(messages)
    measured = [trial] if trial.second is None else [trial, trial.second]
    flags = "." * (2 * len(measured) + 1)
    for index in range(len(trial.x_px)):
        since = index * SAMPLE_MS
        now = trial.start_ms + since
        while waiting and waiting[0].ms <= now:
            yield _message(waiting.pop(0))
        for event in starts.get(since, ()):
            yield from (_event_start(event, trial, eye) for eye in eyes)
        samples = "\t".join(_sample(eye, index) for eye in measured)
        yield f"{now}\t{samples}\t{flags}\n"
        for event in ends.get(since, ()):
            for own, eye in zip(measured, eyes, strict=True):
                yield _event_end(event, own, eye)
    yield from map(_message, waiting)


def _sample(trial: Trial, index: int) -> str:
    x, y, pupil = trial.x_px[index], trial.y_px[index], trial.pupil[index]
    gaze = "   .\t   ." if np.isnan(x) else f"{x:7.1f}\t{y:7.1f}"
    return f"{gaze}\t{pupil:7.1f}"


def _event_start(event: Event, trial: Trial, eye: str) -> str:
    word = {"fixation": "SFIX", "saccade": "SSACC", "blink": "SBLINK"}[event.kind]
    return f"{f'{word} {eye}':<9}{trial.start_ms + event.start_ms}\n"


def _event_end(event: Event, trial: Trial, eye: str) -> str:
    """The line that ends an event: what was measured in it, not what the model meant."""
    word = {"fixation": "EFIX", "saccade": "ESACC", "blink": "EBLINK"}[event.kind]
    start, end = trial.start_ms + event.start_ms, trial.start_ms + event.end_ms
    line = f"{f'{word} {eye}':<9}{start}\t{end}\t{end - start + SAMPLE_MS}"
    here = slice(event.start_ms // SAMPLE_MS, event.end_ms // SAMPLE_MS + 1)
    x, y = trial.x_px[here], trial.y_px[here]
    if event.kind == "fixation":
        line += f"\t{x.mean():7.1f}\t{y.mean():7.1f}\t{int(trial.pupil[here].mean()):7d}"
    elif event.kind == "saccade":
        amplitude = np.hypot(x[-1] - x[0], y[-1] - y[0]) / PX_PER_DEG
        speed = np.hypot(np.diff(x), np.diff(y)) / PX_PER_DEG * SAMPLES_PER_S
        line += f"\t{x[0]:7.1f}\t{y[0]:7.1f}\t{x[-1]:7.1f}\t{y[-1]:7.1f}"
        line += f"\t{amplitude:7.2f}\t{int(np.nanmax(speed)):7d}"
    return line + "\n"
