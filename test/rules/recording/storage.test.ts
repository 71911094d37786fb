import { beegfs, minio, mlflow, node } from "../../../metrics/catalogue";
import { bucketInput, growing, inputOf } from "../input";
import { by, evaluateCluster, plain } from "./evaluate";

const hpc = inputOf("hpc");
const cloud = inputOf("cloud");

describe("BeeGFS", () => {
  const groups = ["cluster-beegfs"];
  const [one, two] = [
    { node_id: "1", target_id: "101" },
    { node_id: "2", target_id: "201" },
  ];
  const client = (host: string) => ({
    instance: `${host}:9100`,
    host,
    fstype: "beegfs",
    device: "beegfs_nodev",
    mountpoint: "/mnt/beegfs",
  });
  const seenByClients = ["a", "b"].flatMap((host) => [
    hpc(node.filesystemSize, client(host), 1000),
    hpc(node.filesystemAvailable, client(host), 400),
  ]);

  it("has the space of its targets, and tells how full each is", () => {
    evaluateCluster("hpc", groups, {
      input: [
        ...seenByClients,
        hpc(beegfs.targetSpace, one, 600),
        hpc(beegfs.targetSpaceFree, one, 30),
        hpc(beegfs.targetSpace, two, 600),
        hpc(beegfs.targetSpaceFree, two, 300),
        hpc(beegfs.storageSpace, { node_id: "1" }, 9999),
      ],
      gives: {
        ...plain({ "fed_cluster:beegfs_space:bytes": 1200, "fed_cluster:beegfs_space_free:bytes": 330 }),
        ...by("fed_cluster:beegfs_target_used:targets_bucket", "le", {
          "0.5": 1,
          "0.75": 1,
          "0.9": 1,
          "0.95": 2,
          "+Inf": 2,
        }),
      },
    });
  });

  it("has the space its clients see, once, where no exporter tells", () => {
    evaluateCluster("hpc", groups, {
      input: seenByClients,
      gives: plain({ "fed_cluster:beegfs_space:bytes": 1000, "fed_cluster:beegfs_space_free:bytes": 400 }),
      none: ["fed_cluster:beegfs_targets:count"],
    });
  });

  it("tells targets by state and services by whether they respond", () => {
    evaluateCluster("hpc", groups, {
      input: [
        hpc(beegfs.targetConsistency, one, 0),
        hpc(beegfs.targetConsistency, two, 2),
        hpc(beegfs.metaResponding, { node_id: "1" }, 1),
        hpc(beegfs.storageResponding, { node_id: "1" }, 1),
        hpc(beegfs.storageResponding, { node_id: "2" }, 0),
        hpc(beegfs.metaDirectQueue, { node_id: "1" }, 2),
        hpc(beegfs.metaIndirectQueue, { node_id: "1" }, 3),
      ],
      gives: {
        ...by("fed_cluster:beegfs_targets:count", "state", { good: 1, needs_resync: 0, bad: 1 }),
        ...by("fed_cluster:beegfs_services:count", "service", { meta: 1, storage: 2 }),
        ...by("fed_cluster:beegfs_services_responding:count", "service", { meta: 1, storage: 1 }),
        ...by("fed_cluster:beegfs_queue:count", "service", { meta: 5 }),
      },
    });
  });

  it("counts once what three exporters tell of the same services, targets and clients", () => {
    const exporters = ["a", "b", "c"].map((host) => ({ instance: `${host}:9101`, host }));
    evaluateCluster("hpc", groups, {
      input: exporters.flatMap((exporter) => [
        ...[one, two].flatMap((of) => [
          hpc(beegfs.targetSpace, { ...exporter, ...of }, 600),
          hpc(beegfs.targetSpaceFree, { ...exporter, ...of }, 150),
          hpc(beegfs.targetConsistency, { ...exporter, ...of }, of === one ? 0 : 1),
        ]),
        ...["1", "2"].flatMap((node_id) => [
          hpc(beegfs.storageResponding, { ...exporter, node_id }, 1),
          hpc(beegfs.storageDirectQueue, { ...exporter, node_id }, 2),
          hpc(beegfs.storageIndirectQueue, { ...exporter, node_id }, 1),
          hpc(beegfs.storageRead, { ...exporter, node_id }, growing(60)),
          hpc(beegfs.storageWritten, { ...exporter, node_id }, growing(120)),
        ]),
        hpc(beegfs.metaResponding, { ...exporter, node_id: "1" }, 0),
        ...["x", "y"].map((client) =>
          hpc(beegfs.clientStorageOperations, { ...exporter, client, operation: "sum" }, growing(60)),
        ),
        hpc(beegfs.clientMetaOperations, { ...exporter, client: "x", operation: "sum" }, growing(60)),
      ]),
      gives: {
        ...plain({
          "fed_cluster:beegfs_space:bytes": 1200,
          "fed_cluster:beegfs_space_free:bytes": 300,
          "fed_cluster:beegfs_read:bytes_rate5m": 2,
          "fed_cluster:beegfs_written:bytes_rate5m": 4,
        }),
        ...by("fed_cluster:beegfs_targets:count", "state", { good: 1, needs_resync: 1, bad: 0 }),
        ...by("fed_cluster:beegfs_services:count", "service", { meta: 1, storage: 2 }),
        ...by("fed_cluster:beegfs_services_responding:count", "service", { meta: 0, storage: 2 }),
        ...by("fed_cluster:beegfs_queue:count", "service", { storage: 6 }),
        ...by("fed_cluster:beegfs_operations:rate5m", "service", { meta: 1, storage: 2 }),
      },
    });
  });

  it("has the space of its storage services, once each, where the exporters tell of no targets", () => {
    const told = ["a", "b"].flatMap((host) =>
      ["1", "2"].map((node_id) => ({ host, instance: `${host}:9101`, node_id })),
    );
    evaluateCluster("hpc", groups, {
      input: told.flatMap((of) => [hpc(beegfs.storageSpace, of, 500), hpc(beegfs.storageSpaceFree, of, 100)]),
      gives: plain({ "fed_cluster:beegfs_space:bytes": 1000, "fed_cluster:beegfs_space_free:bytes": 200 }),
      none: ["fed_cluster:beegfs_targets:count"],
    });
  });

  it("adds up what services move and clients ask, by the exporter's own sums", () => {
    evaluateCluster("hpc", groups, {
      input: [
        hpc(beegfs.storageRead, { node_id: "1" }, growing(60)),
        hpc(beegfs.storageRead, { node_id: "2" }, growing(120)),
        hpc(beegfs.storageWritten, { node_id: "1" }, growing(240)),
        hpc(beegfs.clientMetaOperations, { client: "a", operation: "sum" }, growing(60)),
        hpc(beegfs.clientMetaOperations, { client: "a", operation: "open" }, growing(60)),
        hpc(beegfs.clientStorageOperations, { client: "a", operation: "sum" }, growing(120)),
      ],
      gives: {
        ...plain({ "fed_cluster:beegfs_read:bytes_rate5m": 3, "fed_cluster:beegfs_written:bytes_rate5m": 4 }),
        ...by("fed_cluster:beegfs_operations:rate5m", "service", { meta: 1, storage: 2 }),
      },
    });
  });
});

