import { isTree, treeAt, unknownString as unknown, type Tree } from "../properties";
import { groupOf, type Kind } from "./objects";

/**
 * A dry run's object as a preview shows it: what the server will only assign when the object is really made
 * (identity, status, addresses of a Service) is unknown, not the dry run's throw-away value.
 */
export function previewOutputs(kind: Kind, live: Tree, inputs: Tree): Tree {
  const assigned = ["uid", "resourceVersion", "creationTimestamp", "generation"];
  const metadata = {
    ...Object.fromEntries(
      Object.entries(treeAt(live, "metadata")).filter(([key]) => key !== "managedFields"),
    ),
    ...Object.fromEntries(assigned.map((key) => [key, unknown])),
  };
  const outputs = { ...live, metadata, status: unknown };
  if (kind.kind !== "Service" || groupOf(kind.apiVersion) !== "") return outputs;
  return { ...outputs, spec: servicePreview(treeAt(live, "spec"), treeAt(inputs, "spec")) };
}

function servicePreview(live: Tree, inputs: Tree): Tree {
  const addresses = Object.fromEntries(
    ["clusterIP", "clusterIPs"].filter((key) => !(key in inputs)).map((key) => [key, unknown]),
  );
  const given = Array.isArray(inputs.ports) ? (inputs.ports as readonly unknown[]) : [];
  const ports = (Array.isArray(live.ports) ? (live.ports as readonly unknown[]) : []).map((port, index) => {
    const asked = given[index];
    return isTree(port) && "nodePort" in port && !(isTree(asked) && "nodePort" in asked)
      ? { ...port, nodePort: unknown }
      : port;
  });
  return { ...live, ...addresses, ports };
}
