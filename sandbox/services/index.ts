import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { get } from "node:https";
import { join } from "node:path";
import { writeSigned } from "../clusters/certificates";
import { foldersOf } from "../clusters/folders";
import { endProcesses, removeLeftovers, servicesScope } from "../clusters/leftovers";
import { attachNamespace } from "../clusters/network";
import { inNamespace } from "../system/commands";
import { isDaemonAlive, startDaemon, stopDaemon } from "../system/daemons";
import { waitFor } from "../system/waiting";
import { isBeegfsMounted, mountBeegfs } from "./beegfs";
import { minioRootCredentials, writeMinioRootCredentials } from "./credentials";
import { commandOf, dataFolders, hostCertificate, serviceNames, type ServiceName } from "./daemons";
import { isReceiverAlive, receiverAnswers, startReceiver } from "./receiver";
import { beegfs, receiver, serviceCaFile, services } from "./topology";

export { isBeegfsMounted } from "./beegfs";
export { minioRootCredentials } from "./credentials";
export { notifications, type NotifiedAlert } from "./receiver";
export { beegfs, services } from "./topology";

const { state, pki, daemon } = foldersOf("services");
const identityFile = join(state, "identity");

const isAlive = (name: ServiceName): boolean => isDaemonAlive(daemon(name).pidFile);

/** Identity of the services' data, made with it and gone with it; undefined where there is none. */
export function servicesIdentity(): string | undefined {
  return existsSync(identityFile) ? readFileSync(identityFile, "utf8") : undefined;
}

/**
 * Mounts the member's file system and starts MinIO and MLflow; what runs is kept, what ended starts again on its data.
 * Does not wait until they answer: `waitForServices` does.
 */
export async function startServices(bin: string, progress: (line: string) => void): Promise<void> {
  if (servicesIdentity() === undefined) await makeState();
  await mountBeegfs();
  const dead = serviceNames.filter((name) => !isAlive(name));
  // MLflow's worker can outlive its parent and hold the port
  if (dead.length > 0) await endProcesses(servicesScope());
  await attachNamespace(services.namespace, services.address);
  const starting = serviceNames.filter((name) => !isAlive(name));
  if (starting.includes("mlflow")) rmSync(dataFolders.mlflowMetrics, { recursive: true, force: true });
  for (const name of starting) {
    const { argv, env } = commandOf[name](bin, minioRootCredentials());
    await startDaemon({ name, argv: inNamespace(services.namespace, argv), env, ...daemon(name) });
  }
  await startReceiver();
  progress(`services: ${starting.length > 0 ? `starting ${starting.join(", ")}` : "run already"}`);
}

/** Ends a service; its data stays, and `startServices` starts it on them again. */
export async function stopService(name: ServiceName): Promise<void> {
  await stopDaemon(name, daemon(name).pidFile);
}

/** Waits until all answer. */
export async function waitForServices(): Promise<void> {
  await waitFor("the webhook answers", receiverAnswers, {
    deadline: 30_000,
    log: daemon("receiver").logFile,
  });
  await Promise.all(
    serviceNames.map((name) =>
      waitFor(`${name} answers`, () => answers(services[name].health), {
        deadline: 120_000,
        log: daemon(name).logFile,
        hopeless: () => (isAlive(name) ? undefined : `${name} has ended`),
      }),
    ),
  );
}

/** Certificates, credentials and folders, the identity last: a state without it is the rest of a broken start. */
async function makeState(): Promise<void> {
  await removeLeftovers(servicesScope());
  mkdirSync(state, { recursive: true, mode: 0o700 });
  for (const folder of Object.values(dataFolders)) mkdirSync(folder, { recursive: true });
  await writeSigned(pki, "sandbox-services-ca", [hostCertificate]);
  for (const [link, file] of Object.entries({ "public.crt": "host.crt", "private.key": "host.key" }))
    symlinkSync(join(pki, file), join(dataFolders.minioCertificates, link));
  writeMinioRootCredentials();
  writeFileSync(identityFile, randomUUID());
}

async function answers(url: string): Promise<boolean> {
  const ca = readFileSync(serviceCaFile);
  return new Promise((resolve, reject) => {
    const request = get(url, { ca, agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy(new Error(`${url}: no answer within 5 s`)));
    request.on("error", reject);
  });
}

/** How one service is, or the member's file system. */
export interface ServiceStatus {
  readonly name: string;
  readonly running: boolean;
  readonly detail: string;
}

/** How the services are; asks, changes nothing. */
export async function servicesStatus(): Promise<ServiceStatus[]> {
  const mounted = isBeegfsMounted();
  return [
    ...(await Promise.all(serviceNames.map(statusOf))),
    { name: "webhook", running: isReceiverAlive(), detail: receiver.url },
    { name: "beegfs", running: mounted, detail: mounted ? beegfs.hostPath : "not mounted" },
  ];
}

async function statusOf(name: ServiceName): Promise<ServiceStatus> {
  if (!isAlive(name)) return { name, running: false, detail: "not running" };
  const { url, health } = services[name];
  const said = await answers(health).catch((error: unknown) => String(error));
  return said === true
    ? { name, running: true, detail: url }
    : { name, running: false, detail: `${health} does not answer 200: ${String(said)}` };
}
