"""cmake/run_tests.py: the closing line counts what ctest ran, and the exit code is honest."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "cmake" / "run_tests.py"


class RunTestsTest(unittest.TestCase):
    def run_with(self, listing, **environment):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "CTestTestfile.cmake").write_text(listing)
            without = {key: value for key, value in os.environ.items() if key != "CI"}
            result = subprocess.run(
                [sys.executable, "-B", SCRIPT, folder],
                capture_output=True,
                text=True,
                check=False,
                env={**without, **environment},
            )
        return result.returncode, result.stdout.splitlines()

    def test_all_pass(self):
        code, lines = self.run_with('add_test(a "true")\nadd_test(b "true")\n')
        self.assertEqual((code, lines[-1]), (0, "2 passed, 0 failed"))

    def test_failures_and_programs_that_are_not_there_count(self):
        code, lines = self.run_with(
            'add_test(a "true")\nadd_test(b "false")\nadd_test(c "/nowhere/program")\n'
        )
        self.assertEqual((code, lines[-1]), (1, "1 passed, 2 failed"))

    def test_a_timeout_is_a_failure(self):
        code, lines = self.run_with(
            'add_test(a "sleep" "5")\nset_tests_properties(a PROPERTIES TIMEOUT 1)\n'
        )
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed"))

    SKIPPED = (
        'add_test(a "true")\nadd_test(b "sh" "-c" "exit 77")\n'
        "set_tests_properties(b PROPERTIES SKIP_RETURN_CODE 77)\n"
    )

    def test_skipped_is_named_and_is_no_pass(self):
        code, lines = self.run_with(self.SKIPPED)
        self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed"))
        self.assertIn("1 skipped: b", lines)

    def test_skipped_fails_in_ci(self):
        code, lines = self.run_with(self.SKIPPED, CI="1")
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed"))

    def test_disabled_fails_in_ci(self):
        listing = 'add_test(a "true")\nadd_test(b "true")\n'
        listing += "set_tests_properties(b PROPERTIES DISABLED 1)\n"
        code, lines = self.run_with(listing, CI="1")
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed"))

    def test_no_tests_are_no_success(self):
        code, lines = self.run_with("")
        self.assertNotEqual(code, 0)
        self.assertEqual(lines[-1], "0 passed, 0 failed")


if __name__ == "__main__":
    unittest.main()
