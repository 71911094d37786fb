import { posix } from "node:path";
import { mountPath } from "../../../components/transfer/modelSyncArgs";
import type { KubeApi } from "../kube";
import { runVolumePod } from "../pods";
import type { CronJob } from "../pods";
import type { MemberSite } from "../sites";
import { CheckError, counted, judged, listed } from "../verdict";
import type { Problem, Verdict } from "../verdict";

/** The member's folder of models as its worker's pods see it. */
export interface SourceEvidence {
  readonly root: string;
  /** Type of the file system below it. */
  readonly fsType?: string;
  /** Whether the sentinel is there, where the guard is one. */
  readonly sentinel?: boolean;
  /** Owner and mode of the folder. */
  readonly owner?: { readonly uid: number; readonly gid: number; readonly mode: string };
  readonly models: number;
  /** Files opened, and bytes read of them. */
  readonly filesRead: number;
  readonly bytesRead: number;
  /** Paths, and why they cannot be read. */
  readonly unreadable: readonly { readonly path: string; readonly error: string }[];
  /** Why the folder itself cannot be read. */
  readonly error?: string;
}

type Sync = NonNullable<MemberSite["settings"]["member"]["modelSync"]>;

/** Models of which files are opened, and files of each at most. */
const SAMPLE = { models: 5, files: 20, bytes: 4096 };

/** Runs in the pod, as the worker's user; tells errors by their code. */
const LOOK = `
const fs = require("node:fs"), path = require("node:path");
const { root, sentinel, sample } = JSON.parse(process.argv.at(-1));
const found = { root, models: 0, filesRead: 0, bytesRead: 0, unreadable: [] };
const code = (error) => error.code ?? String(error);
try {
  const { uid, gid, mode } = fs.statSync(root);
  found.owner = { uid, gid, mode: (mode & 0o7777).toString(8).padStart(4, "0") };
  const real = fs.realpathSync(root);
  let length = -1;
  for (const line of fs.readFileSync("/proc/self/mountinfo", "utf8").split("\\n")) {
    const [before, after] = line.split(" - ");
    if (after === undefined) continue;
    const point = before.split(" ")[4].replace(/\\\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    const holds = point === "/" || real === point || real.startsWith(point + "/");
    if (holds && point.length >= length) { length = point.length; found.fsType = after.split(" ")[0]; }
  }
  if (sentinel !== undefined) found.sentinel = fs.existsSync(path.join(root, sentinel));
  const models = fs.readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  found.models = models.length;
  for (const { name } of models.slice(0, sample.models)) {
    let files;
    try {
      files = fs.readdirSync(path.join(root, name), { withFileTypes: true }).filter((entry) => entry.isFile());
    } catch (error) {
      found.unreadable.push({ path: name, error: code(error) });
      continue;
    }
    for (const file of files.slice(0, sample.files)) {
      try {
        const handle = fs.openSync(path.join(root, name, file.name), "r");
        found.bytesRead += fs.readSync(handle, Buffer.alloc(sample.bytes));
        fs.closeSync(handle);
        found.filesRead++;
      } catch (error) {
        found.unreadable.push({ path: name + "/" + file.name, error: code(error) });
      }
    }
  }
} catch (error) {
  found.error = code(error);
}
console.log(JSON.stringify(found));
`;

/** Folder of the models in the worker's pods. */
export const rootOf = ({ source }: Sync): string => posix.join(mountPath(source.volume), source.root);

export const MODEL_SYNC_CRON_JOB = "model-sync";

/** The CronJob that brings the models. */
export async function modelSyncCronJob(
  kube: KubeApi,
  namespace: string,
  signal: AbortSignal,
): Promise<CronJob> {
  return kube.get<CronJob>(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${MODEL_SYNC_CRON_JOB}`, signal);
}

/** Looks at the folder by a pod of its own: what another machine sees of the file system proves nothing. */
export async function gatherSource(
  { kube, settings, stack }: MemberSite,
  sync: Sync,
  signal: AbortSignal,
): Promise<SourceEvidence> {
  const namespace = settings.member.transferNamespace;
  const cronJob = await modelSyncCronJob(kube, namespace, signal).catch((error: unknown) => {
    throw new CheckError(String(error), `\`pulumi up --stack ${stack}\` makes the CronJob of the transfer`);
  });
  const { guard } = sync.source;
  const input = {
    root: rootOf(sync),
    sample: SAMPLE,
    ...(guard.kind === "sentinel" ? { sentinel: guard.file } : {}),
  };
  const { spec } = cronJob.spec.jobTemplate.spec.template;
  return runVolumePod<SourceEvidence>(
    kube,
    namespace,
    spec,
    { purpose: "source", script: LOOK, input },
    signal,
  );
}

/** Why the folder cannot be read, and what to do. */
function folderProblem(evidence: SourceEvidence, sync: Sync): Problem | undefined {
  const { root, error, fsType, sentinel } = evidence;
  const { guard, runAs } = sync.source;
  const who = `${runAs.user}:${runAs.group}`;
  if (error === "EACCES" || error === "EPERM")
    return {
      cause: `${root}: user ${who} may not read it (${error})`,
      action: "give that user read rights, or set federation:member.modelSync.source.runAs",
    };
  if (error !== undefined)
    return {
      cause: `${root}: ${error}`,
      action: "mount the file system on every node that runs the transfer, or correct modelSync.source",
    };
  if (guard.kind === "fsType" && fsType !== guard.fsType)
    return {
      cause: `${root} lies on ${fsType ?? "no known file system"}, not on ${guard.fsType}: the file system is not mounted`,
      action: "mount it on every node that runs the transfer",
    };
  if (guard.kind === "sentinel" && sentinel !== true)
    return {
      cause: `${root}: ${guard.file} is not there, so the file system is not mounted`,
      action: "mount it on every node that runs the transfer",
    };
  return undefined;
}

export function judgeSource(evidence: SourceEvidence, sync: Sync): Verdict {
  const { root, fsType, models, filesRead, bytesRead, unreadable, owner } = evidence;
  const { runAs } = sync.source;
  const folder = folderProblem(evidence, sync);
  if (folder !== undefined) return judged([], [folder]);
  const problems: Problem[] =
    unreadable.length === 0
      ? []
      : [
          {
            cause: `user ${runAs.user}:${runAs.group} can not read ${listed(unreadable.map(({ path, error }) => `${path} (${error})`))}`,
            action: "give that user read rights, or set federation:member.modelSync.source.runAs",
          },
        ];
  return judged(
    [
      `${root} lies on ${fsType ?? "an unknown file system"}, ${counted(models, "model")}`,
      `${counted(filesRead, "file")} opened, ${bytesRead} bytes read as ${runAs.user}:${runAs.group}`,
      ...(owner === undefined ? [] : [`the folder is ${owner.uid}:${owner.gid}'s, mode ${owner.mode}`]),
    ],
    problems,
  );
}
