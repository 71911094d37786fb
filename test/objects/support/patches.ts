import type { Manifest } from "../../../sandbox/clusters/objects";

/** Under which manager the fields of an object are set that is another's; undefined for an object of the stack's own. */
export const fieldManagerOf = ({ metadata: { annotations } }: Manifest): string | undefined =>
  annotations?.["pulumi.com/patchFieldManager"];

const PROBE = { httpGet: { path: "/v2/health/ready", port: 8080 } };

interface DeploymentFields {
  readonly template: { readonly spec: { readonly containers?: readonly { readonly name: string }[] } };
}

const specs: Readonly<Record<string, (object: Manifest) => object>> = {
  Deployment: ({ metadata: { name }, spec }) => {
    const { containers } = (spec as DeploymentFields).template.spec;
    const labels = { app: name };
    return {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: containers?.[0]?.name ?? "kserve-container",
              image: "docker.io/vllm/vllm-openai:v0.21.0",
              resources: { requests: { cpu: "500m" } },
              readinessProbe: PROBE,
            },
          ],
        },
      },
    };
  },
  InferenceService: () => ({
    predictor: {
      model: { modelFormat: { name: "huggingface" }, storageUri: "s3://models/chat", readinessProbe: PROBE },
    },
  }),
};

/** The workload that others have deployed, of which an object sets fields. */
export function baseOf(object: Manifest): Manifest {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  const spec = specs[kind];
  if (spec === undefined) throw new Error(`fields of a ${kind} ${name}, of which nothing is known`);
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: spec(object),
  };
}
