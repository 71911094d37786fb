import { checkContract, recordingProblems } from "../../../metrics/contractProblems";

describe("checkContract", () => {
  it.each([
    ["up", ["cluster", "host", "instance", "job", "member", "namespace", "node", "pod", "service"]],
    ['up{namespace="",pod="",node="",service="",host="",member=""}', ["cluster", "instance", "job"]],
    ["1 + time()", []],
    ["vector(1)", []],
    ["sum(up)", []],
    ["sum by (cluster, job) (up)", ["cluster", "job"]],
    ["sum without (namespace, node, service, host, member, pod) (up)", ["cluster", "instance", "job"]],
    ["topk by (cluster) (3, sum by (cluster, job) (up))", ["cluster", "job"]],
    ["max_over_time(sum by (cluster) (up)[1h:5m] offset 5m)", ["cluster"]],
    ["-(sum by (cluster) (up)) * 2 > bool 1", ["cluster"]],
    ["2 - sum by (cluster) (up)", ["cluster"]],
    ['count_values by (cluster) ("xid", DCGM_FI_DEV_XID_ERRORS)', ["cluster", "xid"]],
    ['label_replace(sum by (cluster, job) (up), "owner", "$1", "job", "(.+)")', ["cluster", "job", "owner"]],
    ['label_join(sum by (cluster, job) (up), "owner", "-", "job", "cluster")', ["cluster", "job", "owner"]],
    ['absent(up{cluster="hpc",job=~"n.+",instance!="a",host=""})', ["cluster"]],
    ['absent_over_time(up{cluster="hpc",job="node"}[5m])', ["cluster", "job"]],
    [
      "histogram_quantile(0.9, sum by (cluster, le) (rate(apiserver_request_duration_seconds_bucket[5m])))",
      ["cluster"],
    ],
    // matching
    ["sum by (cluster, job) (up) / sum by (cluster, job) (up)", ["cluster", "job"]],
    ["sum by (cluster, job) (up) / on (cluster) sum by (cluster) (up)", ["cluster"]],
    ["sum by (cluster, job) (up) / ignoring (job) sum by (cluster) (up)", ["cluster"]],
    ["sum by (cluster, job) (up) / on (cluster) group_left () sum by (cluster) (up)", ["cluster", "job"]],
    [
      "sum by (cluster) (up) * on (cluster) group_right (job) sum by (cluster, instance) (up) or sum by (cluster, job) (up)",
      ["cluster", "instance", "job"],
      ["group_left/group_right (job): no series there has the label job"],
    ],
    ["sum by (cluster, job) (up) or sum by (cluster, instance) (up)", ["cluster", "instance", "job"]],
    ["sum by (cluster, job) (up) and on (cluster) up", ["cluster", "job"]],
    ["sum by (cluster, job) (up) unless on (cluster) up", ["cluster", "job"]],
  ])("finds the labels of %s", (expr, labels, problems = []) => {
    expect(checkContract(expr)).toEqual({ labels: labels, problems });
  });

  it.each([
    ["upp", ["upp is no metric of the contract"]],
    ['{job="node"}', ['{job="node"} is no metric of the contract']],
    ['{__name__=~"up|down"}', ['{__name__=~"up|down"} is no metric of the contract']],
    [
      "apiserver_request_duration_seconds",
      ["apiserver_request_duration_seconds is no metric of the contract"],
    ],
    [
      'kube_node_info{nodes="a"}',
      [
        "kube_node_info has no label nodes; it may carry cluster, instance, internal_ip, job, kernel_version, kubelet_version, node",
      ],
    ],
    [
      'fed_cluster:slurm_jobs:count{state="runing"}',
      [
        'fed_cluster:slurm_jobs:count has no state "runing"; it is one of cancelled, completed, completing, configuring, failed, held, node_failed, out_of_memory, pending, preempted, running, suspended, timeout',
      ],
    ],
    ["sum by (cluster, gpu) (up)", ["sum by (cluster, gpu): no series there has the label gpu"]],
    ["sum without (gpu) (up)", ["sum without (gpu): no series there has the label gpu"]],
    ["topk by (gpu) (1, up)", ["topk by (gpu): no series there has the label gpu"]],
    [
      "sum by (cluster) (up) / on (cluster, job) sum by (cluster, job) (up)",
      ["on (cluster, job): no series there has the label job"],
    ],
    ["up and ignoring (gpu) up", ["ignoring (gpu): no series there has the label gpu"]],
    [
      "up * on (cluster) group_left (gpu) sum by (cluster) (up)",
      ["group_left/group_right (gpu): no series there has the label gpu"],
    ],
    [
      'label_replace(up, "owner", "$1", "gpu", "(.+)")',
      ["label_replace (gpu): no series there has the label gpu"],
    ],
    [
      'label_replace(up, "ownr", "$1", "job", "(.+)")',
      ["label_replace writes the label ownr, which no metric of the contract has"],
    ],
    ['label_join(up, "owner", "-", "gpu")', ["label_join (gpu): no series there has the label gpu"]],
    [
      'count_values by (cluster) ("xidd", up)',
      ["count_values writes the label xidd, which no metric of the contract has"],
    ],
    [
      "histogram_quantile(0.9, sum by (cluster) (rate(apiserver_request_duration_seconds_bucket[5m])))",
      ["histogram_quantile (le): no series there has the label le"],
    ],
  ])("finds what is outside the contract in %s", (expr, problems) => {
    expect(checkContract(expr).problems).toEqual(problems);
  });

  it("takes a regular expression for what it is, and finds names and values wherever they stand", () => {
    expect(checkContract('fed_cluster:slurm_jobs:count{state=~"run.+"}').problems).toEqual([]);
    expect(
      checkContract(
        'max_over_time((rate(a[5m]) or absent(b{c="d"}))[1h:]) * on () group_left () (-e offset 1m)',
      ).problems,
    ).toEqual(["a", "b", "e"].map((name) => `${name} is no metric of the contract`));
  });
});

describe("recordingProblems", () => {
  const record = "fed_cluster:targets:up";
  const expr = "sum by (cluster, job) (up)";

  it("finds none where name, expression and labels are the contract's", () => {
    expect(recordingProblems({ record, expr })).toEqual([]);
    expect(
      recordingProblems({
        record: "fed_cluster:heartbeat:timestamp_seconds",
        expr: "vector(time())",
        labels: { cluster: "hpc" },
      }),
    ).toEqual([]);
  });

  it.each([
    [{ record: "fed_cluster:targets:upp", expr }, ["fed_cluster:targets:upp: is no metric of the contract"]],
    [
      { record, expr: "sum by (cluster) (up)" },
      ["fed_cluster:targets:up: writes the labels cluster; the contract says cluster, job"],
    ],
    [
      { record, expr: "sum by (cluster, job, node) (up)" },
      ["fed_cluster:targets:up: writes the labels cluster, job, node; the contract says cluster, job"],
    ],
    [
      { record, expr, labels: { owner: "me" } },
      ["fed_cluster:targets:up: writes the labels cluster, job, owner; the contract says cluster, job"],
    ],
    [
      { record, expr: "sum by (cluster, job) (upp)" },
      [
        "fed_cluster:targets:up: upp is no metric of the contract",
        "fed_cluster:targets:up: sum by (cluster, job): no series there has the label cluster",
        "fed_cluster:targets:up: sum by (cluster, job): no series there has the label job",
      ],
    ],
  ])("refuses %j", (rule, problems) => {
    expect(recordingProblems(rule)).toEqual(problems);
  });
});
