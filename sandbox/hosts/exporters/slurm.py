"""Serves the metrics that slurmctld 25.11 and later serves itself, under the same paths, from an older Slurm's commands.

When the controller does not answer, nothing does: the unit ends with slurmctld, whose own port this is elsewhere, and a
command that fails or hangs is a 503, so that no old figure is ever shown for a controller that is gone.
"""

import re
import subprocess
import sys
from collections import Counter, defaultdict

from exposition import Unavailable, family, serve

# seconds; Prometheus gives up after ten
COMMAND_TIMEOUT = 5
MEBIBYTE = 2**20

JOB_FIELDS = ("id", "state", "partition", "reason", "gres", "nodes")
SQUEUE = ["squeue", "--all", "--array", "--states=all", "--noheader", "--format=%i|%T|%P|%r|%b|%D"]
SCONTROL = ["scontrol", "--oneliner", "--details", "show", "nodes"]
SINFO = ["sinfo", "--all", "--noheader", "--format=%R|%C"]
SDIAG = ["sdiag"]

# name in the metric, state in Slurm's words, meaning
JOB_STATES = (
    ("cancelled", "CANCELLED", "Number of jobs in Cancelled state"),
    ("completed", "COMPLETED", "Number of jobs in Completed state"),
    ("completing", "COMPLETING", "Number of jobs in Completing state"),
    ("configuring", "CONFIGURING", "Number of jobs in Configuring state"),
    ("failed", "FAILED", "Number of jobs in Failed state"),
    ("node_failed", "NODE_FAIL", "Number of jobs in Node Failed state"),
    ("outofmemory", "OUT_OF_MEMORY", "Number of jobs in Out of Memory state"),
    ("pending", "PENDING", "Number of jobs in Pending state"),
    ("preempted", "PREEMPTED", "Number of jobs in Preempted state"),
    ("running", "RUNNING", "Number of jobs in Running state"),
    ("suspended", "SUSPENDED", "Number of jobs in Suspended state"),
    ("timeout", "TIMEOUT", "Number of jobs in Timeout state"),
)
NODE_STATES = (
    ("alloc", "ALLOCATED", "Number of nodes in Allocated state"),
    ("completing", "COMPLETING", "Number of nodes with Completing flag"),
    ("down", "DOWN", "Number of nodes in Down state"),
    ("drain", "DRAIN", "Number of nodes with Drain flag"),
    ("fail", "FAIL", "Number of nodes with Fail flag"),
    ("idle", "IDLE", "Number of nodes in Idle state"),
    ("maint", "MAINTENANCE", "Number of nodes with Maintenance flag"),
    ("mixed", "MIXED", "Number of nodes in Mixed state"),
    ("noresp", "NOT_RESPONDING", "Number of nodes with Not Responding flag"),
    ("planned", "PLANNED", "Number of nodes with Planned flag"),
    ("resv", "RESERVED", "Number of nodes with Reserved flag"),
)


