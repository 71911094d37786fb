/* A process of its own: declares a verified cluster by the UID that is expected and the one that the cluster has. */
import { VerifiedCluster } from "../../components/kubernetes/verifiedCluster";
import { printRefusal } from "./refusal";

const [expectedUid = "", clusterUid = ""] = process.argv.slice(2);
printRefusal(() => new VerifiedCluster("cluster", { kubeconfig: "kubeconfig", expectedUid, stack: "hpc" }), {
  clusterUid,
});
