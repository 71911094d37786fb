import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as language from "@pulumi/pulumi/proto/language_pb";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { programDependencies } from "./dependencies";
import { configForRunner, runtimeOptions } from "./runtime-options";
import { engineAddress, serve, unary } from "./serve";

/** The program has told the user what is wrong already: the engine stops and says nothing more. */
const exitCodeBail = 32;

/** Runs one program to its end; the response carries what the engine shall say about its exit. */
async function run(request: language.RunRequest, engine: string): Promise<language.RunResponse> {
  const response = new language.RunResponse();
  const code = await runProgram(request, engine).catch((error: unknown) => String(error));
  if (code === exitCodeBail) response.setBail(true);
  else if (typeof code === "string") response.setError(code);
  else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${code}`);
  return response;
}

function runProgram(request: language.RunRequest, engine: string): Promise<number | string> {
  const info = request.getInfo();
  const directory = info?.getProgramDirectory() ?? request.getPwd();
  const options = runtimeOptions(info?.getOptions()?.toJavaScript() ?? {});
  const child = spawn(
    process.execPath,
    [...options.nodeArgs, runnerOf(directory), ...runnerArguments(request, engine, directory)],
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(configForRunner(request.getConfigMap().toArray())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        ...(options.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
        ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
      },
    },
  );
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not run ${process.execPath}: ${error.message}`));
    child.once("close", (code, signal) => resolve(code ?? `Program was ended by ${String(signal)}`));
  });
}

/** The runner of the program's own SDK, so that host and program never mix versions. */
function runnerOf(directory: string): string {
  try {
    return createRequire(join(directory, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(`the Pulumi SDK is not installed in ${directory}: run npm install there`);
  }
}

function runnerArguments(request: language.RunRequest, engine: string, directory: string): string[] {
  const info = request.getInfo();
  const flags = {
    monitor: request.getMonitorAddress(),
    engine,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info?.getRootDirectory() ?? "",
    stack: request.getStack(),
    pwd: directory,
    parallel: String(request.getParallel()),
  };
  return [
    ...Object.entries(flags).flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info?.getEntryPoint() ?? request.getProgram(),
    ...request.getArgsList(),
  ];
}

function about(): language.AboutResponse {
  return new language.AboutResponse().setExecutable(process.execPath).setVersion(process.version);
}

function dependencies(
  request: language.GetProgramDependenciesRequest,
): language.GetProgramDependenciesResponse {
  const directory = request.getInfo()?.getProgramDirectory() ?? request.getPwd();
  const found = programDependencies(directory, request.getTransitivedependencies());
  return new language.GetProgramDependenciesResponse().setDependenciesList(
    found.map(({ name, version }) => new language.DependencyInfo().setName(name).setVersion(version)),
  );
}

/** Serves the language runtime until the engine ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  const engine = engineAddress(args) ?? "";
  await serve(LanguageRuntimeService, {
    handshake: unary(() => new language.LanguageHandshakeResponse()),
    getRequiredPlugins: unary(() => new language.GetRequiredPluginsResponse()),
    getRequiredPackages: unary(() => new language.GetRequiredPackagesResponse()),
    getPluginInfo: unary(() => new PluginInfo()),
    getProgramDependencies: unary(dependencies),
    about: unary(about),
    cancel: unary(() => new Empty()),
    run: unary((request: language.RunRequest) => run(request, engine)),
  });
}

void main(process.argv.slice(2));
