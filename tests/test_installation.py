"""`bench doctor`: what is missing is named, with what to do, and ends with 4."""

import json
import shutil

import pytest

from bench import installation
from bench.cli import main
from bench.errors import DataError


def test_a_sound_installation_has_no_problem(tmp_path, capsys):
    main(["doctor", "--results", str(tmp_path / "not" / "yet"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {check["state"] for check in found} <= {"good", "note"}
    assert {"torch", "Disk", "EyeLink .edf", "Weights of the demo"} <= {c["name"] for c in found}
    assert all(check["advice"] for check in found if check["state"] == "note")


def test_a_full_disk_is_a_problem_that_ends_with_4(tmp_path, capsys, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10**8)
    monkeypatch.setattr(installation.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--results", str(tmp_path)])
    assert ended.value.code == 4
    said = capsys.readouterr()
    assert "PROBLEM  Disk: 0 GB free" in said.out
    assert "make room" in said.out
    assert "1 of 10 checks failed: Disk" in said.err


def test_a_package_in_a_version_that_is_not_allowed_is_named(monkeypatch):
    requires = ["numpy>=999", "no-such-package>=1", 'captum>=999; extra == "x"']
    monkeypatch.setattr(installation.metadata, "requires", lambda name: requires)
    check = installation._packages()
    assert check.state == "problem"
    assert "numpy" in check.found
    assert ">=999" in check.found
    assert "no-such-package is missing" in check.found
    assert "captum" not in check.found


def test_without_the_vendor_library_the_other_formats_are_named(monkeypatch):
    def missing():
        raise DataError("empty.edf: needs the package eyelinkio, which is not installed.")

    monkeypatch.setattr("bench.gaze.eyelink_edf.library_version", missing)
    check = installation._eyelink()
    assert check.state == "note"
    assert check.found.startswith("needs the package eyelinkio")
    assert ".asc" in check.advice
