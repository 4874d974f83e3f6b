#!/usr/bin/env python3
"""Runs ctest in a build folder and closes with `N passed, N failed` alone on the last line.

    cmake/run_tests.py BUILD_DIR [ctest options]

Exit code 0 only if tests were found and none failed. A test that was skipped counts as neither; it
is named, and with CI set in the environment it is a failure: there every backend must be present.
"""

import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree


def results(report):
    """The names of the tests of a JUnit report of ctest's: passed, failed, skipped."""
    passed, failed, skipped = [], [], []
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        why = case.find("skipped")
        # ctest also says "skipped" of a program that is not there; that is a failure.
        asked = why is not None and why.get("message", "").startswith("SKIP_")
        if asked or case.get("status") == "disabled":
            skipped.append(case.get("name"))
        elif case.get("status") == "run" and case.find("failure") is None:
            passed.append(case.get("name"))
        else:
            failed.append(case.get("name"))
    return passed, failed, skipped


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    report = build / "tests.xml"
    report.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error"]
    command += ["--parallel", str(os.cpu_count() or 1), "--output-junit", report, *sys.argv[2:]]
    code = subprocess.run(command, check=False).returncode
    if not report.exists():
        print("ctest ended without a report.")
        print("0 passed, 0 failed")
        return code or 1
    passed, failed, skipped = results(report)
    if skipped:
        print(f"{len(skipped)} skipped: {', '.join(skipped)}")
        if os.environ.get("CI"):
            print("In CI a skipped test is a failure.")
            failed += skipped
    print(f"{len(passed)} passed, {len(failed)} failed")
    return 1 if failed or not passed else code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
