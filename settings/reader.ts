import type { z } from "zod";
import { type Problem, problemsOf, shown } from "./problems";

/** Pulumi's configuration of a stack: whole keys (`federation:hub`) to text, JSON where the value is an object. */
export type RawConfig = Readonly<Record<string, string>>;

/** Of the project's own keys. */
export const NAMESPACE = "federation:";

/** Keys whose values no message may show, and which must be secrets in the stack file. */
export const SECRET_KEYS = [
  "kubeconfig",
  "hubSecrets",
  "minioCredentials",
  "mlflowCredentials",
  "receiverSecrets",
  "grafanaCredentials",
  "hostCredentials",
  "prometheusCredentials",
  "memberPrometheusCredentials",
];

/** Reads keys one after the other and gathers what is wrong with them. */
export class Reader {
  readonly problems: Problem[] = [];

  public constructor(
    private readonly raw: RawConfig,
    private readonly secretKeys: ReadonlySet<string>,
  ) {}

  public add(...problems: readonly Problem[]): void {
    this.problems.push(...problems);
  }

  public text<T>(name: string, schema: z.ZodType<T>): T | undefined {
    return this.check(name, schema, this.raw[NAMESPACE + name]);
  }

  /** The JSON at a key; undefined, with a problem, where it is not JSON. */
  public json(name: string): unknown {
    const text = this.raw[NAMESPACE + name];
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      this.add({
        key: NAMESPACE + name,
        message: "must be an object (its text is not JSON)",
        ...this.value(name, text),
      });
      return undefined;
    }
  }

  public check<T>(name: string, schema: z.ZodType<T>, value: unknown): T | undefined {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    this.add(...problemsOf(NAMESPACE + name, value, parsed.error, this.isSecret(name)));
    return undefined;
  }

  public has(name: string): boolean {
    return this.raw[NAMESPACE + name] !== undefined;
  }

  /** Problems without their values where the key holds a secret. */
  public masked(name: string, problems: readonly Problem[]): readonly Problem[] {
    return this.isSecret(name) ? problems.map(({ key, message }) => ({ key, message })) : problems;
  }

  private isSecret(name: string): boolean {
    return SECRET_KEYS.includes(name) || this.secretKeys.has(NAMESPACE + name);
  }

  private value(name: string, text: string): { readonly value?: string } {
    return this.isSecret(name) ? {} : { value: shown(text) };
  }
}
