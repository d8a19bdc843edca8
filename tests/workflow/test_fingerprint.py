"""What a fingerprint sees: edits of the code it names and of all that this code imports."""

import ast

import pytest

from bench.attention import method_files
from bench.workflow import fingerprint
from bench.workflow.map_jobs import SHARED_CODE
from bench.workflow.plan import CODE


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package in place of `bench`, with a method, its tape and an unrelated file."""
    for name, text in {
        "__init__.py": "",
        "attention/__init__.py": "",
        "attention/own.py": "from bench.attention.tape import Tape\n",
        "attention/late.py": "def maps():\n    from bench import files\n",
        "attention/tape.py": "from bench.errors import BenchError\n",
        "errors.py": "",
        "files.py": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)
    fingerprint._imports.cache_clear()
    yield tmp_path
    fingerprint._imports.cache_clear()


@pytest.mark.parametrize("edited", ["attention/own.py", "attention/tape.py", "errors.py"])
def test_an_edit_of_the_file_or_of_what_it_imports_changes_the_fingerprint(package, edited):
    before = fingerprint.code("attention/own.py")
    (package / edited).write_text((package / edited).read_text() + "# edited\n")
    fingerprint._imports.cache_clear()
    assert fingerprint.code("attention/own.py") != before


def test_an_edit_of_another_method_does_not_change_the_fingerprint(package):
    before = fingerprint.code("attention/own.py")
    (package / "attention/late.py").write_text("# edited\n")
    fingerprint._imports.cache_clear()
    assert fingerprint.code("attention/own.py") == before


def test_an_import_inside_a_function_counts(package):
    before = fingerprint.code("attention/late.py")
    (package / "files.py").write_text("# edited\n")
    assert fingerprint.code("attention/late.py") != before


@pytest.mark.parametrize(
    "line", ["from .parts import mean", "from . import parts", "from theirs.deep.parts import mean"]
)
def test_an_edit_of_a_plugin_s_own_package_changes_the_fingerprint(line, tmp_path):
    folder = tmp_path / "theirs" / "deep"
    folder.mkdir(parents=True)
    for name in ("../__init__.py", "__init__.py", "parts.py", "other.py"):
        (folder / name).touch()
    (folder / "own.py").write_text(f"{line}\n")
    before = fingerprint.code(folder / "own.py")
    (folder / "other.py").write_text("# edited\n")
    assert fingerprint.code(folder / "own.py") == before
    (folder / "parts.py").write_text("# edited\n")
    fingerprint._imports.cache_clear()
    assert fingerprint.code(folder / "own.py") != before


def _files(entries):
    """The files of this project that a fingerprint of these entries covers, below bench/."""
    found = set()
    for entry in entries:
        for path in fingerprint.PACKAGE.glob(entry):
            found |= fingerprint._closure(path.resolve())
    return {path.relative_to(fingerprint.PACKAGE).as_posix() for path in found}


@pytest.mark.parametrize("rule", ["score", "leaderboard", "report"])
def test_an_edit_of_any_metric_runs_scores_and_what_follows(rule):
    metrics = {f"metrics/{path.name}" for path in (fingerprint.PACKAGE / "metrics").glob("*.py")}
    assert metrics <= _files(CODE[rule])


def test_an_edit_of_any_part_of_the_reader_runs_the_fixations():
    gaze = {f"gaze/{path.name}" for path in (fingerprint.PACKAGE / "gaze").glob("*.py")}
    assert gaze <= _files(CODE["fixations"])


@pytest.mark.parametrize("rule", ["heatmap", "score", "leaderboard"])
@pytest.mark.parametrize("other", ["gaze/sniff.py", "datasets/demo/viewers.py", "attention"])
def test_an_edit_elsewhere_does_not_run_the_rule(rule, other):
    assert not [name for name in _files(CODE[rule]) if name.startswith(other)]


def test_an_edit_of_one_method_makes_the_maps_of_no_other_again():
    methods = {path.relative_to(fingerprint.PACKAGE).as_posix() for path in method_files().values()}
    assert "attention/gradcam.py" in methods
    assert not methods & _files([*SHARED_CODE, "stages/_random_maps.py"])
    imported = {name: (methods & _files([name])) - {name} for name in methods}
    assert imported["attention/guided_gradcam.py"] <= {
        "attention/gradcam.py",
        "attention/guided_backprop.py",
    }
    assert not imported["attention/gradcam.py"] | imported["attention/cnn_fixations.py"]


def test_no_import_at_any_depth_is_missed(tmp_path):
    nested = (
        "try:\n  import a\nexcept OSError:\n  import b\nelse:\n  import c\nfinally:\n  import d\n"
        "match 1:\n  case 1:\n    import e\n"
        "class C:\n  async def f():\n    async with x:\n      while 1: import f\n"
        "if x: import g\nelif y: import h\nelse:\n  for z in x: import i\n"
    )
    (tmp_path / "nested.py").write_text(nested)
    for path in [tmp_path / "nested.py", *fingerprint.PACKAGE.rglob("*.py")]:
        tree = fingerprint.syntax_tree(path)
        imports = (ast.Import, ast.ImportFrom)
        found = [node for node in fingerprint._statements(tree) if isinstance(node, imports)]
        assert set(found) == {node for node in ast.walk(tree) if isinstance(node, imports)}


def test_an_absent_input_differs_from_an_empty_one(tmp_path):
    path = tmp_path / "a.png"
    absent = fingerprint.files([path])
    path.write_bytes(b"")
    assert fingerprint.files([path]) != absent


def test_a_moved_folder_with_the_same_files_keeps_its_fingerprint(tmp_path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(b"same")
    assert fingerprint.files([tmp_path / "here/a.png"]) == fingerprint.files(
        [tmp_path / "there/a.png"]
    )
