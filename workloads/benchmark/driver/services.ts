/** The services that a run works with beside its target: where each is, whom we trust, who we are. */
import * as z from "zod";
import { readNamedFile } from "./files";
import { basic, type Endpoint } from "./http";

export const file = z.string().startsWith("/", "an absolute path");
export const httpUrl = z.url({ protocol: /^https?$/ });

export const authority = {
  /** The only authority trusted; absent: the system's own. */
  caFile: file.optional(),
};

const login = {
  ...authority,
  /** Files with the name and the password of basic authentication; read anew for every request. */
  usernameFile: file.optional(),
  passwordFile: file.optional(),
};
type Login = Partial<Readonly<Record<"usernameFile" | "passwordFile", string | undefined>>>;
const together = ({ usernameFile, passwordFile }: Login): boolean =>
  (usernameFile === undefined) === (passwordFile === undefined);
const TOGETHER = { path: ["passwordFile"], message: "is given together with usernameFile, or neither is" };

export const prometheusSchema = z
  .strictObject({
    url: httpUrl,
    ...login,
    /** Seconds after a window's end until its last scrape can be asked for. */
    settleSeconds: z.number().nonnegative().default(35),
    /** Regular expression of the served model's pods. */
    pods: z.string().min(1),
    container: z.string().min(1).default("kserve-container"),
  })
  .refine(together, TOGETHER);

/** Where k6's own series go. */
export const remoteWriteSchema = z.strictObject({ url: httpUrl, ...login }).refine(together, TOGETHER);

/** The bucket that keeps results, reports and the summaries that later runs are compared with. */
export const storeSchema = z.strictObject({
  url: httpUrl,
  ...authority,
  region: z.string().min(1).default("us-east-1"),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name"),
  accessKeyFile: file,
  secretKeyFile: file,
});

/** The MLflow that knows the model's versions. */
export const registrySchema = z
  .strictObject({
    url: httpUrl,
    ...login,
    /** Name of the registered model, where the server knows it by another; absent: the target's model. */
    model: z.string().min(1).optional(),
    /** Alias of the version that is measured where the target names none. */
    alias: z.string().min(1).default("candidate"),
    /** Whether a run that passes moves the alias `champion` to its version. */
    promote: z.boolean().default(false),
  })
  .refine(together, TOGETHER);

export const kubernetesSchema = z.strictObject({
  /** API server; absent: the one of the pod's service account. */
  url: httpUrl.optional(),
  caFile: file.default("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"),
  tokenFile: file.default("/var/run/secrets/kubernetes.io/serviceaccount/token"),
  namespace: z.string().min(1),
  deployment: z.string().min(1),
  /** Service whose endpoints say which replicas are in rotation. */
  service: z.string().min(1),
  /** HorizontalPodAutoscaler that decides on replicas. */
  autoscaler: z.string().min(1).optional(),
});

export type PrometheusSettings = z.output<typeof prometheusSchema>;
export type StoreSettings = z.output<typeof storeSchema>;
export type RegistrySettings = z.output<typeof registrySchema>;
export type KubernetesSettings = z.output<typeof kubernetesSchema>;

/** A service with who we are; the authority is read now, name and password for every request. */
export function endpointOf({
  url,
  caFile,
  usernameFile,
  passwordFile,
}: Login & { readonly url: string; readonly caFile?: string | undefined }): Endpoint {
  return {
    url,
    ...(caFile !== undefined && { ca: readNamedFile(caFile) }),
    ...(usernameFile !== undefined &&
      passwordFile !== undefined && {
        authorization: () => basic(readNamedFile(usernameFile), readNamedFile(passwordFile)),
      }),
  };
}
