import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { VerifiedCluster, identityProblem } from "../../../components/kubernetes/verifiedCluster";
import { CLUSTER_UID, SECRET_MARK, record, summary } from "../../support/mocks";
import type { RecordOptions, Registration } from "../../support/mocks";

const OTHER_UID = "0c8b6f5e-0000-4000-8000-00000000000f";
const SECRET = { ...SECRET_MARK, value: "kubeconfig" };

const declare = (options?: RecordOptions): Promise<readonly Registration[]> =>
  record(
    () =>
      new VerifiedCluster("cluster", { kubeconfig: "kubeconfig", expectedUid: CLUSTER_UID, stack: "hpc" }),
    options,
  );

describe("a verified cluster", () => {
  it("reads kube-system by a provider of its own, then makes the working provider", async () => {
    const registrations = await declare();
    expect(registrations).toEqual([
      { type: "federation:kubernetes:VerifiedCluster", name: "cluster", inputs: {}, provider: "" },
      {
        type: "pulumi:providers:kubernetes",
        name: "cluster-bootstrap",
        inputs: { kubeconfig: SECRET, clusterIdentifier: CLUSTER_UID },
        provider: "",
      },
      {
        type: "kubernetes:core/v1:Namespace",
        name: "cluster-identity",
        inputs: {},
        provider: "cluster-bootstrap",
        id: "kube-system",
      },
      {
        type: "pulumi:providers:kubernetes",
        name: "cluster-provider",
        inputs: {
          kubeconfig: SECRET,
          clusterIdentifier: CLUSTER_UID,
          enableConfigMapMutable: "true",
          enableSecretMutable: "true",
          enableServerSideApply: "true",
        },
        provider: "",
      },
    ]);
  });

  it("registers the same in a preview", async () => {
    expect(summary(await declare({ preview: true }))).toEqual(summary(await declare()));
  });

  it("registers no working provider where the UID is another cluster's", () => {
    const script = path.join(__dirname, "../../support/wrongCluster.ts");
    const run = spawnSync(process.execPath, ["--import", "tsx", script, CLUSTER_UID, OTHER_UID], {
      encoding: "utf8",
    });
    expect(run.stderr).toBe("");
    expect(JSON.parse(run.stdout)).toEqual({
      registered: ["cluster", "cluster-bootstrap", "cluster-identity"],
      error: expect.stringContaining(
        `expects the kube-system UID "${CLUSTER_UID}", found "${OTHER_UID}"`,
      ) as string,
    });
  });

  it("says which UID was expected, which was found, and what to do", () => {
    expect(identityProblem("hpc", CLUSTER_UID, CLUSTER_UID)).toBeUndefined();
    expect(identityProblem("hpc", CLUSTER_UID, OTHER_UID)).toBe(
      "stack hpc: the kubeconfig leads to another cluster. federation:clusterUid expects the kube-system UID " +
        `"${CLUSTER_UID}", found "${OTHER_UID}". Nothing was changed. Set federation:kubeconfig to the cluster of ` +
        "this stack; if the cluster was rebuilt, record its UID with: npm run init -- --stack hpc",
    );
  });
});
