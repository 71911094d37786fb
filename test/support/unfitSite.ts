/* A process of its own: runs a member's whole program whose site's Prometheus does not answer. */
import * as pulumi from "@pulumi/pulumi";
import { MEMBER_OBJECT, UID, edited, memberConfig } from "../unit/settings/samples";
import { printRefusal } from "./refusal";
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

printRefusal(
  () => {
    pulumi.runtime.setAllConfig(config, ["federation:kubeconfig", credentials]);
    return module.require("../../index");
  },
  { clusterUid: UID, stackOutputs: { memberCredentials: { hpc: { ...web, alerts } } } },
);
