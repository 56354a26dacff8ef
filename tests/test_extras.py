import subprocess
import sys

import pytest

from token_classification.errors import UserError
from token_classification.extras import explain_missing_export_extra

SHOW_SENDERS = """
from token_classification.export.openvino import check_installed
check_installed()
import nncf.telemetry.wrapper, openvino.tools.ovc.telemetry_utils
print(type(nncf.telemetry.wrapper.telemetry).__name__, openvino.tools.ovc.telemetry_utils.tm.__name__)
"""


def test_a_missing_library_says_what_to_type():
    message = r'nowhere is not installed; type: pip install "token-classification\[export\]"'
    with pytest.raises(UserError, match=message), explain_missing_export_extra():
        import nowhere  # noqa: F401


def test_the_libraries_send_nothing_about_their_use():
    pytest.importorskip("nncf", reason='needs the extra "export"')
    # In a process of its own: within pytest NNCF is silent anyway.
    done = subprocess.run([sys.executable, "-c", SHOW_SENDERS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["MagicMock", "openvino.tools.ovc.telemetry_stub"]
