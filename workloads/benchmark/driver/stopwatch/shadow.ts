import type { KubeObject } from "./kubernetes";

/** Marks every object of a shadow copy, so that a later run finds what one that was killed left behind. */
export const SHADOW_LABEL = "benchmark.federation/shadow";

/** KServe's admission gives their model to pods that have it: a copy without it would start and have nothing to serve. */
const SERVED_LABEL = "serving.kserve.io/inferenceservice";

type Labels = Readonly<Record<string, string>>;

/** As much of a container as is read here. */
export interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
  readonly readinessProbe?: { readonly periodSeconds?: number };
}

export interface Deployment extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels?: Labels };
    readonly template: {
      readonly metadata?: Readonly<Record<string, unknown>> & { readonly labels?: Labels };
      readonly spec: Readonly<Record<string, unknown>> & { readonly containers?: readonly Container[] };
    };
  };
}

export interface Service extends KubeObject {
  readonly spec: {
    readonly selector?: Labels;
    readonly ports: readonly { readonly port: number; readonly nodePort?: number }[];
    readonly type?: string;
  };
}

/** Name of the shadow of a Deployment, and of the Service before it. */
export const shadowName = (deployment: string): string =>
  `${deployment}-bench`.slice(-63).replace(/^[^a-z0-9]+/, "");

/** Label selector of a shadow's objects. */
export const shadowSelector = (name: string): string => `${SHADOW_LABEL}=${name}`;

/** The one label of the original that its copy has too; none where that alone would put the copy into rotation. */
function servedLabel({ spec: { template } }: Deployment, { spec: { selector = {} } }: Service): Labels {
  const value = template.metadata?.labels?.[SERVED_LABEL];
  const selected = Object.keys(selector).every((label) => label === SERVED_LABEL);
  return value === undefined || selected ? {} : { [SERVED_LABEL]: value };
}

/**
 * A copy of a Deployment with one replica that its Service does not select: its pods carry one label of their own and, of
 * the original's, the one by which KServe injects the model. The containers are the same to the byte.
 */
export function shadowDeployment(original: Deployment, name: string, service: Service): object {
  const labels = { [SHADOW_LABEL]: name };
  const { spec } = original;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      ...spec,
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        ...spec.template,
        metadata: { ...spec.template.metadata, labels: { ...servedLabel(original, service), ...labels } },
      },
    },
  };
}

/** A Service before a shadow's pods, with the original's ports, inside the cluster only. */
export function shadowService(original: Service, name: string): object {
  const labels = { [SHADOW_LABEL]: name };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels },
    spec: { selector: labels, ports: original.spec.ports.map(({ nodePort: _nodePort, ...port }) => port) },
  };
}
