import { readFileSync } from "node:fs";
import * as z from "zod";
import { settingsSchema } from "../settings";
import { SettingsError } from "../settingsError";

const { s3, mlflow, timeouts, retry } = settingsSchema.shape;

/** Settings of the hub's commands: `gc`, `promote`, `rollback`, and `export` of their metrics. */
const hubSettingsSchema = z
  .strictObject({
    s3,
    mlflow: mlflow.unwrap(),
    timeouts,
    retry,
    /** Members whose versions are looked after; nothing else in the bucket is touched. */
    members: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)).min(1),
    retention: z
      .strictObject({
        /** Versions kept of each model, whatever else reaches them. */
        keepLast: z.int().min(1).default(5),
        /** Seconds during which nothing is removed: not less than the longest deadline of a transfer. */
        minAgeSeconds: z
          .number()
          .positive()
          .default(7 * 24 * 3600),
        /** Removes what the plan names; otherwise the plan is only shown and counted. */
        apply: z.boolean().default(false),
      })
      .prefault({}),
    /** Where live services are found: in this cluster, or nowhere, for a hub that serves no models. */
    inferenceServices: z.enum(["kubernetes", "none"]).default("kubernetes"),
  })
  .superRefine(({ mlflow: { usernameFile, passwordFile, allowUnauthenticated } }, context) => {
    if (
      (usernameFile === undefined) !== (passwordFile === undefined) ||
      (usernameFile === undefined && !allowUnauthenticated)
    )
      context.addIssue({
        code: "custom",
        path: ["mlflow"],
        message:
          "set usernameFile and passwordFile, or allowUnauthenticated: true for a registry anyone can write to",
      });
  });

export type HubSettings = z.output<typeof hubSettingsSchema>;

/** Checks the hub's settings; a SettingsError names each field with its fault. */
export function parseHubSettings(value: unknown): HubSettings {
  const result = hubSettingsSchema.safeParse(value);
  if (result.success) return result.data;
  throw new SettingsError(
    result.error.issues.map(({ path, message }) => `${path.join(".") || "settings"}: ${message}`).join("\n"),
  );
}

/** Reads and checks the hub's settings file. */
export function readHubSettings(path: string): HubSettings {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new SettingsError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseHubSettings(value);
}
