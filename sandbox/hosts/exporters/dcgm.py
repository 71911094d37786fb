"""Serves DCGM's metrics of GPUs that do not exist, and says so in their model's name.

What they do follows real jobs: Slurm's prolog writes the id of a job into a file for each GPU that it holds, as for the
real exporter's job mapping, and such a GPU is busy. Values move slowly, the same way for everyone who asks.
"""

import math
import os
import sys
import time

from exposition import family, serve

MODEL = "Simulated RTX A6000"
MEMORY_MIB = 49140
RESERVED_MIB = 540
# metric, type, meaning, value when idle, when busy, and by how much that moves
FIELDS = (
    ("DCGM_FI_PROF_SM_ACTIVE", "gauge", "Ratio of cycles an SM has work (0-1)", 0, 0.78, 0.08),
    ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "gauge", "Ratio of time the engine is active (0-1)", 0, 0.9, 0.06),
    ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "gauge", "Ratio of cycles the tensor pipe is active (0-1)", 0, 0.46, 0.08),
    ("DCGM_FI_PROF_DRAM_ACTIVE", "gauge", "Ratio of cycles the memory interface is active (0-1)", 0, 0.52, 0.06),
    ("DCGM_FI_DEV_GPU_UTIL", "gauge", "GPU utilization (0-100)", 0, 93, 6),
    ("DCGM_FI_DEV_FB_USED", "gauge", "Framebuffer memory used (in MiB)", 4, 30_000, 1_500),
    ("DCGM_FI_DEV_POWER_USAGE", "gauge", "Power draw (in W)", 22, 255, 20),
    ("DCGM_FI_DEV_GPU_TEMP", "gauge", "GPU temperature (in C)", 34, 66, 3),
    ("DCGM_FI_DEV_MEMORY_TEMP", "gauge", "Memory temperature (in C)", 0, 0, 0),
    ("DCGM_FI_DEV_ROW_REMAP_FAILURE", "gauge", "Whether remapping of rows has failed", 0, 0, 0),
)
WHOLE = {"DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_MEMORY_TEMP"}
PERIOD = 240


def jobs_in(folder, gpus):
    """The job that holds each GPU; GPUs that nobody holds are left out."""
    held = {}
    for gpu in range(gpus):
        try:
            with open(os.path.join(folder, str(gpu)), encoding="utf-8") as file:
                job = file.read().strip()
        except FileNotFoundError:
            continue
        if job:
            held[gpu] = job
    return held


def value_at(now, gpu, field, busy):
    name, _, _, idle, mean, swing = field
    moved = mean + swing * math.sin(2 * math.pi * (now / PERIOD + gpu / 4))
    value = moved if busy else idle
    return round(value) if name in WHOLE else round(value, 3)


class Gpus:
    """The GPUs of one host; their energy adds up between two answers."""

    def __init__(self, host, folder, count, now):
        self.host, self.folder, self.count = host, folder, count
        self.millijoules = [0.0] * count
        self.last = now

    def labels(self, gpu, job):
        return {
            "gpu": gpu,
            "UUID": f"GPU-51de0000-0000-4000-8000-{gpu:012d}",
            "pci_bus_id": f"00000000:{gpu + 1:02X}:00.0",
            "device": f"nvidia{gpu}",
            "modelName": MODEL,
            "Hostname": self.host,
            "DCGM_FI_DRIVER_VERSION": "simulated",
            **({} if job is None else {"hpc_job": job}),
        }

    def page(self, now):
        held = jobs_in(self.folder, self.count)
        rows = {field[0]: [value_at(now, gpu, field, gpu in held) for gpu in range(self.count)] for field in FIELDS}
        for gpu, watts in enumerate(rows["DCGM_FI_DEV_POWER_USAGE"]):
            self.millijoules[gpu] += watts * (now - self.last) * 1000
        self.last = now
        used = rows["DCGM_FI_DEV_FB_USED"]

        def samples(values, more=None):
            return [({**self.labels(gpu, held.get(gpu)), **(more or {})}, value) for gpu, value in enumerate(values)]

        return [
            *[line for name, kind, meaning, *_ in FIELDS for line in family(name, meaning, samples(rows[name]), kind)],
            *family(
                "DCGM_FI_DEV_FB_FREE",
                "Framebuffer memory free (in MiB)",
                samples([MEMORY_MIB - RESERVED_MIB - mebibytes for mebibytes in used]),
            ),
            *family(
                "DCGM_FI_DEV_FB_RESERVED",
                "Framebuffer memory reserved (in MiB)",
                samples([RESERVED_MIB] * self.count),
            ),
            *family(
                "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
                "Total energy consumption since boot (in mJ)",
                samples([round(energy) for energy in self.millijoules]),
                "counter",
            ),
            *family(
                "DCGM_FI_DEV_XID_ERRORS",
                "Value of the last XID error encountered",
                samples([0] * self.count, {"err_code": "0", "err_msg": "No Error"}),
            ),
        ]


if __name__ == "__main__":
    listen, host_name, mapping, gpu_count = sys.argv[1:]
    known = Gpus(host_name, mapping, int(gpu_count), time.time())
    serve(listen, {"/metrics": lambda: known.page(time.time())})
