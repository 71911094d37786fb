"""Serves what an exporter of BeeGFS tells of the services on one host, from the file system that stands in for BeeGFS.

Its space and traffic are those of the real mount: it is striped evenly over the storage services, one a host, each asked
by one client, and the first host has the metadata service too. While nothing is mounted the services do not respond, and show only that.
"""

import os
import sys

from exposition import family, serve


def device_of(mount_point):
    """Name of the device that is mounted at a path; None where nothing is."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        sources = [
            line.split(" - ")[1].split()[1] for line in mounts if line.split()[4] == mount_point and " - " in line
        ]
    return os.path.basename(sources[-1]) if sources else None


def statistics_of(device):
    """XFS's own counters since it was mounted: a name and its numbers a line."""
    with open(f"/sys/fs/xfs/{device}/stats/stats", encoding="utf-8") as text:
        lines = [line.split() for line in text]
    return {words[0]: [int(word) for word in words[1:]] for words in lines if words}


def part(total, index, of):
    """One of `of` parts of a whole number; they differ by one at most and add up to it."""
    return total * (index + 1) // of - total * index // of


def page(mount_point, host, index, of):
    """Lines of the `index`th of `of` hosts."""
    node = {"node_id": index + 1, "hostname": host}
    target = {"node_id": index + 1, "target_id": index + 1}
    device = device_of(mount_point)
    up = int(device is not None)
    storage = family("beegfs_storage_responding", "1 while a storage service responds", [(node, up)])
    meta = family("beegfs_meta_responding", "1 while a metadata service responds", [(node, up)]) if index == 0 else []
    if device is None:
        return [*meta, *storage]

    space = os.statvfs(mount_point)
    statistics = statistics_of(device)
    total = part(space.f_blocks * space.f_frsize, index, of)
    free = part(space.f_bfree * space.f_frsize, index, of)
    _, written, read = (part(number, index, of) for number in statistics["xpc"])
    writes, reads = (part(number, index, of) for number in statistics["rw"])
    lookups, creates, removes, lists = statistics["dir"]

    def one(name, meaning, labels, value, kind="gauge"):
        return family(name, meaning, [(labels, value)], kind)

    def operations(name, meaning, counts):
        rows = {**counts, "sum": sum(counts.values())}
        samples = [({"client": host, "operation": operation}, value) for operation, value in rows.items()]
        return family(name, meaning, samples, "counter")

    def queues(service):
        return [
            line
            for way in ("direct", "indirect")
            for line in one(f"beegfs_{service}_{way}_work_queue_size", "requests that wait", node, 0)
        ]

    if index == 0:
        meta += queues("meta")
        meta += operations(
            "beegfs_client_meta_ops_total",
            "metadata operations of a client",
            {"lookup": lookups, "create": creates, "unlink": removes, "readdir": lists},
        )
    return [
        *meta,
        *storage,
        *queues("storage"),
        *one("beegfs_storage_disk_space_total_bytes", "size of a storage service's targets", node, total),
        *one("beegfs_storage_disk_space_free_bytes", "free space on them", node, free),
        *one("beegfs_storage_disk_read_bytes_total", "read by a storage service", node, read, "counter"),
        *one("beegfs_storage_disk_write_bytes_total", "written by a storage service", node, written, "counter"),
        *one("beegfs_target_disk_space_total_bytes", "size of a storage target", target, total),
        *one("beegfs_target_disk_space_free_bytes", "free space on it", target, free),
        *one("beegfs_target_consistency_state", "0 good, 1 needs resync, 2 bad", target, 0),
        *operations(
            "beegfs_client_storage_ops_total", "storage operations of a client", {"write": writes, "read": reads}
        ),
    ]


if __name__ == "__main__":
    listen, point, name, number, count = sys.argv[1:]
    serve(listen, {"/metrics": lambda: page(point, name, int(number), int(count))})
