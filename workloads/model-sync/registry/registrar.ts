import type { RetryDeps } from "../../retry";
import type { Settings } from "../settings";
import { readSecretFile } from "../settings";
import type { Registrar } from "../worker";
import type { RegistryView } from "./converge";
import { isSettled, registryView } from "./converge";
import { basicAuthorization, exchangeWith } from "../../registry/http";
import { Mlflow } from "../../registry/mlflow";
import { registeredName } from "../../registry/names";
import type { RegisterDeps } from "./register";
import { registerVersion } from "./register";

/** The registry that settings name; credential files are read anew for every request, so they may rotate. */
export function connectMlflow(
  { url, caFile, usernameFile, passwordFile }: NonNullable<Settings["mlflow"]>,
  { connectSeconds, idleSeconds }: Settings["timeouts"],
  retry: RetryDeps,
): Mlflow {
  const exchange = exchangeWith({
    url,
    timeouts: { connectMs: connectSeconds * 1000, totalMs: idleSeconds * 1000 },
    ...(caFile !== undefined && { ca: readSecretFile(caFile) }),
    ...(usernameFile !== undefined &&
      passwordFile !== undefined && {
        authorization: () => basicAuthorization(readSecretFile(usernameFile), readSecretFile(passwordFile)),
      }),
  });
  return new Mlflow(exchange, retry);
}

/** The registry as a run of one member uses it: what it holds is read once, on the first question. */
export function registrarOf(deps: RegisterDeps, member: string): Registrar {
  let view: Promise<RegistryView> | undefined;
  return {
    settled: async ({ model, digest }) => {
      const name = registeredName(deps.registeredName, member, model);
      view ??= registryView(deps.mlflow, member);
      const version = isSettled(await view, name, digest)?.version;
      return version === undefined ? undefined : { name, version };
    },
    register: (manifest, figures) => registerVersion(deps, manifest, figures),
  };
}
