/*
 * A process of its own, as the refusal is a rejection that nobody handles and ends the program, as it does under Pulumi:
 * prints the names that were registered and the error as JSON.
 */
import { VerifiedCluster } from "../../components/kubernetes/verifiedCluster";
import { record } from "./mocks";
import type { Registration } from "./mocks";

const [expectedUid = "", clusterUid = ""] = process.argv.slice(2);
const into: Registration[] = [];
const errors: unknown[] = [];
const failed = (error: unknown): void => void errors.push(error);
process.on("unhandledRejection", failed);
process.on("exit", () => {
  const [error] = errors;
  const registered = into.map(({ name }) => name);
  process.stdout.write(JSON.stringify({ registered, error: error instanceof Error ? error.message : null }));
});
record(() => new VerifiedCluster("cluster", { kubeconfig: "kubeconfig", expectedUid, stack: "hpc" }), {
  clusterUid,
  into,
}).catch(failed);
