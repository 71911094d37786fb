import { Project, run, type Result } from "./project";

/** One resource of the generic test program. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly args: object;
  readonly options?: object;
  /** Names of resources that come first. */
  readonly after?: readonly string[];
}

/** What the generic test program declares. */
export interface Declaration {
  readonly provider?: Readonly<Record<string, string>>;
  readonly resources: readonly Declared[];
}

/** The program: declares what `program.json` beside it says, with a provider of its own. */
const program = `
const pulumi = require("@pulumi/pulumi");
const { readFileSync } = require("node:fs");
const spec = JSON.parse(readFileSync(__dirname + "/program.json", "utf8"));
class Cluster extends pulumi.ProviderResource {}
const kubeconfig = new pulumi.Config().requireSecret("kubeconfig");
const provider = new Cluster("kubernetes", "cluster", { kubeconfig, ...spec.provider }, { version: "4.34.2" });
const made = {};
for (const { type, name, args, options, after = [] } of spec.resources) {
  const opts = { provider, version: "4.34.2", ...options, dependsOn: after.map((other) => made[other]) };
  made[name] = new pulumi.CustomResource(type, name, args, opts);
}
`;

/** A project whose program declares Kubernetes objects of one cluster. */
export class KubernetesProject extends Project {
  constructor(readonly kubeconfig: string) {
    super({ KUBECONFIG: kubeconfig });
  }

  override async start(): Promise<void> {
    await super.start();
    this.write("program/index.js", program);
    await this.setSecret("kubeconfig", this.kubeconfig);
  }

  declare(declaration: Declaration): void {
    this.write("program/program.json", JSON.stringify(declaration));
  }

  kubectl(...args: readonly string[]): Promise<Result> {
    return run("kubectl", args, { cwd: this.folder, env: this.env });
  }

  /** What kubectl prints; an error when it fails. */
  async mustKubectl(...args: readonly string[]): Promise<string> {
    const { code, output } = await this.kubectl(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}:\n${output}`);
    return output.trim();
  }
}
