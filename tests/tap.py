# SPDX-License-Identifier: MIT
"""Runs one unittest file and prints TAP: a line for each test, reasons of skipped ones."""
import importlib.util
import os
import pathlib
import signal
import sys
import unittest

# What its user set for rocpart or for programs on GPUs is not for the tests.
FOREIGN = ("ROCPART_SIM", "ROCPART_DATA", "NO_COLOR", "GPU_DEVICE_ORDINAL", "SUDO_UID", "SUDO_GID")
PATHS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # `su` leaves them out


def settle():
    """The same surroundings for the tests, whoever starts them."""
    if os.environ.get("ROCPART_HW_TEST"):
        return  # a run on hardware is its user's
    for name in list(os.environ):
        if name in FOREIGN or name.startswith("XDG_") or name.endswith("_VISIBLE_DEVICES"):
            del os.environ[name]
    path = os.environ.get("PATH", os.defpath).split(":")
    os.environ["PATH"] = ":".join(path + [p for p in PATHS if p not in path])
    os.umask(0o022)
    for n in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(n) == signal.SIG_IGN:  # by nohup, or in the background of a script
            signal.signal(n, signal.SIG_DFL)


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.n = 0

    def line(self, ok, test, comment=""):
        self.n += 1
        print(f"{'ok' if ok else 'not ok'} {self.n} - {test.id().split('.', 1)[-1]}{comment}",
              flush=True)

    def addSuccess(self, test):
        self.line(True, test)

    def addSkip(self, test, reason):
        self.line(True, test, f" # SKIP {reason}")

    def problem(self, test, err):
        self.line(False, test)
        for text in self._exc_info_to_string(err, test).splitlines():
            print("# " + text)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.problem(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.problem(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.problem(subtest, err)


def main():
    settle()
    path = pathlib.Path(sys.argv[1])
    sys.path[:0] = [str(path.parent), str(path.parent.parent)]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    result = TapResult()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    print(f"1..{result.n}")
    sys.exit(0 if result.wasSuccessful() else 1)


main()
