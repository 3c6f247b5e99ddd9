"""What a process takes: CPU, wall time and memory, on cores of its own; and what scripts say."""

import os
import subprocess
import sys
import tempfile
import threading
import time


class BenchError(Exception):
    """Why there is no result."""


def say(text):
    print(text, file=sys.stderr)


def run_script(main):
    """Runs a script, which ends with the reason if there is no result."""
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench: {error}")


def cores():
    """The cores that processes may be kept on, the quietest first: the system takes the lowest."""
    return sorted(os.sched_getaffinity(0), reverse=True)


def call(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)} exited with {done.returncode}:\n{done.stderr}")
    return done.stdout


def measure(command, on, environment=None, watched=False):
    """Runs a command on the given cores and says what it took.

    Its memory is watched where a core is left for that, or on demand.
    """
    with tempfile.TemporaryFile() as errors:
        # What was written before would be on its way to the disk meanwhile, and take a core for it.
        os.sync()
        # What a child does before it becomes the command would count as the command's.
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, set(on))
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=errors, env=environment)
        os.sched_setaffinity(0, mine)
        # Nobody looks on where each core is in use: that would take time from what is measured.
        peak = Peak(process.pid) if watched or set(on) < mine or len(mine) == 1 else None
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if peak:
            peak.stop()
        if process.returncode != 0:
            errors.seek(0)
            raise BenchError(f"{' '.join(command)} exited with {process.returncode}:\n"
                             f"{errors.read().decode(errors='replace')}")
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, "wall_seconds": wall,
            "peak_bytes": peak and peak.bytes or usage.ru_maxrss * 1024}


class Peak(threading.Thread):
    """The peak memory of a process, as Linux keeps it.

    The `ru_maxrss` of a child counts what its parent had in memory when it was
    started, so that nothing could be seen to take less than this script.
    """

    INTERVAL = 0.005

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.bytes = 0
        self._status = f"/proc/{pid}/status"
        self._stopped = threading.Event()
        self.start()

    def run(self):
        while not self._stopped.wait(self.INTERVAL):
            try:
                with open(self._status) as status:
                    peaks = [line.split()[1] for line in status if line.startswith("VmHWM:")]
            except OSError:
                return
            self.bytes = max([self.bytes, *(int(peak) * 1024 for peak in peaks)])

    def stop(self):
        self._stopped.set()
        self.join()
