import subprocess
import sys

import pytest

from token_classification.errors import UserError
from token_classification.extras import explain_missing_export_extra

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


def test_a_missing_library_says_what_to_type():
    message = r'nowhere is not installed; type: pip install "token-classification\[export\]"'
    with pytest.raises(UserError, match=message), explain_missing_export_extra():
        import nowhere  # noqa: F401


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
