import { keyOf, type KeyPath, type Problem, shown, valueAt } from "./problems";
import { NAMESPACE } from "./reader";
import type { HubObject } from "./schema";
import { GPU_TYPE_LABEL } from "./servingSchema";
import type { ServedModel, ServedWorkload } from "./servingTypes";

const ROOT = `${NAMESPACE}hub.serving`;

/** Labels that every node has. */
const EVERY_NODE = ["kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch"];
/** Labels that those with GPUs have besides (Pulumi.cloud.yaml). */
const GPU_NODE = [GPU_TYPE_LABEL, "workload-type"];

type Node = HubObject["kubernetes"]["nodes"][number];

const labelsOf = ({ gpuType, labels = {} }: Node): readonly string[] => [
  ...EVERY_NODE,
  ...(gpuType === undefined ? [] : GPU_NODE),
  ...Object.keys(labels),
];

/** The Deployment behind a workload, which is what an autoscaler scales. */
const scaledBy = ({ kind, name }: ServedWorkload): string =>
  kind === "deployment" ? name : `${name}-predictor`;

/** What one model of `hub.serving` alone can not tell. */
export function servingProblems({ serving, kubernetes: { nodes } }: HubObject): readonly Problem[] {
  const problem = (path: KeyPath, message: string): Problem => {
    const value = valueAt(serving, path);
    return {
      key: keyOf(ROOT, path),
      ...(value === undefined ? {} : { value: shown(value) }),
      message,
    };
  };
  const types = [...new Set(nodes.flatMap(({ gpuType }) => gpuType ?? []))];
  return serving.flatMap(({ model, namespace, workload, placement: { gpuType }, topologySpread }, index) => {
    const sameModel = serving.findIndex((other) => other.model === model);
    const sameWorkload = serving.findIndex(
      (other) => other.namespace === namespace && scaledBy(other.workload) === scaledBy(workload),
    );
    const possible = nodes.filter((node) => gpuType === undefined || node.gpuType === gpuType);
    return [
      ...(sameModel === index
        ? []
        : [problem([index, "model"], `must differ from ${keyOf(ROOT, [sameModel, "model"])}`)]),
      ...(sameWorkload === index
        ? []
        : [
            {
              key: keyOf(ROOT, [index, "workload"]),
              message: `is Deployment ${namespace}/${scaledBy(workload)}, as in ${keyOf(ROOT, [sameWorkload])}: two autoscalers on one workload would fight`,
            },
          ]),
      ...(gpuType === undefined || types.includes(gpuType)
        ? []
        : [
            problem(
              [index, "placement", "gpuType"],
              `must be the gpuType of one of kubernetes.nodes: ${types.length === 0 ? "none has one" : types.join(", ")}`,
            ),
          ]),
      ...topologySpread.flatMap(({ topologyKey }, number) =>
        possible.length === 0 || possible.some((node) => labelsOf(node).includes(topologyKey))
          ? []
          : [
              problem(
                [index, "topologySpread", number, "topologyKey"],
                "must be a label of a node where the model may run: name it in kubernetes.nodes[*].labels where nodes " +
                  "have it, or use kubernetes.io/hostname",
              ),
            ],
      ),
    ];
  });
}

/** The served models that the stack scales and places, each with its place in the stack file. */
export function servedModels({ serving }: HubObject): readonly ServedModel[] {
  return serving.map(({ placement: { gpuType, nodeSelector, tolerations }, ...rest }, index) => ({
    ...rest,
    key: keyOf(ROOT, [index]),
    placement: {
      ...(gpuType === undefined ? {} : { gpuType }),
      nodeSelector: gpuType === undefined ? nodeSelector : { ...nodeSelector, [GPU_TYPE_LABEL]: gpuType },
      tolerations,
    },
  }));
}

/** Names of all models that health expects: those listed, and those that the stack scales or places. */
export const expectedModels = ({ servedModels: listed, serving }: HubObject): readonly string[] => [
  ...new Set([...listed, ...serving.map(({ model }) => model)]),
];
