import re
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT

from token_classification.errors import UserError
from token_classification.exit_codes import explain_error
from token_classification.extras import EXTRAS, explain_missing_export_extra

SHOW_SENDERS = """
from token_classification.export.openvino import check_installed
check_installed()
import sys
import nncf.telemetry.wrapper, openvino.tools.ovc.convert_impl, openvino.tools.ovc.utils
print(type(nncf.telemetry.wrapper.telemetry).__name__)
for name, module in list(sys.modules.items()):
    if name.startswith(("openvino", "nncf")) and hasattr(module, "tm"):
        print(name, module.tm.__name__)
"""


@pytest.mark.parametrize("package", EXTRAS)
def test_a_missing_package_says_what_to_type(package):
    message = explain_error(ModuleNotFoundError(f"No module named '{package}.part'", name=f"{package}.part"))
    assert message is not None
    assert message.startswith(f"{package} is not installed")
    assert f'pip install ".[{EXTRAS[package]}]"' in message


def test_every_package_of_an_extra_is_known():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    distributions = {
        "google": "protobuf",
        "prometheus_client": "prometheus-client",
        "presidio_analyzer": "presidio-analyzer",
    }
    for package, extra in EXTRAS.items():
        assert distributions.get(package, package) in [re.split("[><=]", name)[0] for name in extras[extra]]
    of_users = (
        "tao",
        "report",
        "export",
        "serve",
        "tensorboard",
        "spacy",
        "redact",
        "presidio",
        "tune",
        "ray",
        "lora",
    )
    users = [name for extra in of_users for name in extras[extra]]
    assert {re.split("[><=]", name)[0] for name in users} == {distributions.get(name, name) for name in EXTRAS}


def test_other_imports_that_fail_are_bugs():
    error = ModuleNotFoundError("No module named 'nowhere'", name="nowhere")
    assert explain_error(error) is None
    with pytest.raises(ModuleNotFoundError), explain_missing_export_extra():
        import nowhere  # noqa: F401


def test_an_export_library_that_is_missing_is_the_users_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(UserError, match="trained model runs with torch"), explain_missing_export_extra():
        import nncf  # noqa: F401


def test_the_libraries_send_nothing_about_their_use():
    pytest.importorskip("nncf", reason='needs the extra "export"')
    # In a process of its own: within pytest NNCF is silent anyway.
    done = subprocess.run([sys.executable, "-c", SHOW_SENDERS], capture_output=True, text=True, check=True)
    first, *senders = done.stdout.splitlines()
    assert first == "MagicMock"
    assert len(senders) >= 3
    assert all(line.endswith(" openvino.tools.ovc.telemetry_stub") for line in senders)


@pytest.mark.parametrize("loaded", [True, False])
def test_telemetry_is_hidden_from_imports_only(loaded, monkeypatch):
    monkeypatch.delitem(sys.modules, "openvino_telemetry", raising=False)
    if loaded:
        monkeypatch.setitem(sys.modules, "openvino_telemetry", sys)
    with explain_missing_export_extra():
        assert sys.modules["openvino_telemetry"] is (sys if loaded else None)
    assert ("openvino_telemetry" in sys.modules) == loaded
