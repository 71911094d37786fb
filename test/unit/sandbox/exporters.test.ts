import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { beegfs, dcgm, slurm, slurmJobs, slurmNodes } from "../../../metrics/catalogue";
import { repository } from "../../../sandbox/paths";

const programs = path.join(repository, "sandbox/hosts/exporters");
const recordings = path.join(__dirname, "recordings");

/** What Python prints for a line of it, among the exporters' programs. */
function python(code: string, environment: Readonly<Record<string, string>> = {}): string {
  const run = spawnSync("python3", ["-B", "-c", code], {
    cwd: programs,
    encoding: "utf8",
    env: { PATH: process.env.PATH, ...environment },
  });
  if (run.status !== 0) throw new Error(`python3 -c '${code}' ended with ${run.status}:\n${run.stderr}`);
  return run.stdout;
}

type Samples = Readonly<Record<string, number>>;

function parse(text: string): Samples {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const cut = line.lastIndexOf(" ");
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
}

const namesOf = (samples: Samples): string[] => [
  ...new Set(Object.keys(samples).map((series) => series.replace(/\{.*/, ""))),
];
const contract = (...groups: readonly Readonly<Record<string, { readonly name: string }>>[]): string[] =>
  groups.flatMap((group) => Object.values(group).map(({ name }) => name)).sort();

describe("Slurm's exporter", () => {
  const stubs = fs.mkdtempSync(path.join(os.tmpdir(), "slurm-"));
  afterAll(() => fs.rmSync(stubs, { recursive: true }));

  /** Commands of Slurm that print what real ones printed once, or fail as one script says. */
  function commands(name: string, script?: string): Record<string, string> {
    const folder = path.join(stubs, name);
    fs.mkdirSync(folder);
    for (const command of ["squeue", "scontrol", "sinfo", "sdiag"])
      fs.writeFileSync(
        path.join(folder, command),
        `#!/bin/sh\n${script ?? `cat '${path.join(recordings, `${command}.txt`)}'`}\n`,
        { mode: 0o755 },
      );
    return { PATH: `${folder}:${process.env.PATH ?? ""}` };
  }

  const recorded = commands("recorded");
  const page = (name: string): Samples =>
    parse(python(`import slurm; print("\\n".join(slurm.PAGES["/metrics/${name}"]()))`, recorded));

  it("counts jobs by state", () => {
    expect(page("jobs")).toEqual({
      slurm_jobs: 10,
      slurm_jobs_cancelled: 0,
      slurm_jobs_completed: 2,
      slurm_jobs_completing: 0,
      slurm_jobs_configuring: 0,
      slurm_jobs_failed: 1,
      slurm_jobs_node_failed: 0,
      slurm_jobs_outofmemory: 0,
      slurm_jobs_pending: 4,
      slurm_jobs_preempted: 0,
      slurm_jobs_running: 3,
      slurm_jobs_suspended: 0,
      slurm_jobs_timeout: 0,
      slurm_jobs_hold: 1,
    });
  });

  it("shows nodes", () => {
    expect(page("nodes")).toEqual({
      slurm_nodes: 3,
      slurm_nodes_alloc: 0,
      slurm_nodes_completing: 0,
      slurm_nodes_down: 0,
      slurm_nodes_drain: 0,
      slurm_nodes_fail: 0,
      slurm_nodes_idle: 1,
      slurm_nodes_maint: 0,
      slurm_nodes_mixed: 2,
      slurm_nodes_noresp: 0,
      slurm_nodes_planned: 0,
      slurm_nodes_resv: 0,
      'slurm_node_cpus{node="compute-01"}': 8,
      'slurm_node_cpus{node="compute-02"}': 8,
      'slurm_node_cpus{node="gpu-01"}': 16,
      'slurm_node_cpus_alloc{node="compute-01"}': 3,
      'slurm_node_cpus_alloc{node="compute-02"}': 0,
      'slurm_node_cpus_alloc{node="gpu-01"}': 4,
      'slurm_node_memory_bytes{node="compute-01"}': 33554432000,
      'slurm_node_memory_bytes{node="compute-02"}': 33554432000,
      'slurm_node_memory_bytes{node="gpu-01"}': 134217728000,
      'slurm_node_memory_alloc_bytes{node="compute-01"}': 1073741824,
      'slurm_node_memory_alloc_bytes{node="compute-02"}': 0,
      'slurm_node_memory_alloc_bytes{node="gpu-01"}': 17179869184,
      'slurm_node_gpus{node="compute-01"}': 0,
      'slurm_node_gpus{node="compute-02"}': 0,
      'slurm_node_gpus{node="gpu-01"}': 4,
      'slurm_node_gpus_alloc{node="compute-01"}': 0,
      'slurm_node_gpus_alloc{node="compute-02"}': 0,
      'slurm_node_gpus_alloc{node="gpu-01"}': 4,
    });
  });

  it("shows partitions", () => {
    expect(page("partitions")).toEqual({
      'slurm_partition_jobs_pending{partition="gpu"}': 4,
      'slurm_partition_jobs_pending{partition="cpu"}': 0,
      'slurm_partition_jobs_running{partition="gpu"}': 2,
      'slurm_partition_jobs_running{partition="cpu"}': 1,
      'slurm_partition_cpus{partition="gpu"}': 16,
      'slurm_partition_cpus{partition="cpu"}': 16,
      'slurm_partition_nodes_cpus_alloc{partition="gpu"}': 4,
      'slurm_partition_nodes_cpus_alloc{partition="cpu"}': 3,
      'slurm_partition_gpus{partition="gpu"}': 4,
      'slurm_partition_gpus{partition="cpu"}': 0,
      'slurm_partition_jobs_gpus_alloc{partition="gpu"}': 4,
      'slurm_partition_jobs_gpus_alloc{partition="cpu"}': 0,
    });
  });

  it("shows the scheduler's statistics", () => {
    expect(page("scheduler")).toEqual({
      slurm_sdiag_jobs_submitted: 10,
      slurm_sdiag_jobs_started: 6,
      slurm_sdiag_jobs_completed: 3,
      slurm_sdiag_jobs_failed: 0,
      slurm_sched_mean_cycle: 379,
      slurm_server_thread_cnt: 3,
      slurm_slurmdbd_queue_size: 0,
    });
  });

  it("has exactly the names that the contract knows of slurmctld itself", () => {
    const names = ["jobs", "nodes", "partitions", "scheduler"].flatMap((name) => namesOf(page(name)));
    // the total of jobs is one that no rule reads
    expect(names.filter((name) => name !== "slurm_jobs").sort()).toEqual(
      contract(slurmJobs, slurmNodes, slurm),
    );
  });

  it.each([
    ["gpu:4", 4],
    ["gpu:a100:4(S:0-1)", 4],
    ["gpu:(null):2(IDX:0,1)", 2],
    ["gpu:a100:2(IDX:0-1),gpu:h100:1(IDX:2)", 3],
    ["gres:gpu:1", 1],
    ["gres:gpu", 1],
    ["N/A", 0],
    ["(null)", 0],
    ["mps:200", 0],
  ])("finds the GPUs in %s", (text, gpus) => {
    expect(python(`import slurm; print(slurm.gpus_in("${text}"))`)).toBe(`${gpus}\n`);
  });

  it("counts flags beside a node's base state, and a node that does not answer", () => {
    const text = [
      "NodeName=a State=IDLE+DRAIN",
      "NodeName=b State=DOWN*+DRAIN",
      "NodeName=c State=MIXED+NOT_RESPONDING",
    ].join("\\n");
    const states = python(
      `import slurm; print({n: sorted(f["states"]) for n, f in slurm.nodes_of("${text}").items()})`,
    );
    expect(states).toBe(
      "{'a': ['DRAIN', 'IDLE'], 'b': ['DOWN', 'DRAIN', 'NOT_RESPONDING'], 'c': ['MIXED', 'NOT_RESPONDING']}\n",
    );
  });

  const answer = (request: string, environment: Readonly<Record<string, string>>): string =>
    python(
      `import exposition, slurm; print(exposition.answer("${request}", slurm.PAGES).decode(), end="")`,
      environment,
    ).replaceAll("\r\n", "\n");

  it("answers with the metrics and their length", () => {
    const [head, body] = answer("GET /metrics/jobs?x=1 HTTP/1.1", recorded).split("\n\n");
    expect(head).toContain("HTTP/1.1 200 OK\nContent-Type: text/plain; version=0.0.4; charset=utf-8\n");
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body!)}\n`);
  });

  it("answers 503 with the command's own words when the controller does not answer it", () => {
    const said = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)";
    const failing = commands("failing", `echo '${said}' >&2; exit 1`);
    const [head, body] = answer("GET /metrics/jobs HTTP/1.1", failing).split("\n\n");
    expect(head).toMatch(/^HTTP\/1\.1 503 Service Unavailable\n/);
    expect(body).toBe(`squeue ended with 1: ${said}\n`);
  });

  it("answers 404 with the paths there are, and 405 to what is no GET", () => {
    const [head, body] = answer("GET /metrics HTTP/1.1", recorded).split("\n\n");
    expect(head).toMatch(/^HTTP\/1\.1 404 Not Found\n/);
    expect(body).toBe("/metrics/jobs\n/metrics/nodes\n/metrics/partitions\n/metrics/scheduler\n");
    expect(answer("POST /metrics/jobs HTTP/1.1", recorded)).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\n/);
  });
});

describe("DCGM's exporter", () => {
  const mapping = fs.mkdtempSync(path.join(os.tmpdir(), "dcgm-"));
  afterAll(() => fs.rmSync(mapping, { recursive: true }));
  fs.writeFileSync(path.join(mapping, "1"), "42\n");
  fs.writeFileSync(path.join(mapping, "3"), "");

  const text = python(
    `import dcgm; gpus = dcgm.Gpus("gpu-01", "${mapping}", 4, 1000); gpus.page(1010); print("\\n".join(gpus.page(1020)))`,
  );
  const samples = parse(text);
  const of = (name: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(samples)
        .filter(([series]) => series.startsWith(`${name}{`))
        .map(([series, value]): [string, number] => [/gpu="(\d)"/.exec(series)?.[1] ?? "", value]),
    );

  it("has exactly the names that the contract knows of DCGM", () => {
    expect(namesOf(samples).sort()).toEqual(contract(dcgm));
    expect(Object.keys(samples)).toHaveLength(4 * Object.keys(dcgm).length);
  });

  it("says on every series that the GPU is simulated, and of the one that a job holds which job", () => {
    expect(
      Object.keys(samples).filter((series) => !series.includes('modelName="Simulated RTX A6000"')),
    ).toEqual([]);
    const holders = Object.keys(samples).filter((series) => series.startsWith("DCGM_FI_DEV_GPU_UTIL{"));
    expect(holders.map((series) => /hpc_job="(\d+)"/.exec(series)?.[1])).toEqual([
      undefined,
      "42",
      undefined,
      undefined,
    ]);
  });

  it("has a GPU busy only while a job holds it", () => {
    const utilisation = of("DCGM_FI_DEV_GPU_UTIL");
    expect(utilisation).toMatchObject({ 0: 0, 2: 0, 3: 0 });
    expect(utilisation[1]).toBeGreaterThan(80);
    expect(of("DCGM_FI_DEV_POWER_USAGE")).toMatchObject({ 0: 22, 2: 22, 3: 22 });
    expect(of("DCGM_FI_DEV_POWER_USAGE")[1]).toBeGreaterThan(200);
  });

  it("adds up the energy of the time between two answers", () => {
    expect(of("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")).toMatchObject({ 0: 22 * 20 * 1000 });
  });

  it("has as much memory whatever is used of it", () => {
    const [used, free, reserved] = ["USED", "FREE", "RESERVED"].map((part) => of(`DCGM_FI_DEV_FB_${part}`));
    for (const gpu of ["0", "1", "2", "3"])
      expect((used![gpu] ?? 0) + (free![gpu] ?? 0) + (reserved![gpu] ?? 0)).toBe(49_140);
  });
});

describe("BeeGFS's exporter", () => {
  const pages = (of: number, mounted: boolean): Samples[] =>
    Array.from({ length: of }, (_, index) =>
      parse(
        python(
          [
            "import beegfs, os, types",
            `beegfs.device_of = lambda point: ${mounted ? '"loop0"' : "None"}`,
            'beegfs.statistics_of = lambda device: {"xpc": [0, 1001, 2002], "rw": [11, 22], "dir": [4, 3, 2, 1]}',
            "space = types.SimpleNamespace(f_blocks=100, f_bfree=40, f_frsize=4096)",
            "beegfs.os = types.SimpleNamespace(statvfs=lambda point: space)",
            `print("\\n".join(beegfs.page("/mnt/x", "host-${index}", ${index}, ${of})))`,
          ].join("\n"),
        ),
      ),
    );

  it("has exactly the names that the contract knows of BeeGFS", () => {
    expect([...new Set(pages(3, true).flatMap(namesOf))].sort()).toEqual(contract(beegfs));
  });

  it("tells over all hosts of the whole file system, with nothing lost or counted twice", () => {
    const all = pages(3, true);
    const sum = (name: string): number =>
      all
        .flatMap((samples) => Object.entries(samples))
        .filter(([series]) => series.startsWith(`${name}{`))
        .reduce((total, [, value]) => total + value, 0);
    expect(sum("beegfs_target_disk_space_total_bytes")).toBe(409_600);
    expect(sum("beegfs_storage_disk_space_total_bytes")).toBe(409_600);
    expect(sum("beegfs_target_disk_space_free_bytes")).toBe(163_840);
    expect(sum("beegfs_storage_disk_write_bytes_total")).toBe(1001);
    expect(sum("beegfs_storage_disk_read_bytes_total")).toBe(2002);
    expect(sum("beegfs_target_consistency_state")).toBe(0);
    expect(sum("beegfs_storage_responding")).toBe(3);
    expect(sum("beegfs_meta_responding")).toBe(1);
    // of each the sum stands beside the parts
    expect(sum("beegfs_client_meta_ops_total")).toBe(2 * 10);
    expect(sum("beegfs_client_storage_ops_total")).toBe(2 * 33);
  });

  it("shows only that its services do not respond while nothing is mounted", () => {
    expect(pages(2, false)).toEqual([
      {
        'beegfs_meta_responding{node_id="1",hostname="host-0"}': 0,
        'beegfs_storage_responding{node_id="1",hostname="host-0"}': 0,
      },
      { 'beegfs_storage_responding{node_id="2",hostname="host-1"}': 0 },
    ]);
  });
});
