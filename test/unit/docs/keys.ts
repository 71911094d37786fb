import type { z } from "zod";
import { receiverSecretsSchema } from "../../../settings/alertingSchema";
import { grafanaTokenSchema } from "../../../settings/grafanaChecks";
import { hostCredentialsSchema } from "../../../settings/hostExportersSchema";
import { inspectSettings } from "../../../settings/parse";
import { hubSchema, memberSchema } from "../../../settings/schema";
import { httpCredentials, memberCredentials } from "../../../settings/sitePrometheusSchema";
import { minioCredentialsSchema, mlflowCredentialsSchema } from "../../../settings/transferSchema";

/** What is known of the inside of a key of a stack file. */
const SCHEMAS: Readonly<Record<string, z.core.$ZodType>> = {
  hub: hubSchema,
  member: memberSchema,
  minioCredentials: minioCredentialsSchema,
  mlflowCredentials: mlflowCredentialsSchema,
  receiverSecrets: receiverSecretsSchema,
  grafanaCredentials: grafanaTokenSchema,
  hostCredentials: hostCredentialsSchema,
  prometheusCredentials: httpCredentials,
  memberPrometheusCredentials: memberCredentials,
};

/** The schemas below one step (a key, an index) of a value of a schema; none where it has no such step. */
function below(schema: z.core.$ZodType, step: string): readonly z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object":
      return def.shape[step] === undefined ? [] : [def.shape[step]];
    case "array":
      return /^(\d+|\*|)$/.test(step) ? [def.element] : [];
    case "record":
      return [def.valueType];
    case "union":
      return def.options.flatMap((option) => below(option, step));
    case "pipe":
      return [...below(def.in, step), ...below(def.out, step)];
    case "optional":
    case "default":
    case "prefault":
    case "nullable":
      return below(def.innerType, step);
    default:
      return [];
  }
}

/** The steps of `a.b[0].c["d.e"]`: keys, and indices. */
const stepsOf = (key: string): readonly string[] =>
  [...key.matchAll(/\["([^"]+)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => quoted ?? index ?? name ?? "",
  );

/** Whether settings know a key, written as a path below `federation:`. */
export function isKey(path: string): boolean {
  const [name = "", ...steps] = stepsOf(path);
  const key = `federation:${name}`;
  const { problems } = inspectSettings({ [key]: "" }, "docs", new Set());
  if (problems.some((problem) => problem.key === key && problem.message.startsWith("unknown key")))
    return false;
  const schema = SCHEMAS[name];
  if (schema === undefined) return steps.length === 0;
  return steps.reduce((schemas, step) => schemas.flatMap((one) => below(one, step)), [schema]).length > 0;
}

/** The paths of every key in a value that was read from a stack file. */
export function pathsOf(value: unknown, path = ""): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => pathsOf(item, `${path}[${index}]`));
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    pathsOf(inner, path === "" ? key : /^\w+$/.test(key) ? `${path}.${key}` : `${path}["${key}"]`),
  );
}
