import * as pulumi from "@pulumi/pulumi";

/** One registration as the engine would have received it; a read has an `id`. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Logical name of the explicit provider, empty for none. */
  readonly provider: string;
  readonly id?: string;
}

export interface RecordOptions {
  readonly preview?: boolean;
  /** What the cluster says the UID of kube-system is. */
  readonly clusterUid?: string;
  /** What objects that are read are, by id. */
  readonly reads?: Readonly<Record<string, object>>;
  /** Outputs of referenced stacks. */
  readonly stackOutputs?: Readonly<Record<string, unknown>>;
  /** What functions return, by token; default: their own arguments. */
  readonly calls?: Readonly<Record<string, (inputs: Readonly<Record<string, unknown>>) => object>>;
  /** Filled while the program runs, so that a failing one can be looked into. */
  readonly into?: Registration[];
}

/** What marks a secret value in what the engine receives. */
export const SECRET_MARK = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
} as const;

export const CLUSTER_UID = "0c8b6f5e-0000-4000-8000-000000000001";

const named = (inputs: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> => {
  const metadata = (inputs.metadata ?? {}) as Record<string, unknown>;
  return { ...inputs, metadata: { name: `${name}-auto`, ...metadata } };
};

/** Runs a program against a mocked engine and returns what it registered and read, in order, when all of it settled. */
export async function record(
  program: () => unknown,
  options: RecordOptions = {},
): Promise<readonly Registration[]> {
  const registrations = options.into ?? [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        const { type, name, provider, id } = args;
        const inputs = args.inputs as Record<string, unknown>;
        registrations.push({
          type,
          name,
          inputs,
          provider: /::([^:]+)::[^:]*$/.exec(provider ?? "")?.[1] ?? "",
          ...(id === undefined || id === "" ? {} : { id }),
        });
        const state =
          type === "pulumi:pulumi:StackReference"
            ? { ...inputs, outputs: options.stackOutputs ?? {} }
            : id === "kube-system"
              ? { metadata: { name: id, uid: options.clusterUid ?? CLUSTER_UID } }
              : { ...named(inputs, name), ...options.reads?.[id ?? ""] };
        return { id: id === undefined || id === "" ? `${name}-id` : id, state };
      },
      call: ({ token, inputs }) => {
        const given = inputs as Record<string, unknown>;
        return options.calls?.[token]?.(given) ?? given;
      },
    },
    "federation",
    "test",
    options.preview ?? false,
  );
  await program();
  await pulumi.runtime.disconnect();
  return registrations;
}

/** The registrations as `type name`, sorted. */
export const summary = (registrations: readonly Registration[]): readonly string[] =>
  registrations.map(({ type, name }) => `${type} ${name}`).sort();

/** The one registration of a name; throws where there is none or more. */
export function only(registrations: readonly Registration[], name: string): Registration {
  const found = registrations.filter((registration) => registration.name === name);
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} registrations of ${name}`);
  return found[0];
}

/** The value of an output, secret or not. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply((value) => resolve(value)));
}
