import * as path from "node:path";
import { parseArgs } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { MEMBER_CREDENTIALS_OUTPUT } from "../settings";
import type { MemberCredentials } from "../settings";
import { configOfFile, NO_UID, withPlaceholders } from "./placeholders";

/** A Kubernetes object as the program declares it. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

const USAGE = "npm run --silent render -- --stack NAME [--config-dir DIR]";
const HIDDEN = "[secret]";
const KUBERNETES = "kubernetes:";
const REFERENCE = "pulumi:pulumi:StackReference";

/** Marks of the wire form of a secret. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

function isSecret(value: object): boolean {
  return Reflect.get(value, SIGNATURE) === SECRET_SIGNATURE;
}

/** A value without anything secret. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return HIDDEN;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}

/** A Secret's data with nothing but its keys. */
function keysOnly(data: unknown): unknown {
  if (typeof data !== "object" || data === null) return HIDDEN;
  if (isSecret(data)) return keysOnly(Reflect.get(data, "value"));
  return Object.fromEntries(Object.keys(data).map((key) => [key, HIDDEN]));
}

function hiddenData(inputs: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [
      key,
      key === "data" || key === "stringData" ? keysOnly(value) : value,
    ]),
  );
}

function objectOf(logicalName: string, inputs: Readonly<Record<string, unknown>>): RenderedObject {
  const metadata = (inputs.metadata ?? {}) as Readonly<Record<string, unknown>>;
  const shown = withoutSecrets(inputs.kind === "Secret" ? hiddenData(inputs) : inputs) as RenderedObject;
  return { ...shown, metadata: { name: logicalName, ...metadata } };
}

function placeholderCredentials(): MemberCredentials {
  const user = { accessKey: HIDDEN, secretKey: HIDDEN };
  return {
    caCertificates: HIDDEN,
    serverCertificate: HIDDEN,
    serverKey: HIDDEN,
    users: {},
    local: { username: HIDDEN, password: HIDDEN },
    alerts: { username: HIDDEN, password: HIDDEN },
    transfer: { region: "us-east-1", bucket: "models", writer: user, reader: user },
  };
}

/** Answers as the engine would, and keeps what is declared. */
class Recorder implements pulumi.runtime.Mocks {
  readonly objects: RenderedObject[] = [];

  public constructor(private readonly cluster: string) {}

  public newResource({
    type,
    name,
    inputs,
    id,
  }: pulumi.runtime.MockResourceArgs): pulumi.runtime.MockResourceResult {
    const declared = inputs as Readonly<Record<string, unknown>>;
    if (type === REFERENCE)
      return {
        id: name,
        state: {
          ...declared,
          outputs: { [MEMBER_CREDENTIALS_OUTPUT]: { [this.cluster]: placeholderCredentials() } },
        },
      };
    if (id !== undefined && id !== "")
      return { id, state: { ...declared, metadata: { name: id, uid: NO_UID } } };
    if (!type.startsWith(KUBERNETES)) return { id: name, state: declared };
    const object = objectOf(name, declared);
    this.objects.push(object);
    return { id: name, state: { ...declared, metadata: object.metadata } };
  }

  /** Hosts are not asked: all is as declared on them. */
  public call({ token }: pulumi.runtime.MockCallArgs): Readonly<Record<string, string>> {
    return token === "command:local:run" ? { stdout: "mark render\nnonce 00000000" } : {};
  }
}

function sortKey({ kind, metadata }: RenderedObject): string {
  return [kind, metadata.namespace ?? "", metadata.name].join("\u0000");
}

/**
 * Every Kubernetes object that a stack declares, sorted by kind, namespace and name: the program run on recorded
 * answers, without a cluster, a state or a passphrase. Objects named by the provider show their logical name.
 *
 * `folder` holds `Pulumi.<stack>.yaml`. Throws what the program throws on such settings.
 */
export async function renderObjects(
  stack: string,
  folder = process.cwd(),
): Promise<readonly RenderedObject[]> {
  const { values, secretKeys } = await withPlaceholders(configOfFile(folder, stack), stack);
  const recorder = new Recorder(values["federation:cluster"] ?? "");
  await pulumi.runtime.setMocks(recorder, "federation", stack, true, "organization");
  pulumi.runtime.setAllConfig({ ...values }, [...secretKeys]);
  runProgram();
  await pulumi.runtime.disconnect();
  if (recorder.objects.length === 0)
    throw new Error("the program declared nothing: its modules are cached by something else than Node.js");
  return recorder.objects.toSorted((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
}

/** Runs the program once more, though this process may have run it for another stack. */
function runProgram(): void {
  const program = require.resolve("../index");
  Reflect.deleteProperty(require.cache, program);
  module.require(program);
}

/** The objects as one YAML stream with sorted keys. */
function renderYaml(objects: readonly RenderedObject[]): string {
  return objects
    .map((object) => stringify(object, { lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false }))
    .join("---\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { stack: { type: "string" }, "config-dir": { type: "string" } } });
  if (values.stack === undefined) throw new Error(`usage: ${USAGE}`);
  process.stdout.write(
    renderYaml(await renderObjects(values.stack, path.resolve(values["config-dir"] ?? "."))),
  );
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
