import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Project } from "./project";

jest.setTimeout(120_000);

let project: Project;

beforeAll(async () => {
  project = new Project();
  await project.start();
  await project.setSecret("kubeconfig", "none");
  mkdirSync(join(project.folder, "elsewhere"));
  const options = 'options: {typescript: false, nodeargs: "--import tsx"}';
  project.write("Pulumi.yaml", `name: offline\nmain: elsewhere/\nruntime:\n  name: nodejs\n  ${options}\n`);
  project.write("elsewhere/package.json", JSON.stringify({ name: "program", main: "main.ts" }));
});

afterAll(() => project.remove());

const program = (body: string): void =>
  project.write("elsewhere/main.ts", `import * as pulumi from "@pulumi/pulumi";\n${body}\n`);

describe("the language host", () => {
  it("runs a TypeScript program in another folder by node's own arguments, with config and secrets", async () => {
    project.write("elsewhere/value.ts", "export const value: number = 42;");
    program(`import { value } from "./value";
      const config = new pulumi.Config();
      export const result = { value, cwd: process.cwd(), root: pulumi.getProject(), stack: pulumi.getStack() };
      export const isSecret = pulumi.isSecret(config.requireSecret("kubeconfig"));
      console.log("said by the program");`);
    const output = await project.mustUp();
    expect(output).toContain("said by the program");
    const outputs = JSON.parse(await project.must("stack", "output", "--json")) as Record<string, unknown>;
    expect(outputs).toEqual({
      result: { value: 42, cwd: join(project.folder, "elsewhere"), root: "offline", stack: "test" },
      isSecret: true,
    });
  });

  it("lets a program's own error stand alone", async () => {
    program('throw new pulumi.RunError("told by the program itself");');
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain("told by the program itself");
    expect(output).not.toContain("non-zero exit code");
  });

  it("says how a program ended that ended without a word", async () => {
    program("process.exit(7);");
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain("Program exited with non-zero exit code: 7");
  });

  it("tells what runs the program", async () => {
    const about = JSON.parse(await project.must("about", "--json")) as {
      runtime: { executable: string; version: string };
    };
    expect(about.runtime).toMatchObject({ executable: process.execPath, version: process.version });
  });
});
