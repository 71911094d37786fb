import type { Tree } from "../properties";
import type { Mc } from "./mc";

/** One input property of a resource. */
export interface Property {
  readonly type: "string" | "boolean" | "object";
  readonly required?: true;
  /** Its value where the program gives none. */
  readonly default?: string | boolean;
  /** The logical name with a random suffix stands in where the program gives none. */
  readonly autonamed?: true;
  /** The provider or the server chooses where the program gives none. */
  readonly computed?: true;
  /** Another value makes a new resource. */
  readonly replaces?: true;
  readonly secret?: true;
  /** An input that can not be given together with this one. */
  readonly excludes?: string;
  /** What is wrong with a known value of the right type; undefined when nothing. */
  readonly problem?: (value: unknown) => string | undefined;
  /** Whether two values mean the same; default: equal JSON. */
  readonly same?: (before: unknown, after: unknown) => boolean;
}

/** What was made: its id, and the properties that were chosen for it. */
export interface Made {
  readonly id: string;
  readonly chosen: Tree;
}

/** A kind of resource: its properties, and how they are brought to the server. Trees hold plain values. */
export interface ResourceType {
  /** What an error calls it. */
  readonly noun: string;
  readonly inputs: Readonly<Record<string, Property>>;
  /** Properties that only the server knows. */
  readonly outputs: readonly string[];
  /** The input by which the server tells one from another. */
  readonly identity: readonly string[];
  /** Makes what is not there; an Error when it is there already. */
  make(mc: Mc, wanted: Tree, seconds: number): Promise<Made>;
  /** Why there is no way from what is there to what is wanted; undefined where there is one. */
  updateProblem?(wanted: Tree): string | undefined;
  /** The properties as the server has them; undefined when it is gone. */
  find(mc: Mc, id: string, state: Tree): Promise<Tree | undefined>;
  /**
   * Brings what was found to what is wanted and returns properties that were chosen on the way. `state` is what was
   * recorded; undefined for what was made just now.
   */
  settle?(mc: Mc, wanted: Tree, found: Tree, state: Tree | undefined): Promise<Tree>;
  remove(mc: Mc, id: string, state: Tree, seconds: number): Promise<void>;
}

/** The server has something of that name, which is nobody's yet as far as the stack knows. */
export function existsAlready(noun: string, name: string, cause?: unknown): Error {
  return new Error(`${noun} "${name}" exists already; import it (pulumi import) or choose another name`, {
    cause,
  });
}
