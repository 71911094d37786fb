import { parseArgs } from "node:util";

const USAGE = `npm run validate -- --stack NAME [--markdown FILE] [--json FILE] [--no-canary] [--canary-seconds N]
  [--versions N] [--read MIB] [--request MODEL=FILE ...] [--prometheus CLUSTER=URL ...]`;

export interface ValidateOptions {
  readonly stack: string;
  /** Files that the report is written to beside the terminal. */
  readonly markdown?: string;
  readonly json?: string;
  /** Whether a canary is sent its way; everything else only reads. */
  readonly canary: boolean;
  /** Seconds that its way may take beyond the settle window of its site. */
  readonly canarySeconds: number;
  /** Newest versions of each registered model whose objects are looked at. */
  readonly versions: number;
  /** Bytes of them that are read back and hashed. */
  readonly readBytes: number;
  /** By served model: file with the body of a request that it answers. */
  readonly requests: Readonly<Record<string, string>>;
  /** By cluster: where its Prometheus is asked in place of its stack's own address. */
  readonly prometheus: Readonly<Record<string, string>>;
}

/** Those to which a password may go: what is sent to a forwarded port of this machine stays on it. */
const SAFE_URL = /^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/;

function pairs(flag: string, given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new Error(`--${flag} "${text}": write NAME=VALUE\nusage: ${USAGE}`);
      return [name, value];
    }),
  );
}

function whole(flag: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least)
    throw new Error(`--${flag} "${text}": write a whole number of ${least} or more\nusage: ${USAGE}`);
  return number;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        stack: { type: "string" },
        markdown: { type: "string" },
        json: { type: "string" },
        "no-canary": { type: "boolean", default: false },
        "canary-seconds": { type: "string", default: "300" },
        versions: { type: "string", default: "3" },
        read: { type: "string", default: "64" },
        request: { type: "string", multiple: true, default: [] },
        prometheus: { type: "string", multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nusage: ${USAGE}`);
  }
}

/** Options of a command line; throws with the usage where they make no sense. */
export function validateOptions(args: readonly string[]): ValidateOptions {
  const values = parsed(args);
  const { stack, markdown, json } = values;
  if (stack === undefined || stack === "") throw new Error(`--stack is missing\nusage: ${USAGE}`);
  const prometheus = pairs("prometheus", values.prometheus);
  for (const [cluster, url] of Object.entries(prometheus))
    if (!SAFE_URL.test(url))
      throw new Error(
        `--prometheus "${cluster}=${url}": must be an https URL, or http://localhost:PORT: a password is sent\nusage: ${USAGE}`,
      );
  return {
    stack,
    ...(markdown === undefined ? {} : { markdown }),
    ...(json === undefined ? {} : { json }),
    canary: !values["no-canary"],
    canarySeconds: whole("canary-seconds", values["canary-seconds"], 30),
    versions: whole("versions", values.versions, 1),
    readBytes: whole("read", values.read, 0) * 2 ** 20,
    requests: pairs("request", values.request),
    prometheus,
  };
}
