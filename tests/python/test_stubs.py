"""X6: the type stub in the tree is what the module says of itself."""

import importlib.util

from conftest import ROOT


def test_the_stub_is_up_to_date():
    spec = importlib.util.spec_from_file_location("make_stubs", ROOT / "tests/python/make_stubs.py")
    make_stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_stubs)
    committed = (ROOT / "python/motorium/_core.pyi").read_text()
    assert make_stubs.stub() == committed, (
        "the API changed: python tests/python/make_stubs.py > python/motorium/_core.pyi"
    )


def test_the_stub_is_python():
    compile((ROOT / "python/motorium/_core.pyi").read_text(), "_core.pyi", "exec")
