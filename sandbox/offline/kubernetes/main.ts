import * as provider from "@pulumi/pulumi/proto/provider_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { PluginInfo, type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { kubernetesVersion } from "../plugins";
import { engineAddress, serve, unary } from "../serve";
import { Cluster } from "./cluster";
import { replaced, type Change, type ObjectDiff } from "./diff";
import { connectEngine, toStruct, type Engine } from "./engine";
import { activeCluster, loadKubeconfig } from "./kubeconfig";
import { treeAt, type Tree } from "./properties";
import { Resources } from "./resources";
import { diffSettings, providerSettings } from "./settings";

/** The version of the official provider this one agrees with; the engine compares it with the SDK's. */
export const version = kubernetesVersion;

const { DiffChanges } = provider.DiffResponse;
const { Kind } = provider.PropertyDiff;
const kinds = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

function fromStruct(struct: Struct | undefined): Tree {
  return treeAt(struct?.toJavaScript());
}

/** One provider process: translates the engine's calls to `Resources`. */
class ProviderServer {
  private resources: Resources | undefined;
  private readonly cancelled = new AbortController();

  constructor(private engine: Engine) {}

  attach(request: PluginAttach): Empty {
    this.engine = connectEngine(request.getAddress());
    return new Empty();
  }

  configure(request: provider.ConfigureRequest): provider.ConfigureResponse {
    const settings = providerSettings(new Map(request.getVariablesMap().toArray()), process.env);
    const cluster = new Cluster(loadKubeconfig(settings));
    const { engine, cancelled } = this;
    this.resources = new Resources({ settings, cluster, engine, signal: cancelled.signal });
    const response = new provider.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  checkConfig(request: provider.CheckRequest): provider.CheckResponse {
    return new provider.CheckResponse().setInputs(request.getNews());
  }

  diffConfig(request: provider.DiffRequest): provider.DiffResponse {
    const olds = request.getOldInputs() ?? request.getOlds();
    const { changed, replaces } = diffSettings(
      fromStruct(olds),
      fromStruct(request.getNews()),
      activeCluster,
    );
    const response = new provider.DiffResponse();
    response.setChanges(changed.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
    response.setDiffsList([...changed]);
    response.setReplacesList([...replaces]);
    return response;
  }

  async check(request: provider.CheckRequest): Promise<provider.CheckResponse> {
    const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
    const seed = request.getRandomseed_asU8();
    const inputs = await this.configured().check(request.getUrn(), olds, news, seed);
    return new provider.CheckResponse().setInputs(toStruct(inputs));
  }

  async diff(request: provider.DiffRequest): Promise<provider.DiffResponse> {
    const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
    return diffResponse(await this.configured().diff(request.getUrn(), olds, news));
  }

  async create(request: provider.CreateRequest): Promise<provider.CreateResponse> {
    const subject = { urn: request.getUrn(), id: "", timeout: request.getTimeout() };
    const news = fromStruct(request.getProperties());
    const { id, state } = await this.configured().create(subject, news, request.getPreview());
    return new provider.CreateResponse().setId(id).setProperties(toStruct(state));
  }

  async read(request: provider.ReadRequest): Promise<provider.ReadResponse> {
    const subject = { urn: request.getUrn(), id: request.getId(), timeout: request.getTimeout() };
    const [olds, inputs] = [fromStruct(request.getProperties()), fromStruct(request.getInputs())];
    const reading = await this.configured().read(subject, olds, inputs);
    const response = new provider.ReadResponse();
    if (reading === undefined) return response;
    return response
      .setId(reading.id)
      .setProperties(toStruct(reading.state))
      .setInputs(toStruct(reading.inputs));
  }

  async update(request: provider.UpdateRequest): Promise<provider.UpdateResponse> {
    const subject = { urn: request.getUrn(), id: request.getId(), timeout: request.getTimeout() };
    const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
    const ignored = request.getIgnorechangesList();
    const state = await this.configured().update(subject, olds, news, request.getPreview(), ignored);
    return new provider.UpdateResponse().setProperties(toStruct(state));
  }

  async delete(request: provider.DeleteRequest): Promise<Empty> {
    const subject = { urn: request.getUrn(), id: request.getId(), timeout: request.getTimeout() };
    await this.configured().delete(subject, fromStruct(request.getProperties()));
    return new Empty();
  }

  cancel(): Empty {
    this.cancelled.abort();
    return new Empty();
  }

  private configured(): Resources {
    if (this.resources === undefined) throw new Error("the kubernetes provider is not configured");
    return this.resources;
  }
}

function diffResponse({ changes, deleteBeforeReplace }: ObjectDiff): provider.DiffResponse {
  const response = new provider.DiffResponse();
  response.setChanges(changes.size > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(replaced(changes) && deleteBeforeReplace);
  for (const [path, change] of changes) {
    if (change.replaces) response.addReplaces(path);
    response.getDetaileddiffMap().set(path, propertyDiff(change));
  }
  return response;
}

function propertyDiff({ kind, replaces }: Change): provider.PropertyDiff {
  const diff = new provider.PropertyDiff();
  diff.setKind(kinds[kind][replaces ? 1 : 0]);
  diff.setInputdiff(true);
  return diff;
}

/** Serves the provider until the engine ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  const server = new ProviderServer(connectEngine(engineAddress(args)));
  await serve(ResourceProviderService, {
    getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
    getSchema: unary(() =>
      new provider.GetSchemaResponse().setSchema(JSON.stringify({ name: "kubernetes", version })),
    ),
    attach: unary((request: PluginAttach) => server.attach(request)),
    checkConfig: unary((request: provider.CheckRequest) => server.checkConfig(request)),
    diffConfig: unary((request: provider.DiffRequest) => server.diffConfig(request)),
    configure: unary((request: provider.ConfigureRequest) => server.configure(request)),
    check: unary((request: provider.CheckRequest) => server.check(request)),
    diff: unary((request: provider.DiffRequest) => server.diff(request)),
    create: unary((request: provider.CreateRequest) => server.create(request)),
    read: unary((request: provider.ReadRequest) => server.read(request)),
    update: unary((request: provider.UpdateRequest) => server.update(request)),
    delete: unary((request: provider.DeleteRequest) => server.delete(request)),
    cancel: unary(() => server.cancel()),
  });
}

void main(process.argv.slice(2));