describe("MinIO", () => {
  const groups = ["cluster-minio"];
  const servers = ["a", "b"].map((server) => ({ server, pool_index: "0", instance: `${server}:9000` }));
  const api = { name: "GetObject", type: "s3" };

  it("adds up what servers say of themselves, and takes once what each says of all", () => {
    evaluateCluster("cloud", groups, {
      input: [
        ...servers.flatMap((of) => [
          cloud(minio.requests, { ...of, ...api }, growing(60)),
          cloud(minio.errors5xx, { ...of, ...api }, growing(30)),
          cloud(minio.waiting, { ...of, type: "s3" }, 3),
          cloud(minio.sent, { ...of, type: "s3" }, growing(600)),
          cloud(minio.received, { ...of, type: "s3" }, growing(60)),
          ...Object.entries({ "0.05": 30, "1.0": 60, "+Inf": 60 }).map(([le, step]) =>
            cloud(minio.firstByte, { ...of, ...api, le }, growing(step)),
          ),
        ]),
        ...servers.flatMap(({ instance }) => [
          cloud(minio.nodesOnline, { instance }, 2),
          cloud(minio.drivesOnline, { instance }, 7),
          cloud(minio.drivesOffline, { instance }, 1),
          cloud(minio.capacity, { instance }, 1000),
          cloud(minio.capacityFree, { instance }, 250),
          cloud(minio.health, { instance }, 1),
          ...["0", "1"].map((set_id) => cloud(minio.writeQuorum, { instance, pool_id: "0", set_id }, 3)),
          cloud(minio.writeTolerance, { instance, pool_id: "0", set_id: "0" }, 1),
          cloud(minio.writeTolerance, { instance, pool_id: "0", set_id: "1" }, 2),
          cloud(minio.bucketBytes, { instance, bucket: "models" }, 640),
          cloud(minio.bucketObjects, { instance, bucket: "models" }, 64),
        ]),
      ],
      gives: {
        ...plain(
          {
            "fed_cluster:minio_requests:rate5m": 2,
            "fed_cluster:minio_requests_waiting:count": 6,
            "fed_cluster:minio_sent:bytes_rate5m": 20,
            "fed_cluster:minio_received:bytes_rate5m": 2,
            "fed_cluster:minio_capacity:bytes": 1000,
            "fed_cluster:minio_capacity_free:bytes": 250,
            "fed_cluster:minio_health:healthy": 1,
            "fed_cluster:minio_write_tolerance:min_drives": 1,
          },
          "cloud",
        ),
        ...by("fed_cluster:minio_request_errors:rate5m", "code_class", { "4xx": 0, "5xx": 1 }, "", "cloud"),
        ...by(
          "fed_cluster:minio_first_byte:bucket_rate5m",
          "le",
          { "0.05": 1, "1.0": 2, "+Inf": 2 },
          "",
          "cloud",
        ),
        ...by("fed_cluster:minio_nodes:count", "state", { online: 2, offline: 0 }, "", "cloud"),
        ...by("fed_cluster:minio_drives:count", "state", { online: 7, offline: 1 }, "", "cloud"),
        ...by("fed_cluster:minio_bucket:bytes", "bucket", { models: 640 }, "", "cloud"),
        ...by("fed_cluster:minio_bucket:objects", "bucket", { models: 64 }, "", "cloud"),
      },
    });
  });

  it("is whole, full or broken by what servers leave out, since they never say 0", () => {
    evaluateCluster("cloud", groups, {
      input: [
        cloud(minio.nodesOnline, { instance: "a:9000" }, 2),
        cloud(minio.nodesOnline, { instance: "b:9000" }, 2),
        cloud(minio.health, { instance: "a:9000" }, 1),
        cloud(minio.capacity, { instance: "a:9000" }, 1000),
        ...["0", "1"].map((set_id) => cloud(minio.writeQuorum, { pool_id: "0", set_id }, 3)),
        cloud(minio.writeTolerance, { pool_id: "0", set_id: "0" }, 1),
      ],
      gives: {
        ...plain(
          {
            "fed_cluster:minio_health:healthy": 0,
            "fed_cluster:minio_write_tolerance:min_drives": 0,
            "fed_cluster:minio_capacity:bytes": 1000,
            "fed_cluster:minio_capacity_free:bytes": 0,
            "fed_cluster:minio_requests:rate5m": 0,
            "fed_cluster:minio_requests_waiting:count": 0,
            "fed_cluster:minio_sent:bytes_rate5m": 0,
          },
          "cloud",
        ),
        ...by("fed_cluster:minio_request_errors:rate5m", "code_class", { "4xx": 0, "5xx": 0 }, "", "cloud"),
        ...by("fed_cluster:minio_drives:count", "state", { online: 0, offline: 0 }, "", "cloud"),
        ...by("fed_cluster:minio_nodes:count", "state", { online: 2, offline: 0 }, "", "cloud"),
      },
    });
  });

  it("tells no errors of a MinIO that does not answer", () => {
    evaluateCluster("cloud", groups, {
      input: [],
      none: [
        "fed_cluster:minio_request_errors:rate5m",
        "fed_cluster:minio_nodes:count",
        "fed_cluster:minio_health:healthy",
      ],
    });
  });
});

describe("MLflow", () => {
  it("is told by class of status code and by time", () => {
    evaluateCluster("cloud", ["cluster-mlflow"], {
      input: [
        cloud(mlflow.info, { version: "3.1" }),
        cloud(mlflow.requests, { method: "GET", status: "200" }, growing(60)),
        cloud(mlflow.requests, { method: "POST", status: "200" }, growing(60)),
        cloud(mlflow.requests, { method: "POST", status: "503" }, growing(120)),
        ...bucketInput(
          "cloud",
          mlflow.duration,
          { method: "GET", status: "200" },
          { "0.5": 60, "+Inf": 120 },
        ),
      ],
      gives: {
        ...plain({ "fed_cluster:mlflow_servers:count": 1 }, "cloud"),
        ...by("fed_cluster:mlflow_requests:rate5m", "code_class", { "2xx": 2, "5xx": 2 }, "", "cloud"),
        ...by(
          "fed_cluster:mlflow_request_duration:bucket_rate5m",
          "le",
          { "0.5": 1, "+Inf": 2 },
          "",
          "cloud",
        ),
      },
    });
  });
});
