import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ModelServingArgs } from "./modelServingArgs";
import { modelServingProblems } from "./modelServingArgs";
import {
  deploymentPatch,
  disruptionBudgetSpec,
  hpaSpec,
  inferenceServicePatch,
  scaledObjectSpec,
} from "./modelServingSpecs";

/** Owner of the fields that are set of a workload which is another's. */
const FIELD_MANAGER = "federation-serving";

const INFERENCE_SERVICE = { apiVersion: "serving.kserve.io/v1beta1", kind: "InferenceService" } as const;

const labelsOf = (model: string): Readonly<Record<string, string>> => ({
  "app.kubernetes.io/name": "model-serving",
  "app.kubernetes.io/instance": model,
  "app.kubernetes.io/component": "serving",
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
});

/**
 * How a model that is served already scales, and where it runs: an autoscaler, a disruption budget, and fields of its
 * Deployment or InferenceService.
 *
 * The workload belongs to whoever deployed it. Of it, server-side apply under a field manager of its own takes the
 * fields that are set and no others, from whoever had them; `destroy` gives them back, and they are absent until their
 * owner writes them again. An autoscaler and a budget may be there before their workload; fields of one that is not
 * there are an error, in a preview too.
 */
export class ModelServing extends pulumi.ComponentResource {
  public constructor(name: string, args: ModelServingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:performance:ModelServing", name, {}, opts);
    const problems = modelServingProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const metadata = { name: args.workload.name, namespace: args.namespace, labels: labelsOf(args.model) };
    this.autoscaler(name, args, metadata);
    const budget = disruptionBudgetSpec(args);
    if (budget !== undefined)
      new k8s.policy.v1.PodDisruptionBudget(
        `${name}-disruption-budget`,
        { metadata, spec: budget },
        { parent: this },
      );
    this.fields(name, args);
    this.registerOutputs({});
  }

  /** The autoscaler of a Deployment, with its name; KServe's own is among the fields of the InferenceService. */
  private autoscaler(
    name: string,
    { scaling, workload }: ModelServingArgs,
    metadata: types.input.meta.v1.ObjectMeta,
  ): void {
    const logicalName = `${name}-autoscaler`;
    if (scaling?.kind === "hpa")
      new k8s.autoscaling.v2.HorizontalPodAutoscaler(
        logicalName,
        { metadata, spec: hpaSpec(scaling, workload.name) },
        { parent: this },
      );
    if (scaling?.kind === "keda")
      new k8s.apiextensions.CustomResource(
        logicalName,
        {
          apiVersion: "keda.sh/v1alpha1",
          kind: "ScaledObject",
          metadata,
          spec: scaledObjectSpec(scaling, workload.name),
        },
        { parent: this },
      );
  }

  /** Fields of the workload, which is read first: one that is not there stops the preview. */
  private fields(name: string, args: ModelServingArgs): void {
    const { namespace, workload } = args;
    const id = `${namespace}/${workload.name}`;
    const metadata = {
      name: workload.name,
      namespace,
      annotations: {
        "pulumi.com/patchFieldManager": FIELD_MANAGER,
        "pulumi.com/patchForce": "true",
      },
    };
    if (workload.kind === "deployment") {
      const spec = deploymentPatch(args);
      if (spec === undefined) return;
      const existing = k8s.apps.v1.Deployment.get(`${name}-deployment`, id, { parent: this });
      new k8s.apps.v1.DeploymentPatch(
        `${name}-deployment-fields`,
        { metadata, spec },
        { parent: this, dependsOn: existing },
      );
      return;
    }
    const spec = inferenceServicePatch(args);
    if (spec === undefined) return;
    const existing = k8s.apiextensions.CustomResource.get(`${name}-inference-service`, {
      ...INFERENCE_SERVICE,
      id,
      parent: this,
    });
    new k8s.apiextensions.CustomResourcePatch(
      `${name}-inference-service-fields`,
      { ...INFERENCE_SERVICE, metadata, spec },
      { parent: this, dependsOn: existing },
    );
  }
}