def run(command):
    """What a command of Slurm prints."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{command[0]} has not ended within {COMMAND_TIMEOUT} s") from error
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def jobs_of(text):
    return [dict(zip(JOB_FIELDS, line.split("|"))) for line in text.splitlines() if line]


def gpus_in(gres):
    """GPUs of a list such as `gpu:a100:4(S:0-1)`, `gpu:(null):2(IDX:0,1)` or `gres:gpu:1`; a bare `gpu` is one."""
    found = re.findall(r"\bgpu(?::(?:\(null\)|[a-z_][\w.-]*))?(?::(\d+))?(?=[,(]|$)", gres, re.IGNORECASE)
    return sum(int(count or 1) for count in found)


def nodes_of(text):
    """Nodes by name, each with its fields; `states` holds the base state and all flags."""
    nodes = {}
    for line in text.splitlines():
        fields = {}
        for key, value in re.findall(r"(?:^|\s)(\w+)=(\S*)", line):
            fields.setdefault(key, value)
        if "NodeName" not in fields:
            continue
        state = fields.get("State", "")
        words = {word.rstrip("*~#!%$@^-") for word in state.split("+")}
        fields["states"] = words | ({"NOT_RESPONDING"} if "*" in state else set())
        nodes[fields["NodeName"]] = fields
    return nodes


def count(name, meaning, value):
    return family(name, meaning, [({}, value)])


def jobs_page(jobs):
    states = Counter(job["state"] for job in jobs)
    held = sum(job["state"] == "PENDING" and job["reason"].startswith("JobHeld") for job in jobs)
    return [
        *count("slurm_jobs", "Total number of jobs", len(jobs)),
        *[line for name, state, meaning in JOB_STATES for line in count(f"slurm_jobs_{name}", meaning, states[state])],
        *count("slurm_jobs_hold", "Number of jobs in Hold state", held),
    ]


def nodes_page(nodes):
    states = Counter(state for node in nodes.values() for state in node["states"])

    def each(value):
        return [({"node": name}, value(node)) for name, node in nodes.items()]

    def mebibytes(key):
        return each(lambda node: int(node[key]) * MEBIBYTE)

    def number(key):
        return each(lambda node: int(node[key]))

    def gpus(key):
        return each(lambda node: gpus_in(node.get(key, "")))

    return [
        *count("slurm_nodes", "Total number of nodes", len(nodes)),
        *[line for name, state, meaning in NODE_STATES for line in count(f"slurm_nodes_{name}", meaning, states[state])],
        *family("slurm_node_cpus", "Total number of cpus in the node", number("CPUTot")),
        *family("slurm_node_cpus_alloc", "Allocated cpus in the node", number("CPUAlloc")),
        *family("slurm_node_memory_bytes", "Total memory in bytes of the node", mebibytes("RealMemory")),
        *family("slurm_node_memory_alloc_bytes", "Bytes allocated to jobs in the node", mebibytes("AllocMem")),
        *family("slurm_node_gpus", "Total number of GPUs in the node", gpus("Gres")),
        *family(
            "slurm_node_gpus_alloc", "Number of GPUs currently allocated by jobs on the node", gpus("GresUsed")
        ),
    ]


def partitions_page(partitions, jobs, nodes):
    """`partitions` is what sinfo prints: a partition and its allocated/idle/other/total processors a line."""
    cpus = defaultdict(lambda: (0, 0))
    for line in partitions.splitlines():
        name, counts = line.split("|")
        allocated, _, _, total = (int(number) for number in counts.split("/"))
        cpus[name] = (cpus[name][0] + allocated, cpus[name][1] + total)

    def each(value):
        return [({"partition": name}, value(name)) for name in cpus]

    def in_state(state):
        return each(lambda name: sum(job["state"] == state and name in job["partition"].split(",") for job in jobs))

    def gpus(name):
        members = [node for node in nodes.values() if name in node.get("Partitions", "").split(",")]
        return sum(gpus_in(node.get("Gres", "")) for node in members)

    def gpus_allocated(name):
        running = [job for job in jobs if job["state"] == "RUNNING" and job["partition"] == name]
        return sum(gpus_in(job["gres"]) * int(job["nodes"]) for job in running)

    return [
        *family("slurm_partition_jobs_pending", "Number of jobs in Pending state", in_state("PENDING")),
        *family("slurm_partition_jobs_running", "Number of jobs in Running state", in_state("RUNNING")),
        *family("slurm_partition_cpus", "Partition total cpus", each(lambda name: cpus[name][1])),
        *family("slurm_partition_nodes_cpus_alloc", "Number of allocated cpus", each(lambda name: cpus[name][0])),
        *family("slurm_partition_gpus", "Number of GPUs in the partition", each(gpus)),
        *family("slurm_partition_jobs_gpus_alloc", "Number of GPUs allocated by jobs", each(gpus_allocated)),
    ]


def scheduler_page(text):
    """`text` is what sdiag prints; the mean cycle is not there before the first one."""
    main = text.split("Backfilling stats")[0]

    def figure(name, title, meaning, otherwise=None):
        found = re.search(rf"^\s*{re.escape(title)}:\s*(\d+)", main, re.MULTILINE)
        if found is None and otherwise is None:
            raise Unavailable(f"sdiag says nothing of {title!r}")
        return count(name, meaning, int(found[1]) if found else otherwise)

    return [
        *figure("slurm_sdiag_jobs_submitted", "Jobs submitted", "Jobs submitted since last reset"),
        *figure("slurm_sdiag_jobs_started", "Jobs started", "Jobs started since last reset"),
        *figure("slurm_sdiag_jobs_completed", "Jobs completed", "Jobs completed since last reset"),
        *figure("slurm_sdiag_jobs_failed", "Jobs failed", "Jobs failed since last reset"),
        *figure("slurm_sched_mean_cycle", "Mean cycle", "Mean time of a scheduling cycle in microseconds", 0),
        *figure("slurm_server_thread_cnt", "Server thread count", "Number of active slurmctld threads"),
        *figure("slurm_slurmdbd_queue_size", "DBD Agent queue size", "Number of messages waiting for slurmdbd"),
    ]


PAGES = {
    "/metrics/jobs": lambda: jobs_page(jobs_of(run(SQUEUE))),
    "/metrics/nodes": lambda: nodes_page(nodes_of(run(SCONTROL))),
    "/metrics/partitions": lambda: partitions_page(run(SINFO), jobs_of(run(SQUEUE)), nodes_of(run(SCONTROL))),
    "/metrics/scheduler": lambda: scheduler_page(run(SDIAG)),
}

if __name__ == "__main__":
    serve(sys.argv[1], PAGES)
