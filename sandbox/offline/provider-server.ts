import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { PluginInfo, type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Change, ResourceDiff } from "./changes";
import { connectEngine, toStruct, type Engine } from "./engine";
import { treeAt, type Tree } from "./properties";
import type { Provider, ProviderPackage } from "./provider";
import { engineAddress, serve, unary } from "./serve";

const { DiffChanges } = proto.DiffResponse;
const { Kind } = proto.PropertyDiff;
const kinds = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

function fromStruct(struct: Struct | undefined): Tree {
  return treeAt(struct?.toJavaScript());
}

/** One provider process: translates the engine's calls to a `Provider`. */
class ProviderServer {
  private provider: Provider | undefined;
  private readonly cancelled = new AbortController();

  constructor(
    private readonly offered: ProviderPackage,
    private engine: Engine,
  ) {}

  attach(request: PluginAttach): Empty {
    this.engine = connectEngine(request.getAddress());
    return new Empty();
  }

  configure(request: proto.ConfigureRequest): proto.ConfigureResponse {
    const variables = new Map(request.getVariablesMap().toArray());
    this.provider = this.offered.configure(variables, this.engine, this.cancelled.signal);
    const response = new proto.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  checkConfig(request: proto.CheckRequest): proto.CheckResponse {
    return new proto.CheckResponse().setInputs(request.getNews());
  }

  diffConfig(request: proto.DiffRequest): proto.DiffResponse {
    const olds = request.getOldInputs() ?? request.getOlds();
    const { changed, replaces } = this.offered.diffConfig(fromStruct(olds), fromStruct(request.getNews()));
    const response = new proto.DiffResponse();
    response.setChanges(changed.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
    response.setDiffsList([...changed]);
    response.setReplacesList([...replaces]);
    return response;
  }

  async check(request: proto.CheckRequest): Promise<proto.CheckResponse> {
    const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
    const seed = request.getRandomseed_asU8();
    const { inputs, failures } = await this.configured().check(request.getUrn(), olds, news, seed);
    const response = new proto.CheckResponse().setInputs(toStruct(inputs));
    return response.setFailuresList(
      failures.map(({ property, reason }) =>
        new proto.CheckFailure().setProperty(property).setReason(reason),
      ),
    );
  }

  async diff(request: proto.DiffRequest): Promise<proto.DiffResponse> {
    const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
    const ignored = request.getIgnorechangesList();
    return diffResponse(await this.configured().diff(request.getUrn(), olds, news, ignored));
  }

  async create(request: proto.CreateRequest): Promise<proto.CreateResponse> {
    const subject = { urn: request.getUrn(), id: "", timeout: request.getTimeout() };
    const news = fromStruct(request.getProperties());
    const { id, state } = await this.configured().create(subject, news, request.getPreview());
    return new proto.CreateResponse().setId(id).setProperties(toStruct(state));
  }

  async read(request: proto.ReadRequest): Promise<proto.ReadResponse> {
    const subject = { urn: request.getUrn(), id: request.getId(), timeout: request.getTimeout() };
    const [olds, inputs] = [fromStruct(request.getProperties()), fromStruct(request.getInputs())];
    const reading = await this.configured().read(subject, olds, inputs);
    const response = new proto.ReadResponse();
    if (reading === undefined) return response;
    return response
      .setId(reading.id)
      .setProperties(toStruct(reading.state))
      .setInputs(toStruct(reading.inputs));
  }

  async update(request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
    const subject = { urn: request.getUrn(), id: request.getId(), timeout: request.getTimeout() };
    const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
    const ignored = request.getIgnorechangesList();
    const state = await this.configured().update(subject, olds, news, request.getPreview(), ignored);
    return new proto.UpdateResponse().setProperties(toStruct(state));
  }

  async delete(request: proto.DeleteRequest): Promise<Empty> {
    const subject = { urn: request.getUrn(), id: request.getId(), timeout: request.getTimeout() };
    await this.configured().delete(subject, fromStruct(request.getProperties()));
    return new Empty();
  }

  async invoke(request: proto.InvokeRequest): Promise<proto.InvokeResponse> {
    const provider = this.configured();
    if (provider.invoke === undefined)
      throw new Error(
        `${request.getTok()} is not served by the offline stand-in of the ${this.offered.name} provider`,
      );
    const returned = await provider.invoke(request.getTok(), fromStruct(request.getArgs()));
    return new proto.InvokeResponse().setReturn(toStruct(returned));
  }

  cancel(): Empty {
    this.cancelled.abort();
    return new Empty();
  }

  private configured(): Provider {
    if (this.provider === undefined) throw new Error(`the ${this.offered.name} provider is not configured`);
    return this.provider;
  }
}

function diffResponse({ changes, deleteBeforeReplace, against }: ResourceDiff): proto.DiffResponse {
  const response = new proto.DiffResponse();
  response.setChanges(changes.size > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteBeforeReplace);
  for (const [path, change] of changes) {
    if (change.replaces) response.addReplaces(path);
    response.getDetaileddiffMap().set(path, propertyDiff(change, against === "inputs"));
  }
  return response;
}

function propertyDiff({ kind, replaces }: Change, againstInputs: boolean): proto.PropertyDiff {
  const diff = new proto.PropertyDiff();
  diff.setKind(kinds[kind][replaces ? 1 : 0]);
  diff.setInputdiff(againstInputs);
  return diff;
}

/** Serves a provider until the engine ends the process; `args` are those the engine starts it with. */
export async function serveProvider(offered: ProviderPackage, args: readonly string[]): Promise<void> {
  const { name, version } = offered;
  const server = new ProviderServer(offered, connectEngine(engineAddress(args)));
  await serve(ResourceProviderService, {
    getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
    getSchema: unary(() => new proto.GetSchemaResponse().setSchema(JSON.stringify({ name, version }))),
    attach: unary((request: PluginAttach) => server.attach(request)),
    checkConfig: unary((request: proto.CheckRequest) => server.checkConfig(request)),
    diffConfig: unary((request: proto.DiffRequest) => server.diffConfig(request)),
    configure: unary((request: proto.ConfigureRequest) => server.configure(request)),
    check: unary((request: proto.CheckRequest) => server.check(request)),
    diff: unary((request: proto.DiffRequest) => server.diff(request)),
    create: unary((request: proto.CreateRequest) => server.create(request)),
    read: unary((request: proto.ReadRequest) => server.read(request)),
    update: unary((request: proto.UpdateRequest) => server.update(request)),
    delete: unary((request: proto.DeleteRequest) => server.delete(request)),
    invoke: unary((request: proto.InvokeRequest) => server.invoke(request)),
    cancel: unary(() => server.cancel()),
  });
}
