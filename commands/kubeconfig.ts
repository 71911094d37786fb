import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";

interface Named<Key extends string> {
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly kind: Key;
}

type Section = Readonly<Record<string, unknown>>;

function entry<Key extends string>(content: Section, section: string, kind: Key, name: string): Named<Key> {
  const entries = (content[section] ?? []) as readonly Section[];
  const value = entries.find((one) => one.name === name)?.[kind];
  if (typeof value !== "object" || value === null) throw new Error(`the kubeconfig has no ${kind} "${name}"`);
  return { name, kind, value: value as Section };
}

/** Fields that name files, and the fields that hold the same content. */
const FILES: Readonly<Record<string, string>> = {
  "certificate-authority": "certificate-authority-data",
  "client-certificate": "client-certificate-data",
  "client-key": "client-key-data",
};

function embedded(value: Section, folder: string): Section {
  return Object.fromEntries(
    Object.entries(value).map(([field, content]) => {
      const target = FILES[field];
      if (target === undefined || typeof content !== "string") return [field, content];
      return [target, fs.readFileSync(path.resolve(folder, content)).toString("base64")];
    }),
  );
}

/**
 * The part of a kubeconfig file that reaches one cluster, with every file it names embedded, so that it works on any
 * machine. `context` is the file's current one where it is not given.
 */
export function kubeconfigOf(file: string, context?: string): string {
  const content = parse(fs.readFileSync(file, "utf8")) as Section;
  const current = context ?? content["current-context"];
  if (typeof current !== "string" || current === "")
    throw new Error(`${file} has no current context: say --context`);
  const chosen = entry(content, "contexts", "context", current);
  const cluster = entry(content, "clusters", "cluster", String(chosen.value.cluster));
  const user = entry(content, "users", "user", String(chosen.value.user));
  const folder = path.dirname(file);
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": current,
    contexts: [{ name: chosen.name, context: chosen.value }],
    clusters: [{ name: cluster.name, cluster: embedded(cluster.value, folder) }],
    users: [{ name: user.name, user: embedded(user.value, folder) }],
  });
}
