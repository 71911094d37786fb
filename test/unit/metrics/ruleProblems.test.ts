import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ruleProblems } from "../../../metrics/promql";

const labels = { cluster: "hpc" };

describe("ruleProblems", () => {
  it.each([
    { record: "fed_hub:x:y", expr: "sum by (cluster) (up)" },
    { record: "fed_cluster:heartbeat:timestamp_seconds", expr: "vector(time())", labels },
    { record: "fed_cluster:x:y", expr: 'sum by (cluster) (up{cluster="hpc"})' },
    { alert: "TargetDown", expr: "up == 0", labels: { severity: "warning" } },
    { alert: "Watchdog", expr: "vector(1)", labels },
    { alert: "JobAbsent", expr: 'absent(up{cluster="hpc",job="node"})' },
    { alert: "JobAbsent", expr: 'absent(up{job="node"})', labels },
  ])("finds none in %j", (rule) => {
    expect(ruleProblems(rule, "hpc")).toEqual([]);
    expect(ruleProblems(rule)).toEqual([]);
  });

  it.each([
    [{ record: "a:b:c", expr: "sum(" }, ["a:b:c: 1:5: unexpected end of the expression"]],
    [{ expr: "sum(" }, ["rule without a name: 1:5: unexpected end of the expression"]],
    [
      { alert: "Down", expr: "sum(up) == 0" },
      ['Down: the label cluster is lost: sum() has no "by (cluster, ...)"'],
    ],
    [
      { alert: "Down", expr: "up == 0", labels },
      ["Down: labels.cluster must not be set: the expression has input series, keep theirs"],
    ],
    [
      { record: "a:b:c", expr: "sum(up)", labels },
      [
        'a:b:c: the label cluster is lost: sum() has no "by (cluster, ...)"',
        "a:b:c: labels.cluster must not be set: the expression has input series, keep theirs",
      ],
    ],
    [
      { record: "a:b:c", expr: "vector(scalar(sum(up)))", labels },
      [
        "a:b:c: the label cluster is lost: vector() drops the labels of the series it reads",
        "a:b:c: labels.cluster must not be set: the expression has input series, keep theirs",
      ],
    ],
    [
      { alert: "Watchdog", expr: "vector(1)" },
      ["Watchdog: labels.cluster must be set: no input series, and vector() has no labels"],
    ],
    [
      { alert: "Watchdog", expr: "vector(1)", labels: { cluster: "" } },
      ["Watchdog: labels.cluster must be set: no input series, and vector() has no labels"],
    ],
    [
      { alert: "Watchdog", expr: "vector(1)", labels: { cluster: "cloud" } },
      ['Watchdog: labels.cluster is "cloud" and must be "hpc"'],
    ],
    [
      { record: "fed_cluster:x:y", expr: 'sum by (cluster) (up) / sum by (cluster) (up{cluster="cloud"})' },
      [
        'fed_cluster:x:y: up must be restricted to {cluster="hpc"}: fed_cluster: series have one writer',
        'fed_cluster:x:y: up must be restricted to {cluster="hpc"}: fed_cluster: series have one writer',
      ],
    ],
  ])("refuses %j", (rule, problems) => {
    expect(ruleProblems(rule, "hpc")).toEqual(problems);
  });

  it.each([
    { record: "fed_hub:federation_x:count", expr: "sum(up)", labels: { cluster: "federation" } },
    { record: "fed_hub:federation_x:count", expr: "sum by (job) (up)", labels: { cluster: "federation" } },
    { record: "fed_hub:federation_x:count", expr: "vector(1)", labels: { cluster: "federation" } },
  ])("lets a total over all clusters be of the cluster federation: %j", (rule) => {
    expect(ruleProblems(rule, "cloud")).toEqual([]);
  });

  const total = "this is a total over all clusters";
  it.each([
    [
      { record: "fed_hub:federation_x:count", expr: "sum(up)" },
      [`fed_hub:federation_x:count: labels.cluster must be "federation": ${total}`],
    ],
    [
      { record: "fed_hub:federation_x:count", expr: "sum(up)", labels: { cluster: "cloud" } },
      [`fed_hub:federation_x:count: labels.cluster must be "federation": ${total}`],
    ],
    [
      {
        record: "fed_hub:federation_x:count",
        expr: "sum by (cluster) (up)",
        labels: { cluster: "federation" },
      },
      [`fed_hub:federation_x:count: the label cluster must not be kept: ${total}`],
    ],
    [
      { record: "fed_hub:x:count", expr: "sum(up)", labels: { cluster: "federation" } },
      [
        'fed_hub:x:count: the label cluster is lost: sum() has no "by (cluster, ...)"',
        "fed_hub:x:count: labels.cluster must not be set: the expression has input series, keep theirs",
      ],
    ],
  ])("lets nothing else be, and no total be of a cluster: %j", (rule, problems) => {
    expect(ruleProblems(rule, "cloud")).toEqual(problems);
  });

  it("asks what a cluster records for itself alone to be of itself too", () => {
    expect(ruleProblems({ record: "fed_local:x:y", expr: "sum by (cluster) (up)" }, "hpc")).toEqual([
      'fed_local:x:y: up must be restricted to {cluster="hpc"}: fed_local: series have one writer',
    ]);
  });

  it("asks for some cluster where none is given", () => {
    expect(ruleProblems({ record: "fed_cluster:x:y", expr: 'up{cluster=~".+"}' })).toEqual([
      'fed_cluster:x:y: up must be restricted to {cluster="<its own>"}: fed_cluster: series have one writer',
    ]);
  });
});

describe("the parser", () => {
  it("loads under tsx, as the program does", () => {
    const code = 'require("tsx/cjs"); console.log(require("./metrics/promql").syntaxErrors("sum(").join())';
    const cwd = join(__dirname, "../../..");
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", code], { cwd, encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "1:5: unexpected end of the expression\n", stderr: "" });
  });
});
