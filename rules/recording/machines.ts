import { fedCluster, fedLocal, node } from "../../metrics/catalogue";
import { USED_BUCKETS, busyModes } from "../../metrics/catalogue/recorded/machines";
import { matching, notMatching } from "../../metrics/select";
import type { RuleGroup } from "../types";
import { buckets, perValue, rate5m, to } from "./expressions";
import type { Recorder } from "./site";

const recorded = fedCluster.machines;
const local = fedLocal.machines;

/**
 * File systems on a machine's own disks: neither in memory, nor shared, nor in a file of another one, so that their
 * sizes add up.
 */
const onDisk = {
  fstype: matching("btrfs|ext[234]|f2fs|xfs|zfs"),
  device: notMatching("/dev/loop[0-9]+"),
};
/** Disks, not what is built upon them. */
const disks = { device: notMatching("(dm-|loop|md|ram|sr|zram).*") };
/** Network devices of the machine, not those of its containers nor what is built upon the physical ones. */
const physical = {
  device: notMatching(
    "lo|(bond|br-|cali|cilium|cni|docker|dummy|flannel|kube-|lxc|nodelocaldns|tap|team|tun|veth|virbr|vxlan|wg).*|.+[.].+",
  ),
};

/** Machines by their node exporters. */
export function machineRules({ own, record, local: recordLocal }: Recorder): RuleGroup {
  const sum = (expr: string): string => `sum by (cluster) (${expr})`;
  const used = (available: string, size: string, metric: (typeof local)[keyof typeof local]): string =>
    `1 - ${to(metric, "max", available)} / ${to(metric, "max", `${size} > 0`)}`;
  /** A device that is mounted twice counts once. */
  const onDevices = (selector: string): string => sum(`max by (cluster, instance, device) (${selector})`);
  const idle = own(node.cpu, { mode: "idle" });
  return {
    name: "cluster-machines",
    rules: [
      recordLocal(local.cpuBusy, `1 - ${to(local.cpuBusy, "avg", rate5m(idle))}`),
      recordLocal(local.memoryUsed, used(own(node.memoryAvailable), own(node.memory), local.memoryUsed)),
      recordLocal(
        local.filesystemUsed,
        used(own(node.filesystemAvailable, onDisk), own(node.filesystemSize, onDisk), local.filesystemUsed),
      ),
      record(recorded.machines, `count by (cluster) (${own(node.memory)})`),
      record(recorded.cpu, `count by (cluster) (${idle})`),
      record(
        recorded.cpuBusy,
        to(recorded.cpuBusy, "sum", rate5m(own(node.cpu, { mode: matching(busyModes.join("|")) }))),
      ),
      record(recorded.cpuBusyMachines, buckets(["cluster"], own(local.cpuBusy), USED_BUCKETS)),
      record(recorded.memory, sum(own(node.memory))),
      record(recorded.memoryAvailable, sum(own(node.memoryAvailable))),
      record(recorded.memoryUsedMachines, buckets(["cluster"], own(local.memoryUsed), USED_BUCKETS)),
      record(recorded.filesystem, onDevices(own(node.filesystemSize, onDisk))),
      record(recorded.filesystemAvailable, onDevices(own(node.filesystemAvailable, onDisk))),
      record(recorded.filesystemUsed, buckets(["cluster"], own(local.filesystemUsed), USED_BUCKETS)),
      record(recorded.diskRead, sum(rate5m(own(node.diskRead, disks)))),
      record(recorded.diskWritten, sum(rate5m(own(node.diskWritten, disks)))),
      record(recorded.networkReceived, sum(rate5m(own(node.networkReceived, physical)))),
      record(recorded.networkSent, sum(rate5m(own(node.networkSent, physical)))),
      record(
        recorded.networkErrors,
        perValue("direction", {
          receive: sum(rate5m(own(node.networkReceiveErrors, physical))),
          transmit: sum(rate5m(own(node.networkSendErrors, physical))),
        }),
      ),
      record(recorded.clocksUnsynchronised, sum(`${own(node.clockSynchronised)} == bool 0`)),
      record(recorded.clockOffset, `max by (cluster) (abs(${own(node.clockOffset)}))`),
    ],
  };
}
