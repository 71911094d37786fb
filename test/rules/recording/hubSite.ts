import { fedCluster } from "../../../metrics/catalogue";
import { inputOf } from "../input";
import type { InputSeries } from "../promtool";

const { machines, gpus } = fedCluster;

/** Series of the hub itself, and those it fetched from its member. */
export const cloud = inputOf("cloud");
export const hpc = inputOf("hpc");

/** Two clusters as the hub has them: its own recordings and those it fetched. */
export const site: readonly InputSeries[] = [
  cloud(machines.machines, {}, 2),
  hpc(machines.machines, {}, 8),
  cloud(machines.cpu, {}, 16),
  hpc(machines.cpu, {}, 64),
  cloud(machines.cpuBusy, { mode: "user" }, 3),
  cloud(machines.cpuBusy, { mode: "system" }, 1),
  hpc(machines.cpuBusy, { mode: "user" }, 48),
  cloud(machines.memory, {}, 100),
  cloud(machines.memoryAvailable, {}, 75),
  hpc(machines.memory, {}, 400),
  hpc(machines.memoryAvailable, {}, 100),
  hpc(machines.filesystem, {}, 200),
  hpc(machines.filesystemAvailable, {}, 150),
  cloud(gpus.count, { gpu_type: "tesla-t4" }, 2),
  cloud(gpus.count, { gpu_type: "rtx-a6000" }, 2),
  hpc(gpus.count, { gpu_type: "rtx-a6000" }, 4),
  cloud(gpus.busy, { gpu_type: "tesla-t4" }, 0.5),
  cloud(gpus.busy, { gpu_type: "rtx-a6000" }, 0.5),
  hpc(gpus.busy, { gpu_type: "rtx-a6000" }, 3),
  cloud(gpus.busyNominal, { gpu_type: "tesla-t4" }, 1),
  hpc(gpus.busyNominal, { gpu_type: "rtx-a6000" }, 4),
  hpc(gpus.memory, { gpu_type: "rtx-a6000" }, 64),
  hpc(gpus.memoryUsed, { gpu_type: "rtx-a6000" }, 16),
  cloud(gpus.power, { gpu_type: "tesla-t4" }, 50),
  hpc(gpus.power, { gpu_type: "rtx-a6000" }, 100),
  cloud(gpus.allocated, { gpu_type: "tesla-t4", owner: "serving" }, 2),
  cloud(gpus.busyAllocated, { gpu_type: "tesla-t4", owner: "serving" }, 0.5),
  hpc(gpus.allocated, { gpu_type: "rtx-a6000", owner: "slurm" }, 4),
  hpc(gpus.busyAllocated, { gpu_type: "rtx-a6000", owner: "slurm" }, 3),
  hpc(gpus.schedulable, { scheduler: "slurm" }, 4),
  hpc(gpus.requested, { scheduler: "slurm" }, 3),
];
