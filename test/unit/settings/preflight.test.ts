import { stringify } from "yaml";
import { preflight, type PreflightArgs, promtoolOnPath, type Promtool } from "../../../settings/preflight";
import { renderRules } from "../../../rules/render";
import type { RuleGroup } from "../../../rules/types";

const GROUP: RuleGroup = {
  name: "cluster",
  rules: [
    { record: "fed_cluster:targets:up", expr: 'sum by (cluster, job) (up{cluster="hpc"})' },
    { record: "fed_cluster:heartbeat:timestamp_seconds", expr: "vector(time())", labels: { cluster: "hpc" } },
  ],
};

function args(groups: readonly RuleGroup[] = [GROUP], config: object = {}): PreflightArgs {
  return {
    stack: "hpc",
    cluster: "hpc",
    prometheusConfig: stringify({
      global: { scrape_interval: "30s" },
      rule_files: ["/etc/prometheus/config/rules-cluster.yml"],
      scrape_configs: [{ job_name: "node" }],
      ...config,
    }),
    ruleFiles: { "rules-cluster.yml": renderRules(groups) },
    ruleGroups: groups,
  };
}

const absent: Promtool = () => undefined;

/** A promtool that answers as the real one does and keeps what it was asked. */
function scripted(answers: readonly { readonly ok: boolean; readonly output: string }[]) {
  const asked: string[] = [];
  const promtool: Promtool = (words, folder) => {
    asked.push(words.join(" "));
    const answer = answers[asked.length - 1] ?? { ok: true, output: "" };
    return { ...answer, output: answer.output.replaceAll("FOLDER", folder) };
  };
  return { asked, promtool };
}

test("accepts good rules without promtool, and says that it took no part", () => {
  expect(preflight(args(), absent)).toBe(false);
});

test("asks promtool for configuration and rules, and tells every problem in one error", () => {
  const { asked, promtool } = scripted([
    {
      ok: false,
      output: "Checking prometheus.yml\n  FAILED: parsing YAML file FOLDER/prometheus.yml: unknown field\n",
    },
    { ok: true, output: "SUCCESS: 2 rules found" },
  ]);
  const broken: RuleGroup = {
    name: "cluster",
    rules: [{ record: "fed_cluster:targets:up", expr: "sum(up" }],
  };
  expect(() => preflight(args([broken]), promtool)).toThrow(
    /^stack "hpc": 2 problems in Prometheus's configuration and rules, nothing was touched\n {2}- rules: group cluster: fed_cluster:targets:up: .+\n {2}- promtool: parsing YAML file prometheus.yml: unknown field$/,
  );
  expect(asked).toEqual(["check config --syntax-only prometheus.yml", "check rules rules-cluster.yml"]);
});

test("refuses a rule that loses the label cluster", () => {
  const losing: RuleGroup = {
    name: "cluster",
    rules: [{ record: "fed_cluster:targets:up", expr: 'sum(up{cluster="hpc"})' }],
  };
  expect(() => preflight(args([losing]), absent)).toThrow(
    /fed_cluster:targets:up: the label cluster is lost/,
  );
});

test("refuses two jobs and two groups of one name", () => {
  const twice = { scrape_configs: [{ job_name: "node" }, { job_name: "node" }] };
  expect(() => preflight(args([GROUP, GROUP], twice), absent)).toThrow(
    [
      'stack "hpc": 2 problems in Prometheus\'s configuration and rules, nothing was touched',
      "  - prometheus.yml: job node stands twice",
      "  - rules: group cluster stands twice",
    ].join("\n"),
  );
});

const installed = promtoolOnPath(["--version"], ".") !== undefined;
const withPromtool = installed ? test : test.skip;
if (!installed) console.log("skipped: promtool is not on PATH");

withPromtool("the real promtool accepts the good and names what is wrong in the bad", () => {
  expect(preflight(args())).toBe(true);
  expect(() =>
    preflight(args([GROUP], { scrape_configs: [{ job_name: "node", scrape_intervall: "5s" }] })),
  ).toThrow(/promtool: .*field scrape_intervall not found/);
});
