import type { Change, ResourceDiff } from "../changes";
import { InitializationError, type Engine, type Trouble } from "../engine";
import { partsOfUrn, uniqueName } from "../names";
import { containsUnknown, isTree, stringAt, treeAt, valueAt, type Tree } from "../properties";
import type { Checked, Created, Provider, Reading, Subject } from "../provider";
import { createObject, getObject, relinquish, updateObject, type Target } from "./apply";
import { ApiError, UnreachableError, type Cluster } from "./cluster";
import { diffObjects } from "./diff";
import { Discovery, NoSuchKindError } from "./discovery";
import * as objects from "./objects";
import { importedInputs, liveInputs } from "./prune";
import { previewOutputs } from "./preview";
import { isJudgedOnRead, readiness } from "./readiness";
import type { ProviderSettings } from "./settings";
import { markObject, objectOf } from "./spelling";
import { fieldManagerOf, makeState, parseState } from "./state";
import { awaitGone, awaitReady, judge, type Wait } from "./wait";

/** What the provider works with once it is configured. */
export interface Session {
  readonly settings: ProviderSettings;
  readonly cluster: Cluster;
  readonly engine: Engine;
  readonly signal: AbortSignal;
}

/** Answers, of a failed preview, that say nothing about the change itself: what it needs may come with the same update. */
const previewBlind = ["NotFound", "Forbidden", "AlreadyExists"];

/** Creates, reads, changes and deletes the objects of one cluster. */
export class Resources implements Provider {
  private readonly discovery: Discovery;
  private reachable: Promise<UnreachableError | undefined> | undefined;

  constructor(private readonly session: Session) {
    this.discovery = new Discovery(session.cluster);
  }

  /** Completes a resource's inputs: kind, name, namespace, label. `olds` are empty for a new resource. */
  async check(urn: string, olds: Tree, news: Tree, seed: Uint8Array): Promise<Checked> {
    const { settings } = this.session;
    const unreachable = await this.unreachable();
    if (unreachable !== undefined && settings.skipUpdateUnreachable && Object.keys(olds).length > 0) {
      this.session.engine.log("warning", urn, `${unreachable.message}; skipped as the provider is told to`);
      return { inputs: olds, failures: [] };
    }
    const [old, given] = [objectOf(olds), objectOf(news)];
    const kind = objects.kindOf(given, urn);
    const patch = objects.isPatch(urn, kind);
    if (patch && !settings.serverSideApply)
      throw new Error(
        "patch resources require Server-side Apply mode, which is enabled using the `enableServerSideApply` Provider config",
      );
    if (patch && !objects.isNamed(given))
      return {
        inputs: news,
        failures: [{ property: "metadata.name", reason: "a patch names the object that it changes" }],
      };
    if (
      isTree(given.metadata) &&
      "generateName" in given.metadata &&
      !objects.isNamed(given) &&
      settings.serverSideApply
    )
      throw new Error("the `.metadata.generateName` field is not supported in Server-Side Apply mode");
    let inputs: Tree = { ...given, apiVersion: kind.apiVersion, kind: kind.kind };
    const isNew = Object.keys(old).length === 0;
    if (!objects.isNamed(inputs)) {
      const prefix = `${partsOfUrn(urn).name}-`;
      const adopts = !isNew && objects.isAnnotated(old, objects.annotations.autonamed);
      inputs = objects.autonamed(inputs, adopts ? objects.nameOf(old) : uniqueName(prefix, seed, 8));
    }
    if (
      valueAt(inputs, "metadata", "namespace") === undefined &&
      (await this.isNamespaced(kind, unreachable))
    )
      inputs = objects.withMetadata(inputs, {
        namespace: settings.namespace ?? this.session.cluster.namespace,
      });
    if (isNew ? !settings.serverSideApply : stringAt(old, "metadata", "labels", managedBy) === "pulumi")
      inputs = objects.withMetadata(inputs, {
        labels: { [managedBy]: "pulumi", ...treeAt(inputs, "metadata", "labels") },
      });
    return { inputs: markObject(inputs, news), failures: [] };
  }

  /** Compares a resource's state with new inputs; no request is made but for a Job that is to be replaced when unready. */
  async diff(urn: string, state: Tree, news: Tree): Promise<ResourceDiff> {
    const inputs = objectOf(news);
    const kind = objects.kindOf(inputs, urn);
    const recorded = parseState(state);
    const unready = await this.replacesUnready(kind, recorded.live, inputs);
    const mutability = { ...this.session.settings, patch: objects.isPatch(urn, kind) };
    return diffObjects(kind, recorded.inputs, inputs, mutability, unready);
  }

