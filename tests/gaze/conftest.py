"""Small recordings, written by the tests in the trackers' own forms."""

import pytest

PREAMBLE = """\
** CONVERTED FROM viewer.edf using edfapi 4.2
** DATE: Wed Dec  3 05:40:16 2025
**

MSG\t500 DISPLAY_COORDS 0 0 1919 1079
MSG\t600 !CAL CALIBRATION HV9 R RIGHT   GOOD
MSG\t700 !CAL VALIDATION HV9 R RIGHT GOOD ERROR 0.40 avg. 0.80 max  OFFSET 0.20 deg. 1.0,2.0 pix.
"""
BLOCK = """\
MSG\t900 TRIALID 1
MSG\t901 !V IMGLOAD CENTER cat.jpg 960 540 1000 750
MSG\t950 DRIFTCORRECT R RIGHT at 960,540  OFFSET 0.35 deg.  -8.1,5.2 pix.
START\t1000 \tRIGHT\tSAMPLES\tEVENTS
PRESCALER\t1
VPRESCALER\t1
PUPIL\tAREA
EVENTS\tGAZE\tRIGHT\tRATE\t 250.00\tTRACKING\tCR\tFILTER\t2
SAMPLES\tGAZE\tRIGHT\tRATE\t 250.00\tTRACKING\tCR\tFILTER\t2
1000\t  960.0\t  540.0\t  500.0\t...
1004\t   .\t   .\t    0.0\t...
MSG\t1040 STIM_ONSET
"""
BLOCK_END = """\
MSG\t2040 BLANK_SCREEN
END\t2100 \tSAMPLES\tEVENTS\tRES\t  30.00\t  30.00
MSG\t2101 TRIAL_RESULT 0
"""


def efix(start, end, x=960.0, y=540.0, *, eye="R", period=4):
    """SFIX and EFIX of one fixation, as edf2asc writes them."""
    x, y = (v if isinstance(v, str) else f"{v:.1f}" for v in (x, y))
    duration = end - start + period
    return f"SFIX {eye}   {start}\nEFIX {eye}   {start}\t{end}\t{duration}\t  {x}\t  {y}\t    500\n"


@pytest.fixture
def asc(tmp_path):
    """A function: events inside the only block of a recording at 250 Hz -> path of the .asc."""

    def write(events=None, *, name="viewer.asc", preamble=PREAMBLE, block=BLOCK, end=BLOCK_END):
        events = efix(1200, 1300) if events is None else events
        path = tmp_path / name
        path.write_bytes((preamble + block + events + end).encode("utf-8"))
        return path

    write.efix, write.preamble, write.block, write.block_end = efix, PREAMBLE, BLOCK, BLOCK_END
    return write


@pytest.fixture
def edfplus(tmp_path):
    """A function: signals {label: array} at 250 Hz and annotations -> path of the EDF+ file."""

    def write(
        signals,
        annotations=(),
        *,
        unit="px",
        rates=None,
        name="viewer.edf",
        bdf=False,
        annotation_channels=16,
        header=None,
    ):
        import pyedflib.highlevel

        path = tmp_path / name
        kind = pyedflib.FILETYPE_BDFPLUS if bdf else pyedflib.FILETYPE_EDFPLUS
        writer = pyedflib.EdfWriter(str(path), len(signals), file_type=kind)
        writer.set_number_of_annotation_signals(annotation_channels)
        if header:
            writer.setHeader(pyedflib.highlevel.make_header(**header))
        for number, label in enumerate(signals):
            writer.setSignalHeader(
                number,
                {
                    "label": label,
                    "dimension": unit,
                    "sample_frequency": (rates or {}).get(label, 250),
                    "physical_min": -3276.8,
                    "physical_max": 3276.7,
                    "digital_min": -32768,
                    "digital_max": 32767,
                    "transducer": "",
                    "prefilter": "",
                },
            )
        writer.writeSamples(list(signals.values()))
        for onset_s, duration_s, text in annotations:
            writer.writeAnnotation(onset_s, duration_s, text)
        writer.close()
        return path

    return write
