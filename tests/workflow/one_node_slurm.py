"""A SLURM of one node on this machine, from Debian's packages: started, used, torn down.

No systemd, no cgroups, no accounting: munge with a key and a socket of its own, the controller and
one node on loopback. The configuration lies at SLURM's default place, for the `srun` inside a job
finds no other.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")
CONFIGURATION = Path("/etc/slurm/slurm.conf")
GRES = Path("/etc/slurm/gres.conf")
READY_WITHIN_S = 30

SLURM_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
MinJobAge=3600
KillWait=5
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Why no SLURM can be started here, or nothing."""
    absent = [name for name in PROGRAMS if _program(name) is None]
    if absent:
        return f"no {', '.join(absent)} here (Debian: slurmctld slurmd slurm-client munge)"
    if os.geteuid() != 0:
        return "SLURM's daemons want root"
    if CONFIGURATION.exists() or GRES.exists():
        return f"{CONFIGURATION.parent} holds a configuration already, which is not ours to replace"
    return ""


@contextmanager
def one_node_slurm(folder, cpus=4, memory_mb=64000):
    """Runs the daemons, state and logs in `folder`; the node pretends to the size given."""
    folder.chmod(0o755)  # munge looks at who may write
    for name in ("state", "spool"):
        (folder / name).mkdir()
    with ExitStack() as undo:
        _munge(folder, undo)
        text = SLURM_CONF.format(
            host=socket.gethostname(),
            folder=folder,
            controller_port=_free_port(),
            node_port=_free_port(),
            cpus=cpus,
            memory_mb=memory_mb,
        )
        for path, content in ((CONFIGURATION, text), (GRES, "Name=gpu File=/dev/null\n")):
            undo.callback(path.unlink)
            path.write_text(content)
        _start(["slurmctld", "-D", "-i"], folder, undo)
        _start(["slurmd", "-D"], folder, undo)
        undo.callback(_end_jobs)
        _wait(lambda: "idle" in _output("sinfo", "--noheader", "--format=%T"), folder)
        yield


def jobs():
    """{job id: fields of `scontrol show job`} of all jobs since the start."""
    found = {}
    for block in _output("scontrol", "--oneliner", "show", "job").splitlines():
        fields = dict(item.split("=", 1) for item in block.split() if "=" in item)
        if "JobId" in fields:
            found[fields["JobId"]] = fields
    return found


def _munge(folder, undo):
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    places = {"key-file": key.name, "socket": "munge.socket", "pid-file": "munge.pid"}
    places |= {"log-file": "munge.log", "seed-file": "munge.seed"}
    words = [f"--{option}={folder / name}" for option, name in places.items()]
    _start(["munged", "--foreground", "--force", *words], folder, undo)
    _wait(lambda: (folder / "munge.socket").exists(), folder)


def _start(command, folder, undo):
    log = undo.enter_context((folder / f"{command[0]}.out").open("w"))
    path = _program(command[0])
    process = subprocess.Popen([path, *command[1:]], stdout=log, stderr=log)
    undo.callback(_stop, process)


def _stop(process):
    """Ends a daemon, gently and then not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def _end_jobs():
    """Cancels what still runs and waits for it, for steps outlive slurmd."""
    running = [
        job for job, fields in jobs().items() if fields["JobState"] in ("RUNNING", "PENDING")
    ]
    if running:
        subprocess.run(["scancel", *running], check=False)
    deadline = time.monotonic() + READY_WITHIN_S
    while _output("squeue", "--noheader") and time.monotonic() < deadline:
        time.sleep(0.5)


def _wait(ready, folder):
    deadline = time.monotonic() + READY_WITHIN_S
    while not ready():
        if time.monotonic() > deadline:
            logs = "\n".join(
                f"{path}:\n{path.read_text()[-2000:]}" for path in folder.glob("*.*o*")
            )
            raise TimeoutError(f"not up within {READY_WITHIN_S} s\n{logs}")
        time.sleep(0.2)


def _output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip()


def _program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
