"""The shim, each time in a fresh interpreter: what is imported once cannot be imported for the first time again."""

import importlib.util
import subprocess
import sys

import pytest

needs_torchvision = pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed (extra `lpips`)"
)


def says(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@needs_torchvision
def test_torchvision_s_models_work_whatever_torch_they_meet():
    assert "512 True" == says(
        "from unirain_core.compat import ensure_torchvision as e\n"
        "m = e()\n"
        "print(m.models.resnet18().fc.in_features, e() is m)"
    )


@needs_torchvision
def test_a_half_imported_torchvision_is_imported_anew():
    assert "AlexNet" == says(
        "from unirain_core.compat import ensure_torchvision\n"
        "try:\n    import torchvision\nexcept RuntimeError:\n    pass\n"
        "print(ensure_torchvision().models.AlexNet.__name__)"
    )


def test_without_torchvision_there_is_none():
    assert "None" == says(
        "import sys\nsys.modules['torchvision'] = None\n"
        "from unirain_core.compat import ensure_torchvision\nprint(ensure_torchvision())"
    )


def test_another_fault_of_torchvision_is_not_hidden():
    assert "broken" == says(
        "import importlib\n"
        "from unirain_core import compat\n"
        "def fail(name): raise RuntimeError('broken')\n"
        "importlib.import_module = fail\n"
        "try:\n    compat.ensure_torchvision()\nexcept RuntimeError as error:\n    print(error)"
    )