  /** Creates an object and waits until it is ready; a preview asks the server for the outcome only. */
  async create({ urn, timeout }: Subject, news: Tree, preview: boolean): Promise<Created> {
    const inputs = objectOf(news);
    const kind = objects.kindOf(inputs, urn);
    const target = this.target(urn, kind, inputs, "", preview);
    if (preview) {
      if (target.patch) return { id: "", state: news };
      const live = await this.previewed(urn, inputs, () =>
        createObject(target, inputs).catch(undoneByReplacement),
      );
      if (live === undefined) return { id: "", state: news };
      const outputs = previewOutputs(kind, live, inputs);
      return { id: "", state: makeState(outputs, inputs, news, target.fieldManager, kind.apiVersion) };
    }
    await this.mustReach();
    const created = await createObject(target, inputs).catch((error: unknown) => {
      throw failure(`resource ${urn} was not successfully created by the Kubernetes API server`, error);
    });
    const { live, problems } = await awaitReady(this.wait(urn, kind, created, inputs, timeout));
    const state = makeState(live, inputs, news, target.fieldManager, kind.apiVersion);
    if (problems.length > 0)
      throw notReady(
        `resource ${urn} was successfully created, but the Kubernetes API server reported that it failed to fully ` +
          "initialize or become live",
        { id: objects.idOf(live), state, inputs: news, reasons: problems },
      );
    return { id: objects.idOf(live), state };
  }

  /** Brings an object to new inputs and waits until it is ready again. */
  async update(
    { urn, timeout }: Subject,
    olds: Tree,
    news: Tree,
    preview: boolean,
    ignored: readonly string[],
  ): Promise<Tree> {
    const recorded = parseState(olds);
    const inputs = objectOf(news);
    const kind = objects.kindOf(inputs, urn);
    const target = this.target(urn, kind, inputs, recorded.fieldManager, preview);
    const change = (): Promise<Tree> => updateObject(target, recorded.inputs, inputs, ignored);
    const [manager, apiVersion] = [target.fieldManager, recorded.initialApiVersion];
    if (preview) {
      const live = await this.previewed(urn, inputs, change);
      return live === undefined ? news : makeState(live, inputs, news, manager, apiVersion);
    }
    await this.mustReach();
    const changed = await change().catch((error: unknown) => {
      throw failure(`update of resource ${urn} failed`, error);
    });
    const before = recorded.fieldManager;
    if (this.session.settings.serverSideApply && before !== "" && before !== manager)
      await relinquish({ ...target, fieldManager: before }, changed);
    const { live, problems } = await awaitReady(this.wait(urn, kind, changed, inputs, timeout));
    const state = makeState(live, inputs, news, manager, apiVersion);
    if (problems.length > 0)
      throw notReady(
        `the Kubernetes API server reported that ${objects.idOf(live)} failed to fully initialize or become live`,
        { id: objects.idOf(live), state, inputs: news, reasons: problems },
      );
    return state;
  }

  /** Reads an object by its id: a refresh when `givenInputs` are there, else an import or a `get`. */
  async read({ urn, id, timeout }: Subject, olds: Tree, givenInputs: Tree): Promise<Reading> {
    const unreachable = await this.unreachable();
    if (unreachable !== undefined) return this.readUnreachable(urn, id, olds, givenInputs, unreachable);
    const recorded = parseState(olds);
    const inputs = objectOf(givenInputs);
    const isKnown = Object.keys(inputs).length > 0;
    const kind = objects.kindOf(isKnown ? inputs : recorded.live, urn);
    const { namespace, name } = objects.parseId(id);
    const target = { ...this.session, discovery: this.discovery, kind };
    const live = await getObject(target, { metadata: { namespace, name } }).catch((error: unknown) => {
      if (error instanceof NoSuchKindError) return undefined;
      throw error;
    });
    if (live === undefined) return undefined;
    const found = isKnown ? liveInputs(live, inputs) : importedInputs(live);
    const manager = fieldManagerOf(found, recorded.fieldManager, this.session.settings.serverSideApply);
    const state = makeState(live, found, givenInputs, manager, recorded.initialApiVersion);
    const marked = markObject(found, givenInputs);
    if (isKnown && isJudgedOnRead(kind) && !objects.isAnnotated(inputs, objects.annotations.skipAwait)) {
      const { problems } = await judge(this.wait(urn, kind, live, inputs, timeout));
      if (problems.length > 0)
        throw new InitializationError(problems[0] ?? "", { id, state, inputs: marked, reasons: problems });
    }
    return { id, state, inputs: marked };
  }

