import type { Manifest } from "../clusters/objects";
import { restrictedContainer, restrictedPod, scriptDeployment, type PodScript } from "../clusters/scripts";
import { gpuResource } from "../gpus/inventory";
import type { AccessKey } from "../services/credentials";
import type { ServedVersion } from "./registry";

export const namespace = "models";
/** The model server's port, for traffic and metrics. */
export const port = 8080;
/** Requests a second of the load that never ends. */
export const lightLoad = 1;
const modelFolder = "/mnt/models";

export interface ServedModel extends ServedVersion {
  /** By digest. */
  readonly image: string;
  readonly store: { readonly url: string; readonly reader: AccessKey; readonly ca: string };
}

/** Name of the objects that KServe would make of an InferenceService in its standard mode. */
export const predictor = (model: string): string => `${model}-predictor`;

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Labels of the pods that serve a model, as KServe sets them. */
export const selectorOf = (model: string): Readonly<Record<string, string>> => ({
  app: `isvc.${predictor(model)}`,
  component: "predictor",
  "serving.kserve.io/inferenceservice": model,
});

/** How the storage initializer reaches the object store. */
function storeEnvironment(secret: string, url: string): readonly object[] {
  const of = (name: string): object => ({ name, valueFrom: { secretKeyRef: { name: secret, key: name } } });
  return [
    of("AWS_ACCESS_KEY_ID"),
    of("AWS_SECRET_ACCESS_KEY"),
    { name: "AWS_DEFAULT_REGION", value: "us-east-1" },
    { name: "AWS_ENDPOINT_URL", value: url },
    { name: "AWS_CA_BUNDLE", value: "/etc/store/ca.crt" },
    { name: "S3_VERIFY_SSL", value: "1" },
  ];
}

/** The pods of a served model: the storage initializer brings the registered version, the server answers. */
function podTemplate(served: ServedModel, secret: string): object {
  const { member, model, version, source, image, store } = served;
  const tmp = { name: "tmp", mountPath: "/tmp" };
  const common = {
    image,
    imagePullPolicy: "IfNotPresent",
    securityContext: restrictedContainer,
  };
  return {
    metadata: {
      labels: {
        ...selectorOf(model),
        "model-cluster": member,
        "model-name": model,
        "model-version": version,
      },
      annotations: {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": String(port),
        "prometheus.io/path": "/metrics",
        "internal.serving.kserve.io/storage-initializer-sourceuri": source,
      },
    },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 10,
      securityContext: { ...restrictedPod, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
      initContainers: [
        {
          ...common,
          name: "storage-initializer",
          command: ["python3.11", "/opt/server/download.py", source, modelFolder],
          env: storeEnvironment(secret, store.url),
          resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "1", memory: "384Mi" } },
          volumeMounts: [
            tmp,
            { name: "model", mountPath: modelFolder },
            { name: "store", mountPath: "/etc/store", readOnly: true },
          ],
        },
      ],
      containers: [
        {
          ...common,
          name: "kserve-container",
          args: [
            `--model_name=${model}`,
            `--model_dir=${modelFolder}`,
            `--http_port=${port}`,
            "--enable_grpc=false",
          ],
          // one thread: a pod has a third of a core
          env: [{ name: "OPENBLAS_NUM_THREADS", value: "1" }],
          ports: [{ name: "http1", containerPort: port }],
          readinessProbe: {
            httpGet: { path: "/v2/health/ready", port },
            periodSeconds: 1,
            failureThreshold: 60,
          },
          livenessProbe: {
            httpGet: { path: "/v2/health/live", port },
            initialDelaySeconds: 30,
            periodSeconds: 10,
            timeoutSeconds: 5,
          },
          resources: {
            requests: { cpu: "100m", memory: "160Mi", [gpuResource]: "1" },
            limits: { cpu: "300m", memory: "256Mi", [gpuResource]: "1" },
          },
          volumeMounts: [tmp, { name: "model", mountPath: modelFolder, readOnly: true }],
        },
      ],
      volumes: [
        { name: "tmp", emptyDir: {} },
        { name: "model", emptyDir: {} },
        { name: "store", secret: { secretName: secret, items: [{ key: "ca.crt", path: "ca.crt" }] } },
      ],
    },
  };
}

/** Where models are served; it stands before the stacks are deployed, whose autoscalers lie in it. */
export const modelsNamespace: Manifest = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: namespace },
};

/**
 * A served model by plain objects, named and labelled as KServe names them: its controller is not here. How it scales is
 * the stack's (`hub.serving`).
 */
export function servedModelObjects(served: ServedModel): readonly Manifest[] {
  const { model, store } = served;
  const name = predictor(model);
  const selector = selectorOf(model);
  const metadata = { name, namespace, labels: selector };
  const secret = `${name}-store`;
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: secret, namespace },
      data: {
        AWS_ACCESS_KEY_ID: base64(store.reader.accessKey),
        AWS_SECRET_ACCESS_KEY: base64(store.reader.secretKey),
        "ca.crt": base64(store.ca),
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      // without replicas: these are the autoscaler's
      spec: {
        selector: { matchLabels: selector },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: podTemplate(served, secret),
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector, ports: [{ name: "http1", port: 80, targetPort: port, protocol: "TCP" }] },
    },
  ];
}

/** What asks the served model for as long as the sandbox runs. */
export function loadObjects(model: string, script: string, nodeImage: string): readonly Manifest[] {
  const name = `${model}-light-load`;
  const labels = { "app.kubernetes.io/name": "light-load", "app.kubernetes.io/instance": name };
  const load: PodScript = {
    namespace,
    name,
    text: script,
    image: nodeImage,
    env: [
      { name: "TARGET", value: `http://${predictor(model)}` },
      { name: "MODEL", value: model },
      { name: "REQUESTS_PER_SECOND", value: String(lightLoad) },
    ],
    resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { cpu: "100m", memory: "128Mi" } },
  };
  return scriptDeployment(load, labels);
}
