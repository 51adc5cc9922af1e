"""What ``whorl doctor`` says of the code that verifiers run."""

from ...platform import doctor
from ...platform.errors import PrerequisiteError
from ...platform.settings import Settings
from .code import walls


def code_under_test(settings: Settings) -> doctor.Finding:
    """Which walls stand around code that a verifier runs; without them it is not run, which is no fault."""
    try:
        detail = ", ".join(walls())
    except PrerequisiteError as error:
        detail = error.message
    return doctor.Finding("code under test", True, detail)


doctor.CHECKS.append(code_under_test)
