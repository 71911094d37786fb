import type { types } from "@pulumi/kubernetes";
import type { Kubernetes } from "../../workloads/benchmark/driver/stopwatch/kubernetes";

type Rule = types.input.rbac.v1.PolicyRule;

/** What a request asks of the API, as its authoriser sees it. */
export interface Access {
  readonly verb: string;
  readonly group: string;
  /** With the subresource: `deployments/scale`. */
  readonly resource: string;
  /** Absent where a whole collection is meant, and for what has no name yet. */
  readonly name?: string;
}

/** The access that a path of the API asks for; a get of a collection is a list. */
export function accessOf(verb: string, path: string): Access {
  const [where = ""] = path.split("?");
  const match =
    /^\/(?:api|apis\/([^/]+))\/[^/]+\/namespaces\/[^/]+\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(where);
  if (match === null) throw new Error(`not a path of a namespace: ${path}`);
  const [, group = "", resource = "", name, subresource] = match;
  return {
    verb: verb === "get" && name === undefined ? "list" : verb,
    group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    ...(name === undefined || verb === "create" ? {} : { name }),
  };
}

/** The rules that allow an access: one that names objects allows nothing without a name. */
export const allowing = (rules: readonly Rule[], { verb, group, resource, name }: Access): readonly Rule[] =>
  rules.filter((rule) => {
    const has = (list: unknown, item: string): boolean => Array.isArray(list) && list.includes(item);
    return (
      has(rule.apiGroups, group) &&
      has(rule.resources, resource) &&
      has(rule.verbs, verb) &&
      (rule.resourceNames === undefined || (name !== undefined && has(rule.resourceNames, name)))
    );
  });

/** An API behind rules: what they do not allow is refused as the API server refuses it; `used` are those that did. */
export class GuardedKubernetes implements Kubernetes {
  readonly used = new Set<Rule>();
  readonly refused: string[] = [];

  constructor(
    private readonly inner: Kubernetes,
    private readonly rules: readonly Rule[],
  ) {}

  private ask(verb: string, path: string): void {
    const rules = allowing(this.rules, accessOf(verb, path));
    rules.forEach((rule) => this.used.add(rule));
    if (rules.length > 0) return;
    this.refused.push(`${verb} ${path}`);
    throw new Error(`${verb} ${path} answered 403`);
  }

  async get(path: string): Promise<unknown> {
    this.ask("get", path);
    return this.inner.get(path);
  }

  async create(path: string, body: object): Promise<void> {
    this.ask("create", path);
    await this.inner.create(path, body);
  }

  async patch(path: string, body: object): Promise<void> {
    this.ask("patch", path);
    await this.inner.patch(path, body);
  }

  async remove(path: string): Promise<void> {
    this.ask("delete", path);
    await this.inner.remove(path);
  }

  async watch(...[path, seen, signal]: Parameters<Kubernetes["watch"]>): Promise<void> {
    this.ask("get", path);
    this.ask("watch", path);
    await this.inner.watch(path, seen, signal);
  }
}
