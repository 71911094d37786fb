/*
 * A process of its own, as the refusal is a rejection that nobody handles and ends the program, as it does under Pulumi:
 * runs a member's whole program whose site's Prometheus does not answer, and prints the names that were registered and
 * the error as JSON.
 */
import * as pulumi from "@pulumi/pulumi";
import { MEMBER_OBJECT, UID, edited, memberConfig } from "../unit/settings/samples";
import { record } from "./mocks";
import type { Registration } from "./mocks";
import { web } from "./sites";

const prometheus = {
  mode: "existing",
  url: "https://127.0.0.1:1",
  object: { namespace: "monitoring", name: "kube-prometheus-stack-prometheus" },
};
const credentials = "federation:prometheusCredentials";
const config = {
  ...memberConfig(edited(MEMBER_OBJECT, "prometheus", prometheus)),
  [credentials]: JSON.stringify({ token: "token" }),
};
const alerts = { username: "alerts-hpc-1", password: "alerts password" };

const into: Registration[] = [];
const errors: unknown[] = [];
const failed = (error: unknown): void => void errors.push(error);
process.on("unhandledRejection", failed);
process.on("exit", () => {
  const [error] = errors;
  const registered = into.map(({ name }) => name);
  process.stdout.write(JSON.stringify({ registered, error: error instanceof Error ? error.message : null }));
});
record(
  () => {
    pulumi.runtime.setAllConfig(config, ["federation:kubeconfig", credentials]);
    return module.require("../../index");
  },
  { clusterUid: UID, stackOutputs: { memberCredentials: { hpc: { ...web, alerts } } }, into },
).catch(failed);
