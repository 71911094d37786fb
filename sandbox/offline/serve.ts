import * as grpc from "@grpc/grpc-js";

/** The engine sends and accepts messages of this size (bytes): states with large objects pass 4 MiB. */
const maxMessageBytes = 400 * 1024 * 1024;

/** Channel options every connection to and from the engine uses. */
export const channelOptions: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.max_send_message_length": maxMessageBytes,
};

/** Wraps an async function as a unary gRPC handler; what it throws is answered as the call's error. */
export function unary<Request, Response>(
  handle: (request: Request) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(asServiceError(error)),
      );
  };
}

/**
 * Serves one gRPC service on a free port of the loopback address and prints the port on stdout: the handshake by
 * which the engine finds a plugin. Resolves with the port.
 */
export async function serve(
  service: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
): Promise<number> {
  const server = new grpc.Server(channelOptions);
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(`${port}\n`);
  return port;
}

/** The address of the engine: the first argument that is no flag. */
export function engineAddress(args: readonly string[]): string | undefined {
  return args.find((arg) => !arg.startsWith("-"));
}

function asServiceError(error: unknown): Partial<grpc.StatusObject> {
  if (error instanceof Error && "metadata" in error && error.metadata instanceof grpc.Metadata) {
    return { code: grpc.status.UNKNOWN, details: error.message, metadata: error.metadata };
  }
  return { code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}
