import * as grpc from "@grpc/grpc-js";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { channelOptions } from "./serve";
import type { Tree } from "./properties";

/** Where the provider tells people what it does. */
export interface Engine {
  /** A message about a resource that stays. */
  log(severity: "info" | "warning", urn: string, message: string): void;
  /** What a resource is waiting for at the moment. */
  status(urn: string, message: string): void;
}

/** The engine at an address; without one everything said is dropped. */
export function connectEngine(address: string | undefined): Engine {
  if (address === undefined) return { log: () => undefined, status: () => undefined };
  const client = new EngineClient(address, grpc.credentials.createInsecure(), channelOptions);
  const severities = { info: engine.LogSeverity.INFO, warning: engine.LogSeverity.WARNING };
  const say = (severity: "info" | "warning", urn: string, message: string, ephemeral: boolean): void => {
    const request = new engine.LogRequest();
    request.setSeverity(severities[severity]);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    client.log(request, () => undefined);
  };
  return {
    log: (severity, urn, message) => say(severity, urn, message, false),
    status: (urn, message) => say("info", urn, message, true),
  };
}

/** An object that was made but does not work. */
export interface Trouble {
  readonly id: string;
  readonly state: Tree;
  readonly inputs: Tree;
  /** What is wrong, the most important first. */
  readonly reasons: readonly string[];
}

/** The object was made but does not work: the engine records it with these reasons and tries again next time. */
export class InitializationError extends Error {
  /** The details in the form gRPC carries them. */
  readonly metadata: grpc.Metadata;

  constructor(
    message: string,
    readonly details: Trouble,
  ) {
    super(message);
    this.name = "InitializationError";
    const failed = new ErrorResourceInitFailed();
    failed.setId(details.id);
    failed.setProperties(toStruct(details.state));
    failed.setInputs(toStruct(details.inputs));
    failed.setReasonsList([...details.reasons]);
    const any = new Any();
    any.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(any);
    this.metadata = new grpc.Metadata();
    this.metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
}

/** A JSON object in protobuf's form; what is undefined in it is left out. */
export function toStruct(tree: Tree): Struct {
  return Struct.fromJavaScript(
    JSON.parse(JSON.stringify(tree)) as Parameters<typeof Struct.fromJavaScript>[0],
  );
}