  /**
   * Deletes an object, dependents first unless annotated otherwise, and waits until it is gone; of a patch only the
   * fields are given back.
   */
  async delete({ urn, id, timeout }: Subject, olds: Tree): Promise<void> {
    const unreachable = await this.unreachable();
    if (unreachable !== undefined) {
      if (!this.session.settings.deleteUnreachable) throw unreachable;
      this.session.engine.log("warning", urn, `${unreachable.message}; removed from the state only`);
      return;
    }
    const { inputs, live, fieldManager } = parseState(olds);
    const kind = objects.kindOf(live, urn);
    const target = this.target(urn, kind, inputs, fieldManager, false);
    if (target.patch)
      return relinquish(target, live).catch((error: unknown) => {
        if (!(error instanceof NoSuchKindError)) throw failure(`resource ${urn} was not deleted`, error);
      });
    const { namespace, name } = objects.parseId(id);
    const policy = objects.annotationOf(inputs, objects.annotations.deletionPropagation).toLowerCase();
    const propagationPolicy = { orphan: "Orphan", background: "Background" }[policy] ?? "Foreground";
    try {
      const path = await this.discovery.path(kind, namespace, name);
      await this.session.cluster.json({ method: "DELETE", path, body: { propagationPolicy } });
    } catch (error) {
      if (error instanceof NoSuchKindError || (error instanceof ApiError && error.status === 404)) return;
      throw failure(`resource ${urn} was not deleted`, error);
    }
    await awaitGone(this.wait(urn, kind, live, inputs, timeout));
  }

  /** The change of a Job that asks to be replaced unless it is complete, and is not. */
  private async replacesUnready(kind: objects.Kind, old: Tree, inputs: Tree): Promise<Map<string, Change>> {
    const { replaceUnready } = objects.annotations;
    if (kind.kind !== "Job" || !objects.isAnnotated(inputs, replaceUnready)) return new Map();
    if ((await this.unreachable()) !== undefined) return new Map();
    const live = await getObject({ ...this.session, discovery: this.discovery, kind }, old);
    if (live === undefined || readiness(kind, live).state === "ready") return new Map();
    return new Map([[`metadata.annotations["${replaceUnready}"]`, { kind: "update", replaces: true }]]);
  }

  private readUnreachable(
    urn: string,
    id: string,
    state: Tree,
    inputs: Tree,
    error: UnreachableError,
  ): Reading {
    const { deleteUnreachable, skipUpdateUnreachable } = this.session.settings;
    if (!deleteUnreachable && !skipUpdateUnreachable) throw error;
    this.session.engine.log("warning", urn, error.message);
    return deleteUnreachable ? undefined : { id, state, inputs };
  }

  /** What a dry run makes of a change; undefined where the server can not tell yet, or there is none to ask. */
  private async previewed(
    urn: string,
    inputs: Tree,
    dryRun: () => Promise<Tree | undefined>,
  ): Promise<Tree | undefined> {
    if (containsUnknown(inputs)) return undefined;
    const unreachable = await this.unreachable();
    if (unreachable !== undefined) {
      this.session.engine.log("warning", urn, unreachable.message);
      return undefined;
    }
    try {
      return await dryRun();
    } catch (error) {
      if (error instanceof NoSuchKindError) return undefined;
      if (error instanceof ApiError && previewBlind.includes(error.reason)) return undefined;
      throw failure(`preview of resource ${urn} failed`, error);
    }
  }

  private target(urn: string, kind: objects.Kind, inputs: Tree, recorded: string, dryRun: boolean): Target {
    const fieldManager = fieldManagerOf(inputs, recorded, this.session.settings.serverSideApply);
    const patch = objects.isPatch(urn, kind);
    return { ...this.session, discovery: this.discovery, kind, fieldManager, patch, dryRun };
  }

  private wait(urn: string, kind: objects.Kind, live: Tree, inputs: Tree, timeout: number): Wait {
    let last = "";
    const report = (status: string): void => {
      if (status !== last) this.session.engine.status(urn, (last = status));
    };
    return { ...this.session, discovery: this.discovery, kind, live, inputs, timeout, report };
  }

  private async isNamespaced(
    kind: objects.Kind,
    unreachable: UnreachableError | undefined,
  ): Promise<boolean> {
    if (unreachable !== undefined) return false;
    try {
      return (await this.discovery.endpoint(kind)).namespaced;
    } catch (error) {
      if (error instanceof NoSuchKindError) return false;
      throw error;
    }
  }

  private async mustReach(): Promise<void> {
    const unreachable = await this.unreachable();
    if (unreachable !== undefined) throw unreachable;
  }

  /** Asks the server once whether it is there. */
  private unreachable(): Promise<UnreachableError | undefined> {
    this.reachable ??= this.session.cluster.json({ method: "GET", path: "/version", timeout: 10_000 }).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof UnreachableError) return error;
        if (error instanceof ApiError) return undefined;
        throw error;
      },
    );
    return this.reachable;
  }
}

const managedBy = "app.kubernetes.io/managed-by";

/** A preview's create meets the object it will replace, whose fields do not change: that says nothing against it. */
function undoneByReplacement(error: unknown): undefined {
  const isInvalid = error instanceof ApiError && error.reason === "Invalid";
  if (!isInvalid || !/immutable|forbidden/i.test(error.message)) throw error;
  return undefined;
}

function notReady(what: string, trouble: Trouble): InitializationError {
  const [first = "", ...others] = trouble.reasons;
  const message = `${what}: ${first}`;
  return new InitializationError(message, { ...trouble, reasons: [message, ...others] });
}

function failure(what: string, error: unknown): Error {
  if (error instanceof UnreachableError) return error;
  return new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
